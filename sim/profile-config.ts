/** Reads cluster profiles: YAML in, each value with a unit and a source, all problems at once. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Micros } from "../core/units.ts";
import { Names, quoted } from "../core/workflow/problem.ts";
import {
  type Form,
  formatProblem,
  type LocatedProblem,
  readSource,
  type Source,
} from "../workflows/document.ts";
import { readProblem } from "../workflows/named-files.ts";
import { readQuantity } from "../workflows/quantity.ts";
import { resourceUrl } from "../workflows/resources.ts";
import type { Range } from "./calibrate.ts";
import type { FunctionTime, Profile } from "./profile.ts";
import { ENGINE_PROTOCOLS, STORE_PROTOCOLS } from "./protocols.ts";

class ProfileErrors extends Schema.TaggedError<ProfileErrors>()("ProfileErrors", {
  message: Schema.String,
}) {}

/** Profiles that come with the package. */
export const PROFILES = ["paper-testbed", "ideal"] as const;

/**
 * How a value is written: with a unit of time or size, a rate, a whole number of at least 1, a
 * number (`cores`: above 0), or one of some names.
 */
type Kind = "time" | "size" | "rate" | "some" | "cores" | "number" | readonly string[];
type Section = Exclude<keyof Profile, "name" | "functions">;

const FIELDS: {
  readonly [S in Section]: { readonly [F in keyof NonNullable<Profile[S]>]-?: Kind };
} = {
  cluster: {
    workers: "some",
    worker_cores: "cores",
    pace: "cores",
    worker_memory: "size",
    worker_capacity: "number",
    storage_cores: "cores",
  },
  network: { latency: "time", worker_link: "rate", storage_link: "rate" },
  remote_store: {
    look_up: "time",
    record: "time",
    commit: "time",
    connections: "some",
    compress_filler: "rate",
    compress_text: "rate",
    expand: "rate",
    disk: "rate",
  },
  local_store: { operation: "time", bandwidth: "rate" },
  container: {
    cold_start: "time",
    cold_start_sigma: "number",
    keep_alive: "time",
    set_up: "time",
    request: "time",
    body: "rate",
  },
  engine: { request: "time", dispatch_tick: "time" },
  mechanisms: {
    store_protocol: Object.keys(STORE_PROTOCOLS),
    engine_protocol: Object.keys(ENGINE_PROTOCOLS),
    document: ["shared", "per-datum"],
    placement: ["plan", "least-loaded"],
    triggers: ["single", "batched"],
    at_limit: ["wait", "stall"],
    hosts: ["own", "shared"],
  },
  daemon: { intake: "time", message: "time", spawn: "time", activation: "time", handling: "time" },
};

const FUNCTION_FIELDS = ["compute", "sleep", "cores", "warm_up", "set_up"];

/** Sections and fields that a profile may leave out. */
const OPTIONAL = { sections: ["daemon", "functions"], fields: ["hosts", "pace"] } as const;

/** The name of a profile that comes with the package, or the path of a file. */
export const loadProfile = Effect.fn("loadProfile")(function* (nameOrPath: string) {
  const { profile } = yield* loadProfileText(nameOrPath);
  return profile;
});

/** The same, with the text and the ranges that are in it. */
export const loadProfileText = Effect.fn("loadProfileText")(function* (nameOrPath: string) {
  const isPath = /[/\\]|\.ya?ml$/i.test(nameOrPath);
  const known = (PROFILES as readonly string[]).includes(nameOrPath);
  if (!isPath && !known) {
    return yield* new ProfileErrors({
      message: `${quoted(nameOrPath)} is not a profile. ${new Names("profile", PROFILES).remedy(nameOrPath)}`,
    });
  }
  const file = known ? fileURLToPath(resourceUrl(`sim/profiles/${nameOrPath}.yaml`)) : nameOrPath;
  const text = yield* Effect.try({
    try: () => readFileSync(file, "utf8"),
    catch: (cause) => {
      const remedy = `Name the file of a profile, or one of ${PROFILES.join(", ")}.`;
      return new ProfileErrors({ message: readProblem(file, cause, remedy) });
    },
  });
  const result = parseProfile(text, known ? nameOrPath : file);
  if ("profile" in result) return { text, ...result };
  const lines = result.problems.map((problem) => formatProblem(file, problem));
  return yield* new ProfileErrors({ message: lines.join("\n") });
});

