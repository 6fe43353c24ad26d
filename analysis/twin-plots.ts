/** A run and its twin over each other: distributions of the latency, and one invocation as bars. */

import type { PlanHeader } from "./event-header.ts";
import type { PlotSpec } from "./plot.ts";
import type { InvocationPair } from "./twin-cells.ts";
import { type Activation, type InvocationFacts, placeText } from "./twin-invocations.ts";
import { ascending } from "./twin-statistics.ts";

const SIDES = ["live", "twin"] as const;
type Side = (typeof SIDES)[number];

const COLOUR = {
  field: "side",
  type: "nominal" as const,
  scale: { domain: [...SIDES], range: ["#3f86c9", "#d9772b"] },
};
const WIDTH_PX = 820;
const CURVE_PX = 220;
const ROW_PX = 15;
/** More rows than this nobody reads. */
export const MAX_ROWS = 80;

/** Both distribution functions of the latency. */
export function curvesPlot(pairs: readonly InvocationPair[]): PlotSpec {
  const values = SIDES.flatMap((side) => curve(side, pairs));
  const encoding = {
    x: {
      field: "ms",
      type: "quantitative",
      title: "end-to-end latency, ms",
      scale: { zero: false },
    },
    y: { field: "share", type: "quantitative", title: "share of invocations" },
    color: COLOUR,
  };
  return {
    data: { values },
    width: WIDTH_PX,
    height: CURVE_PX,
    mark: { type: "line", interpolate: "step-after", strokeWidth: 1.5 },
    encoding,
  } as PlotSpec;
}

function curve(side: Side, pairs: readonly InvocationPair[]) {
  const sorted = ascending(pairs.map((pair) => pair[side].latency));
  const steps = Array.from(sorted, (latency, index) => {
    return { side, ms: latency / 1_000, share: (index + 1) / sorted.length };
  });
  return [{ side, ms: (sorted[0] ?? 0) / 1_000, share: 0 }, ...steps];
}

/** The invocation whose live latency is the median. Asserts nothing: undefined of no pairs. */
export function typicalPair(pairs: readonly InvocationPair[]): InvocationPair | undefined {
  const sorted = pairs.toSorted((one, other) => one.live.latency - other.live.latency);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** What an activation does, in order, and how dark its bar is then. */
const PHASES = [
  { phase: "waits", from: "queue", to: "dispatch", shade: 0.25 },
  { phase: "gets", from: "dispatch", to: "start", shade: 0.55 },
  { phase: "executes", from: "start", to: "execute", shade: 1 },
  { phase: "puts", from: "execute", to: "end", shade: 0.55 },
] as const;

/** Both Gantt charts of an invocation, an activation a row, in the order in which live ran them. */
export function ganttPlot(pair: InvocationPair, plan: PlanHeader): PlotSpec {
  const rows = rowsOf(pair.live, plan);
  const values = SIDES.flatMap((side) =>
    pair[side].activations.flatMap((activation) => {
      const row = rowName(activation, plan);
      return rows.includes(row) ? bars(side, row, activation) : [];
    }),
  );
  const names = PHASES.map(({ phase }) => phase);
  const encoding = {
    y: { field: "row", type: "nominal", sort: [...rows], title: null, axis: { labelLimit: 220 } },
    yOffset: { field: "side", type: "nominal", sort: [...SIDES] },
    x: { field: "from", type: "quantitative", title: "ms since the request" },
    x2: { field: "to" },
    color: COLOUR,
    opacity: {
      field: "phase",
      type: "ordinal",
      scale: { domain: names, range: PHASES.map(({ shade }) => shade) },
    },
  };
  return {
    data: { values },
    width: WIDTH_PX - 160,
    height: { step: ROW_PX, for: "position" },
    mark: { type: "bar" },
    encoding,
  } as PlotSpec;
}

function rowsOf({ activations }: InvocationFacts, plan: PlanHeader): readonly string[] {
  return activations
    .toSorted((one, other) => one.queue - other.queue)
    .slice(0, MAX_ROWS)
    .map((activation) => rowName(activation, plan));
}

function rowName({ task, item }: Activation, { tasks }: PlanHeader): string {
  return placeText(tasks[task] ?? `${task}`, item);
}

function bars(side: Side, row: string, activation: Activation) {
  return PHASES.map(({ phase, from, to }) => {
    return { side, row, phase, from: activation[from] / 1_000, to: activation[to] / 1_000 };
  });
}
