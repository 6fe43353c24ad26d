/**
 * What a stored part of a datum is called, on disk and in a request: a relative path of safe
 * segments, `workflow/run/invocation/datum/item`. Any name has such a path, and no two share one.
 *
 * In a name stand `a`-`z`, `0`-`9`, `_` and `-`; every other byte of its UTF-8 is `%` and two hex
 * digits. Capitals too: some file systems take `Pages` and `pages` for one. The empty name is `%`.
 * What is longer than a file name may be goes on in the next segment, and a segment that goes on
 * ends in `~`. An item is as `itemPath` writes it, the root item `whole`.
 */

import { invariant } from "../core/invariant.ts";

/** One run of a workflow on a cluster. */
export interface InvocationName {
  readonly workflow: string;
  /** Id of the cluster's run: invocations are counted from the start in each. */
  readonly run: string;
  readonly invocation: number;
}

export interface PartName extends InvocationName {
  readonly datum: string;
  /** As `itemPath` writes it: `2.0`; empty for the whole datum. */
  readonly item: string;
}

const WHOLE = "whole";
const PLAIN = /^[a-z0-9_-]+$/;
const ITEM = /^\d+(\.\d+)*$/;
/** File systems allow 255 bytes. */
const MAX_SEGMENT = 200;
const GOES_ON = "~";

export function invocationPath({ workflow, run, invocation }: InvocationName): string {
  return `${encode(workflow)}/${encode(run)}/${invocation}`;
}

export function partPath(part: PartName): string {
  const item = part.item === "" ? WHOLE : part.item;
  invariant(item === WHOLE || ITEM.test(item), "an item is named as itemPath writes it");
  return `${invocationPath(part)}/${encode(part.datum)}/${item}`;
}

/** Reads what `invocationPath` wrote; undefined for any other text. */
export function parseInvocationPath(path: string): InvocationName | undefined {
  const names = split(path);
  if (names?.length !== 3) return undefined;
  const [workflow, run, invocation] = names as [string, string, string];
  const name = { workflow, run, invocation: Number(invocation) };
  return Number.isSafeInteger(name.invocation) && invocationPath(name) === path ? name : undefined;
}

/** Reads what `partPath` wrote; undefined for any other text, so that nothing leads elsewhere. */
export function parsePartPath(path: string): PartName | undefined {
  const names = split(path);
  if (names?.length !== 5) return undefined;
  const [workflow, run, invocation, datum, last] = names as [
    string,
    string,
    string,
    string,
    string,
  ];
  const item = last === WHOLE ? "" : last;
  if (item !== "" && !ITEM.test(item)) return undefined;
  const name = { workflow, run, invocation: Number(invocation), datum, item };
  return Number.isSafeInteger(name.invocation) && partPath(name) === path ? name : undefined;
}

/** For people: `pages of wordcount, invocation 7, item 2.0`. */
export function partText({ workflow, invocation, datum, item }: PartName): string {
  const of = `${datum} of ${workflow}, invocation ${invocation}`;
  return item === "" ? of : `${of}, item ${item}`;
}

function encode(name: string): string {
  if (PLAIN.test(name) && name.length <= MAX_SEGMENT) return name;
  if (name === "") return "%";
  let text = "";
  for (const byte of Buffer.from(name, "utf8")) {
    const character = String.fromCharCode(byte);
    text += PLAIN.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }
  const segments: string[] = [];
  for (let at = 0; at < text.length; at += MAX_SEGMENT) {
    segments.push(text.slice(at, at + MAX_SEGMENT));
  }
  return segments.join(`${GOES_ON}/`);
}

/** The names in a path; undefined if it is not made of encoded names. */
function split(path: string): readonly string[] | undefined {
  try {
    return path
      .replaceAll(`${GOES_ON}/`, "")
      .split("/")
      .map((segment) => (segment === "%" ? "" : decodeURIComponent(segment)));
  } catch {
    return undefined;
  }
}
