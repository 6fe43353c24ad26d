/**
 * Items: which part of a foreach an activation or a datum belongs to.
 *
 * An item is one number. The whole invocation is item 0; the k-th part (k from 0) of item p is
 * p * 65,536 + k + 1. So nesting needs no allocation and no string, and three levels of foreach
 * with up to 65,535 parts each stay below 2^53.
 */

export type Item = number;

export const ROOT_ITEM: Item = 0;
/** Most parts a foreach may have. */
export const MAX_WIDTH = 65_535;
/** Deepest nesting of foreach in foreach. */
export const MAX_DEPTH = 3;

const RADIX = MAX_WIDTH + 1;

/** The `part`-th part (from 0) of `parent`. */
export function childItem(parent: Item, part: number): Item {
  return parent * RADIX + part + 1;
}

export function parentItem(item: Item): Item {
  return Math.floor(item / RADIX);
}

/** Which part of its parent the item is, from 0; -1 for the whole invocation. */
export function partOf(item: Item): number {
  return (item % RADIX) - 1;
}

/** `2.0` for part 0 of part 2; the empty string for the whole invocation. */
export function itemPath(item: Item): string {
  if (item === ROOT_ITEM) return "";
  const above = itemPath(parentItem(item));
  return above === "" ? `${partOf(item)}` : `${above}.${partOf(item)}`;
}

/** Reads what `itemPath` wrote. */
export function parseItemPath(path: string): Item {
  let item = ROOT_ITEM;
  if (path === "") return item;
  for (const part of path.split(".")) item = childItem(item, Number(part));
  return item;
}
