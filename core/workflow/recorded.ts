/**
 * What one invocation did, as a trace recorded it: takes the place of the spec's quantities and of
 * drawn branches when that invocation is run again. What it does not say is drawn as usual.
 */

import type { Item } from "./item.ts";

/** One number for every item, or one an item; an item that is not there was not recorded. */
export type ByItem = number | ReadonlyMap<Item, number>;

export interface Recorded {
  /** Task to the CPU time of an activation, core-microseconds; by item of the task. */
  readonly compute: ReadonlyMap<number, ByItem>;
  /** Task to the time an activation sleeps, microseconds; by item of the task. */
  readonly sleep: ReadonlyMap<number, ByItem>;
  /** Datum to bytes; by part: of a list its items, else the item of its producer. */
  readonly bytes: ReadonlyMap<number, ByItem>;
  /** List datum to how many items it has; by item of its producer. */
  readonly counts: ReadonlyMap<number, ByItem>;
  /** Switch to the case taken, from 0, or `OTHERWISE`; by item of the switch. */
  readonly branches: ReadonlyMap<number, ByItem>;
}

export const NOTHING_RECORDED: Recorded = {
  compute: new Map(),
  sleep: new Map(),
  bytes: new Map(),
  counts: new Map(),
  branches: new Map(),
};

/** What `values` says of vertex or datum `id` for `item`; undefined: nothing. */
export function recordedAt(
  values: ReadonlyMap<number, ByItem>,
  id: number,
  item: Item,
): number | undefined {
  const value = values.get(id);
  return typeof value === "object" ? value.get(item) : value;
}