const FORM: Form = { one: "a profile", fields: "`cluster`, `network` and the others" };

/** Never throws. */
export function parseProfile(
  text: string,
  name: string,
):
  | { readonly profile: Profile; readonly ranges: readonly Range[] }
  | { readonly problems: readonly LocatedProblem[] } {
  const source = readSource(text, FORM);
  if (source.data === undefined || source.problems.length > 0) return { problems: source.problems };
  const reader = new ProfileReader(source);
  const values = reader.read();
  if (reader.problems.length > 0) return { problems: reader.problems };
  return { profile: { name, ...values } as Profile, ranges: reader.ranges };
}

type Values = Record<string, Record<string, number | string | FunctionTime>>;

class ProfileReader {
  readonly #source: Source;
  readonly problems: LocatedProblem[];
  readonly ranges: Range[];

  constructor(source: Source) {
    this.#source = source;
    this.problems = [];
    this.ranges = [];
  }

  read(): Values {
    const values: Values = {};
    const [, needed] = parted(Object.keys(FIELDS), OPTIONAL.sections);
    const file = this.#record([], this.#source.data, needed, OPTIONAL.sections);
    for (const [section, fields] of Object.entries<Readonly<Record<string, Kind>>>(FIELDS)) {
      if (!(section in file)) continue;
      const [optional, needed] = parted(Object.keys(fields), OPTIONAL.fields);
      const found = this.#record([section], file[section], needed, optional);
      values[section] = {};
      for (const [field, kind] of Object.entries(fields)) {
        if (!(field in found)) continue;
        const value = this.#value([section, field], found[field], kind);
        if (value === undefined) continue;
        values[section][field] = value;
        this.#range([section, field], { entry: found[field], kind, value });
      }
    }
    if ("functions" in file) values["functions"] = this.#functions(file["functions"]);
    return values;
  }

  /** Any name is one: whether a workflow has such a task is known where it is run. */
  #functions(data: unknown): Record<string, FunctionTime> {
    const found: Record<string, FunctionTime> = {};
    const names = typeof data === "object" && data !== null ? Object.keys(data) : [];
    for (const [name, entry] of Object.entries(this.#record(["functions"], data, [], names))) {
      const path = ["functions", name];
      const fields = this.#record(path, entry, [...FUNCTION_FIELDS, "source"]);
      const read = (field: string, kind: Kind): number =>
        Number(this.#reading([...path, field], fields[field], kind) ?? 0);
      found[name] = {
        compute: this.#times([...path, "compute"], fields["compute"]),
        sleep: read("sleep", "time") as Micros,
        cores: read("cores", "cores"),
        warm_up: read("warm_up", "time") as Micros,
        set_up: read("set_up", "time") as Micros,
      };
      this.#checkSource([...path, "source"], fields["source"]);
    }
    return found;
  }

  /** One time, or a list of them. */
  #times(path: readonly string[], data: unknown): readonly Micros[] {
    const list = Array.isArray(data) ? data : [data];
    if (list.length === 0) {
      this.#problem(path, "found an empty list", "Write one time, or a list of times.");
    }
    return list.map((each) => Number(this.#reading(path, each, "time") ?? 0) as Micros);
  }

  /** `range: [low, high]`, around the value; only what has one is fitted. */
  #range(
    path: readonly [string, string],
    of: { readonly entry: unknown; readonly kind: Kind; readonly value: number | string },
  ): void {
    const { kind, value } = of;
    const { range } = of.entry as { readonly range?: unknown };
    if (range === undefined) return;
    const where = [...path, "range"];
    if (kind !== "time" && kind !== "rate") {
      this.#problem(where, "only times and rates have a range", "Take it away.");
      return;
    }
    const remedy = "Write two bounds above 0 around the value, such as [1 ms, 5 ms].";
    const bounds = (Array.isArray(range) ? range : []).map((bound) => readValue(bound, kind));
    const [low, high] = bounds.map((bound) =>
      "value" in bound ? Number(bound.value) : Number.NaN,
    );
    if (bounds.length !== 2 || !(low! > 0 && low! <= Number(value) && Number(value) <= high!)) {
      this.#problem(where, `found ${shown(range)} around ${value}`, remedy);
      return;
    }
    this.ranges.push({ path, kind, low: low!, high: high! });
  }

  /** The fields at the path; unknown and missing ones, but for optional ones, are problems. */
  #record(
    path: readonly string[],
    data: unknown,
    fields: readonly string[],
    optional: readonly string[] = [],
  ): Readonly<Record<string, unknown>> {
    if (typeof data !== "object" || data === null || Array.isArray(data)) {
      if (data !== undefined || path.length === 0) {
        this.#problem(path, `found ${shown(data)}`, `Write fields: ${fields.join(", ")}.`);
      }
      return {};
    }
    const record = data as Readonly<Record<string, unknown>>;
    const names = new Names("field", [...fields, ...optional]);
    for (const field of Object.keys(record)) {
      if (fields.includes(field) || optional.includes(field)) continue;
      this.#problem([...path, field], `${quoted(field)} is not a field here`, names.remedy(field));
    }
    for (const field of fields) {
      if (field in record) continue;
      this.#problem(path, `${quoted(field)} is missing`, "A profile states every value.");
    }
    return record;
  }

