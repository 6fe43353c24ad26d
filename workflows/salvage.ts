/**
 * A file with wrong parts, less those parts: so that the rest is checked in the same go.
 *
 * Only what leaves no gap is cut: unknown fields, and fields that have a default. A file that is
 * wrong elsewhere is not salvaged, as what it lacks would look like further problems.
 */

import type { ShapeProblem } from "./issues.ts";

/** A copy without the wrong parts; undefined where that would leave a gap. */
export function salvage(data: unknown, problems: readonly ShapeProblem[]): unknown {
  const copy: unknown = structuredClone(data);
  for (const { path, kind } of problems) {
    const done = kind === "unknown" ? replaceAt(copy, path, CUT) : salvageValue(copy, path);
    if (!done) return undefined;
  }
  return copy;
}

const CUT = Symbol("cut");
const FIELDS = new Set(["run", "compute", "sleep", "cores", "container", "retries", "timeout"]);

function salvageValue(copy: unknown, path: readonly (string | number)[]): boolean {
  const [top, second, third] = path;
  if (top === "faasflow") return replaceAt(copy, ["faasflow"], 1);
  if (top === "name" || top === "description") return replaceAt(copy, [top], "unnamed");
  if (top === "timeout") return replaceAt(copy, [top], CUT);
  if (top === "inputs" && path.length > 1) return replaceAt(copy, path.slice(0, 2), ONE_ITEM);
  if (top === "defaults" && path.length > 1) return replaceAt(copy, path.slice(0, 2), CUT);
  if (top === "tasks" && FIELDS.has(`${third}`)) {
    return replaceAt(copy, path.slice(0, 3), CUT);
  }
  if (top === "tasks" && third === "writes" && path.length > 3) {
    return replaceAt(copy, [top, `${second}`, third, `${path[3]}`], ONE_ITEM);
  }
  if (top === "steps" && path.at(-1) === "when") return replaceAt(copy, path, "true");
  if (top === "steps" && path.at(-1) === "probability") return replaceAt(copy, path, CUT);
  return false;
}

/** Stands for a datum that is wrong: passes for a list and for a single one in most checks. */
const ONE_ITEM = { size: 0, items: 1 };

function replaceAt(copy: unknown, path: readonly (string | number)[], value: unknown): boolean {
  let owner: unknown = copy;
  for (const part of path.slice(0, -1)) {
    if (typeof owner !== "object" || owner === null || !Object.hasOwn(owner, part)) return true;
    owner = (owner as Record<string | number, unknown>)[part];
  }
  const last = path.at(-1);
  if (typeof owner !== "object" || owner === null || last === undefined) return true;
  if (value === CUT) delete (owner as Record<string | number, unknown>)[last];
  else (owner as Record<string | number, unknown>)[last] = value;
  return true;
}
