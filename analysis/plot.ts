/**
 * Plots as SVG text. The only file that knows vega and vega-lite, which are large: they are loaded
 * when the first plot is drawn.
 */

import type { TopLevelSpec } from "vega-lite";
import { extentOf } from "./quantile.ts";

export type PlotSpec = TopLevelSpec;

/** Lines, texts and grid take the colour of the text around them: readable on light and on dark. */
const INK = "currentColor";
const INKED = {
  labelColor: INK,
  titleColor: INK,
  labelFontSize: 11,
  titleFontSize: 12,
  titleFontWeight: "normal",
} as const;

export async function plotSvg(spec: PlotSpec): Promise<string> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const styled = compile(spec, {
    config: {
      background: "transparent",
      font: "sans-serif",
      view: { stroke: null },
      axis: {
        ...INKED,
        domainColor: INK,
        tickColor: INK,
        gridColor: INK,
        gridOpacity: 0.15,
        titlePadding: 8,
      },
      legend: { ...INKED, title: null, orient: "top", columns: 4, labelLimit: 0 },
      header: { ...INKED, labelFontSize: 13 },
      text: { color: INK, fontSize: 11 },
      rule: { color: INK },
      title: { color: INK, fontSize: 13, fontWeight: "normal", anchor: "start" },
    },
  });
  const view = new vega.View(vega.parse(styled.spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

/** 1, 2 and 5 times powers of ten (powers alone where there are many) from below the least up. */
export function logTicks(values: readonly number[]): readonly number[] {
  const [low, high] = extentOf([1, ...values.filter((value) => value > 0)]);
  const least = Math.floor(Math.log10(low) - 0.05);
  const most = Math.ceil(Math.log10(high));
  const powers = Array.from({ length: most - least + 1 }, (_, index) => least + index);
  const steps = powers.length > 4 ? [1] : [1, 2, 5];
  const ticks = powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`)));
  const end = ticks.findIndex((tick) => tick >= high);
  return ticks.slice(0, end + 1);
}

/** A scale and an axis with these ticks alone. */
export function logarithmic(ticks: readonly number[]) {
  const domain = [ticks[0]!, ticks.at(-1)!];
  return {
    scale: { type: "log" as const, domain, nice: false },
    axis: { values: [...ticks], format: "~r" },
  };
}