  #value(path: readonly string[], data: unknown, kind: Kind): number | string | undefined {
    const entry = this.#record(path, data, ["value", "source"], ["range"]);
    if (!("value" in entry)) return undefined;
    this.#checkSource([...path, "source"], entry["source"]);
    return this.#reading([...path, "value"], entry["value"], kind);
  }

  #reading(path: readonly string[], data: unknown, kind: Kind): number | string | undefined {
    const reading = readValue(data, kind);
    if ("value" in reading) return reading.value;
    this.#problem(path, reading.found, reading.remedy);
    return undefined;
  }

  #checkSource(path: readonly string[], source: unknown): void {
    if (typeof source === "string") return;
    this.#problem(path, "the source is not a text", "Say where the value is from.");
  }

  #problem(path: readonly string[], found: string, remedy: string): void {
    const { line, column } = this.#source.locate(path);
    this.problems.push({ line, column, where: path.join("."), found, remedy });
  }
}

type ValueReading =
  | { readonly value: number | string }
  | { readonly found: string; readonly remedy: string };

function readValue(value: unknown, kind: Kind): ValueReading {
  if (typeof kind !== "string") {
    if (typeof value === "string" && kind.includes(value)) return { value };
    return { found: `found ${shown(value)}`, remedy: `Write ${kind.join(" or ")}.` };
  }
  if (typeof value !== "number" && typeof value !== "string") {
    return { found: `found ${shown(value)}`, remedy: "Write a number with its unit." };
  }
  if (kind === "rate") return readRate(value);
  if (kind === "time" || kind === "size") {
    const reading = readQuantity(value, kind);
    return reading.ok ? { value: reading.value } : reading;
  }
  return readNumber(value, kind);
}

/** Those of the names that are among `some`, and those that are not. */
function parted(names: readonly string[], some: readonly string[]): [string[], string[]] {
  const is = (name: string): boolean => some.includes(name);
  return [names.filter(is), names.filter((name) => !is(name))];
}

function readNumber(value: number | string, kind: "some" | "cores" | "number"): ValueReading {
  const reading = readQuantity(value, "count");
  if (!reading.ok) return reading;
  const found = `found ${shown(value)}`;
  const whole = Number.isInteger(reading.value);
  if (kind === "some" && !(whole && reading.value >= 1)) {
    return { found, remedy: "Write a whole number of at least 1." };
  }
  if (kind === "cores" && reading.value <= 0) return { found, remedy: "Write a number above 0." };
  return { value: reading.value };
}

/** `50 MB/s`, or `unlimited`; bytes a second. */
export function readRate(text: string | number): ValueReading & { readonly value?: number } {
  const remedy = "Write a size a second, such as `50 MB/s`, or `unlimited`.";
  if (text === "unlimited") return { value: Number.POSITIVE_INFINITY };
  const match = /^(.*[A-Za-z])\s*\/\s*s$/.exec(`${text}`.trim());
  const size = match === null ? undefined : readQuantity(match[1]!, "size");
  if (size?.ok && size.value > 0) return { value: size.value };
  return { found: `${JSON.stringify(text)} is not a rate above 0`, remedy };
}

function shown(data: unknown): string {
  return data === undefined ? "nothing" : quoted(JSON.stringify(data));
}
