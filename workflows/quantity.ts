/**
 * Units at the text edge: `1.2 s`, `4.19 MB`, `25%`. A number without a unit is bytes; a time
 * always has one, but for 0.
 */

/** A reading, or what is wrong with the text. */
export type Reading =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly found: string; readonly remedy: string };

/** What can be measured. */
export type Dimension = "time" | "size" | "count";

const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ["us", 1],
  ["ms", 1_000],
  ["s", 1_000_000],
  ["min", 60_000_000],
  ["h", 3_600_000_000],
]);

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["kB", 1_000],
  ["KB", 1_000],
  ["MB", 1_000_000],
  ["GB", 1_000_000_000],
  ["KiB", 1_024],
  ["MiB", 1_048_576],
  ["GiB", 1_073_741_824],
]);

const EXAMPLES: Readonly<Record<Dimension, string>> = {
  time: "`20 ms`, `1.2 s`, `5 min` (units: us, ms, s, min, h)",
  size: "`138885`, `4.19 MB`, `256 MiB` (units: B, kB, MB, GB, KiB, MiB, GiB)",
  count: "a number without a unit, such as `8`",
};

const NUMBER_AND_UNIT = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z%]*)$/;

/** Whole microseconds, whole bytes (both rounded to the nearest), or a plain number. */
export function readQuantity(text: string | number, dimension: Dimension): Reading {
  const match = NUMBER_AND_UNIT.exec(typeof text === "number" ? `${text}` : text.trim());
  const wrong = (found: string): Reading => {
    return { ok: false, found, remedy: `Write ${EXAMPLES[dimension]}.` };
  };
  const shown = JSON.stringify(text);
  if (match === null) return wrong(`${shown} is not a ${dimension}`);
  const number = Number(match[1]);
  const unit = match[2]!;
  const factor = factorOf(unit, dimension, number);
  if (factor === undefined) {
    return wrong(
      unit === ""
        ? `${shown} has no unit`
        : `${JSON.stringify(unit)} is not a unit of ${dimension}`,
    );
  }
  const value = dimension === "count" ? number : Math.round(number * factor);
  if (number < 0) return wrong(`${shown} is negative`);
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) return wrong(`${shown} is too large`);
  return { ok: true, value };
}

/** A size, or a percentage of `whole`. */
export function readShare(text: string | number, whole: number): Reading {
  const match = /^([+]?\d+(?:\.\d+)?)\s*%$/.exec(typeof text === "number" ? "" : text.trim());
  if (match === null) {
    const size = readQuantity(text, "size");
    return size.ok ? size : { ...size, remedy: "Write a percentage or a size: `25%`, `64 MiB`." };
  }
  return { ok: true, value: Math.round((Number(match[1]) / 100) * whole) };
}

function factorOf(unit: string, dimension: Dimension, number: number): number | undefined {
  switch (dimension) {
    case "time":
      return unit === "" && number === 0 ? 1 : TIME_UNITS.get(unit);
    case "size":
      return unit === "" ? 1 : SIZE_UNITS.get(unit);
    case "count":
      return unit === "" ? 1 : undefined;
    default:
      return dimension satisfies never;
  }
}
