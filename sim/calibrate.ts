/**
 * The profile as a point in a space, for the optimiser: one coordinate a value that has a range, its
 * logarithm. And what the optimiser makes small.
 */

import type { Profile } from "./profile.ts";

/** A value that may be fitted: where it is, and between which bounds it is plausible. */
export interface Range {
  readonly path: readonly [section: string, field: string];
  readonly kind: "time" | "rate";
  readonly low: number;
  readonly high: number;
}

type Sections = Record<string, Record<string, number>>;

export function pointOf(profile: Profile, ranges: readonly Range[]): number[] {
  const sections = profile as unknown as Sections;
  return ranges.map(({ path: [section, field] }) => Math.log(sections[section]![field]!));
}

/** Geometric; three digits, as they would be written. */
export function middleOf(ranges: readonly Range[]): number[] {
  return ranges.map(({ low, high }) => Math.log(Number(Math.sqrt(low * high).toPrecision(3))));
}

export function profileAt(
  profile: Profile,
  ranges: readonly Range[],
  point: readonly number[],
): Profile {
  const changed: Sections = {};
  for (const [index, { path, kind }] of ranges.entries()) {
    const [section, field] = path;
    // Three digits, as they are written.
    const value = Number(Math.exp(point[index]!).toPrecision(3));
    const before = (profile as unknown as Sections)[section]!;
    changed[section] ??= { ...before };
    changed[section][field] = kind === "time" ? Math.round(value) : value;
  }
  return { ...profile, ...changed };
}

/**
 * How far from the middle of its range each value is: 1 at a bound, like a figure that is off by all
 * that it may be. So what the figures do not tell stays plausible.
 */
export function strains(ranges: readonly Range[], point: readonly number[]): number[] {
  return ranges.map(({ low, high }, index) => {
    const middle = Math.log(low * high) / 2;
    return (point[index]! - middle) / (Math.log(high) - middle);
  });
}

/** Three significant digits, with a unit: `6.6 ms`, `66.4 MB/s`. */
export function written(value: number, kind: Range["kind"]): string {
  const [unit, size] = (kind === "time" ? TIMES : RATES).find(([, least]) => value >= least)!;
  return `${Number((value / size).toPrecision(3))} ${unit}`;
}

const TIMES: readonly (readonly [unit: string, size: number])[] = [
  ["s", 1_000_000],
  ["ms", 1_000],
  ["us", 1],
];
const RATES: typeof TIMES = [
  ["GB/s", 1e9],
  ["MB/s", 1e6],
  ["kB/s", 1e3],
];
