/** As much of systemd as the units in live/deploy ask for: what a unit would run, and with what. */

import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

const DEPLOY = new URL("../../live/deploy/", import.meta.url);

export interface Unit {
  /** `faasflow-worker@3`. */
  readonly name: string;
  readonly settings: ReadonlyMap<string, readonly string[]>;
}

export function readDeployFile(name: string): string {
  return readFileSync(new URL(name, DEPLOY), "utf8");
}

/** The file of an instance is that of its template. */
export function readUnit(name: string): Unit {
  const text = readDeployFile(`${name.replace(/@.*/, "@")}.service`);
  const settings = new Map<string, string[]>();
  for (const line of text.replaceAll(/\\\n\s*/g, "").split("\n")) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) settings.set(key, [...(settings.get(key) ?? []), value!]);
  }
  return { name, settings };
}

/** Of the unit's environment files, by their examples in live/deploy. */
export function environmentOf({ settings }: Unit): Readonly<Record<string, string>> {
  const files = settings.get("EnvironmentFile") ?? [];
  const texts = files.map((file) => readDeployFile(`${file.replace(/.*\//, "")}.example`));
  return Object.assign({}, ...texts.map((text) => parseEnv(text)));
}

/** The words of ExecStart, with specifiers and variables filled in. Throws on what it knows not. */
export function commandOf(
  unit: Unit,
  options: {
    readonly environment: Readonly<Record<string, string>>;
    /** In place of /var/lib. */
    readonly state: string;
  },
): readonly string[] {
  const { environment, state } = options;
  const specifiers = new Map([
    ["i", /@(.*)$/.exec(unit.name)?.[1]],
    ["S", state],
  ]);
  const found = (what: string, value: string | undefined): string => {
    if (value === undefined) throw new Error(`${unit.name}: nothing says what ${what} is`);
    return value;
  };
  const line = unit.settings.get("ExecStart")?.[0]?.trim() ?? "";
  return line
    .split(/\s+/)
    .map((word) =>
      word
        .replaceAll(/%(.)/g, (what, letter: string) => found(what, specifiers.get(letter)))
        .replaceAll(/\$\{(\w+)\}/g, (what, name: string) => found(what, environment[name])),
    );
}
