/**
 * A plan drawn as SVG: Graphviz, compiled to WebAssembly, lays out what `planDot` wrote.
 */

import { instance } from "@viz-js/viz";
import type { Plan } from "../core/plan/plan.ts";
import { planDot } from "./plan-dot.ts";

export async function planSvg(plan: Plan): Promise<string> {
  const viz = await instance();
  return viz.renderString(planDot(plan), { format: "svg" });
}
