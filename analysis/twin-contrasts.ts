/**
 * What a scheme or a storage policy is worth, live and in the twin: cells that differ in that alone.
 * A twin that is off by as much everywhere is still right about which one is better.
 */

import type { CellComparison, TwinCell } from "./twin-cells.ts";

export interface Contrast {
  readonly what: "scheme" | "storage";
  readonly one: TwinCell;
  readonly other: TwinCell;
  /** How much less or more the median latency of `other` is, as a share of `one`'s. */
  readonly live: number;
  readonly twin: number;
  /** Live's own noise of `live`. */
  readonly noise: number;
  /** Whether live's difference is beyond its noise: only then it has a sign. */
  readonly isClear: boolean;
  /** Not clear, or the same sign in the twin. */
  readonly ok: boolean;
}

/** `noise`: so many times live's own noise tell nothing. */
export function contrastsOf(cells: readonly CellComparison[], noise: number): readonly Contrast[] {
  return cells.flatMap((one, index) =>
    cells.slice(index + 1).flatMap((other) => {
      const what = differenceOf(one.cell, other.cell);
      return what === undefined ? [] : [contrast(what, [one, other], noise)];
    }),
  );
}

function differenceOf(one: TwinCell, other: TwinCell): Contrast["what"] | undefined {
  const rest = ({ scheme: _, storage: __, partition: ___, ...cell }: TwinCell): string =>
    JSON.stringify(cell);
  if (rest(one) !== rest(other)) return undefined;
  const sameScheme = one.scheme === other.scheme;
  if (one.storage === other.storage) {
    return sameScheme || one.partition !== other.partition ? undefined : "scheme";
  }
  return sameScheme ? "storage" : undefined;
}

function contrast(
  what: Contrast["what"],
  [one, other]: readonly [CellComparison, CellComparison],
  factor: number,
): Contrast {
  const [a, b] = [medianOf(one), medianOf(other)];
  const live = (b.live - a.live) / a.live;
  const twin = (b.twin - a.twin) / a.twin;
  const noise = Math.hypot(a.noise * a.live, b.noise * b.live) / a.live;
  const isClear = Math.abs(live) > factor * noise;
  const ok = !isClear || Math.sign(live) === Math.sign(twin);
  return { what, one: one.cell, other: other.cell, live, twin, noise, isClear, ok };
}

function medianOf({ metrics }: CellComparison): { live: number; twin: number; noise: number } {
  return metrics.find((each) => each.quantity === "e2e" && each.statistic === "p50")!;
}
