/**
 * How a plan's drawings and texts name things.
 */

import type { Plan, Tag } from "../core/plan/plan.ts";
import { expectedBytes } from "../core/workflow/expected-bytes.ts";

const KIB = 1024;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Bytes with three digits at least: `8 B`, `36.9 KiB`, `6.0 MiB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= KIB && unit < UNITS.length - 1) {
    value /= KIB;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

const TAGS: readonly Tag[] = ["local", "both", "remote"];

/** `6.0 MiB local, 8 B remote`: the data by tag, tags without data left out. */
export function tagsText(plan: Plan, data: readonly number[]): string {
  return TAGS.flatMap((tag) => {
    const tagged = data.filter((id) => plan.tagOf[id] === tag);
    return tagged.length === 0 ? [] : [`${bytesText(bytesOf(plan, tagged))} ${tag}`];
  }).join(", ");
}

/** What the data weigh together. */
export function bytesOf(plan: Plan, data: readonly number[]): number {
  return data.reduce((sum, id) => sum + expectedBytes(plan.graph, plan.graph.data[id]!), 0);
}
