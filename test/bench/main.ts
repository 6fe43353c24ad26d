/**
 * `npm run bench -- [NAME...] [--small] [--json FILE] [--compare FILE]`: each benchmark bundled, in a
 * process of its own, so that none is warm from another.
 *
 * --small    a fraction of the load: for CI, to see that they run
 * --json     saves the figures
 * --compare  prints beside each figure how many times as good it is as in that saved run
 */

import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundle, bundleFolder } from "./bundle.ts";
import { type Figure, figureIn, gain, textOf } from "./figure.ts";

const BENCHES = ["event-queue", "network", "partition", "run", "containers"];

interface SavedRun {
  readonly machine: string;
  readonly figures: readonly Figure[];
}

interface Asked {
  readonly names: readonly string[];
  readonly small: boolean;
  readonly json: string | undefined;
  readonly before: SavedRun | undefined;
}

/** What is wrong is told at once. */
function readAsked(args: readonly string[]): Asked | readonly string[] {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: {
      small: { type: "boolean", default: false },
      json: { type: "string" },
      compare: { type: "string" },
    },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const problems = tokens.flatMap((token) =>
    token.kind === "option" && !["small", "json", "compare"].includes(token.name)
      ? [`${token.rawName}: no such flag. There are --small, --json and --compare.`]
      : [],
  );
  for (const flag of ["json", "compare"] as const) {
    if (values[flag] === true || values[flag] === "") problems.push(`--${flag}: name a file.`);
  }
  for (const name of positionals.filter((name) => !BENCHES.includes(name))) {
    problems.push(`${name}: no such benchmark. There are ${BENCHES.join(", ")}.`);
  }
  const saved = typeof values.compare === "string" ? savedRun(values.compare) : undefined;
  if (typeof saved === "string") problems.push(saved);
  if (problems.length > 0) return problems;
  return {
    names: positionals.length > 0 ? positionals : BENCHES,
    small: values.small === true,
    json: typeof values.json === "string" ? values.json : undefined,
    before: saved as SavedRun | undefined,
  };
}

/** A text: why there is none. */
function savedRun(file: string): SavedRun | string {
  if (!existsSync(file)) return `--compare: there is no ${file}. Save one with --json.`;
  const found = JSON.parse(readFileSync(file, "utf8")) as Partial<SavedRun>;
  if (Array.isArray(found.figures) && found.machine !== undefined) return found as SavedRun;
  return `--compare: ${file} is not what --json saves.`;
}

/** How to start it; `containers` needs files that lie beside its source. */
async function programOf(name: string, folder: string): Promise<readonly string[]> {
  const source = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  if (name === "containers") return ["--import", "tsx", source];
  const program = join(folder, `${name}.mjs`);
  await bundle(source, program);
  return [program];
}

/** Whether it ended well. */
async function bench(
  program: readonly string[],
  asked: Asked,
  figures: Figure[],
): Promise<boolean> {
  const flags = asked.small ? ["--lines", "--small"] : ["--lines"];
  const child = spawn(process.execPath, [...program, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<boolean>((done) => {
    child.once("close", (code) => done(code === 0));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const figure = figureIn(line);
    if (figure === undefined) console.log(line);
    else {
      figures.push(figure);
      console.log(textOf(figure) + comparison(figure, asked.before));
    }
  }
  return ended;
}

function comparison(figure: Figure, saved: SavedRun | undefined): string {
  if (saved === undefined) return "";
  const before = saved.figures.find(
    ({ name, unit }) => name === figure.name && unit === figure.unit,
  );
  if (before === undefined) return "; new";
  const work = before.hash === figure.hash ? "" : ", not the same work";
  return `; ${gain(figure, before).toFixed(2)} times as good${work}`;
}

async function main(args: readonly string[]): Promise<number> {
  const asked = readAsked(args);
  if (!("names" in asked)) {
    console.error(asked.join("\n"));
    return 2;
  }
  const machine = `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "CPU"}`;
  console.log(machine);
  if (asked.before !== undefined) console.log(`beside a run on ${asked.before.machine}`);
  const figures: Figure[] = [];
  let failed = 0;
  const folder = bundleFolder();
  try {
    for (const name of asked.names) {
      console.log(`\n# ${name}`);
      if (!(await bench(await programOf(name, folder), asked, figures))) failed++;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (asked.json !== undefined) {
    writeFileSync(asked.json, `${JSON.stringify({ machine, figures }, undefined, 2)}\n`);
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
