/**
 * Holds .dependency-cruiser.cjs to planted violations: a small tree in which every rule is broken
 * once, and one in which everything that is allowed is done.
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Who imports what, by the rule that forbids it. */
const FORBIDDEN: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {
  "core-is-pure": [
    ["core/env.ts", "node:fs"],
    ["core/engine/worker.ts", "seedrandom"],
    ["core/events.ts", "../sim/kernel.ts"],
  ],
  "core-roots-are-below": [["core/units.ts", "./engine/worker.ts"]],
  "core-workflow-is-lowest": [["core/workflow/order.ts", "../plan/plan.ts"]],
  "core-engine-is-highest": [["core/storage/tier.ts", "../engine/worker.ts"]],
  "core-policies-are-apart": [
    ["core/container/pool.ts", "../storage/tier.ts"],
    ["core/plan/tags.ts", "../container/pool.ts"],
  ],
  "drivers-are-apart": [
    ["sim/kernel.ts", "../live/gateway.ts"],
    ["live/gateway.ts", "../sim/network.ts"],
  ],
  "sim-knows-core": [
    ["sim/network.ts", "../workflows/load.ts"],
    ["sim/network.ts", "node:worker_threads"],
  ],
  "live-knows-no-reader": [["live/recorder.ts", "../analysis/spans.ts"]],
  "analysis-knows-no-driver": [
    ["analysis/metrics.ts", "../sim/network.ts"],
    ["analysis/metrics.ts", "../workflows/load.ts"],
  ],
  "analysis-knows-core-types": [
    ["analysis/spans.ts", "../core/engine/worker.ts"],
    ["analysis/spans.ts", "../core/env.ts"],
  ],
  "inputs-know-core-types": [
    ["workflows/load.ts", "../analysis/table.ts"],
    ["traces/replay.ts", "../workflows/load.ts"],
    ["traces/replay.ts", "../live/gateway.ts"],
  ],
  "functions-know-their-context": [["workflows/functions/count.ts", "../load.ts"]],
  "inputs-know-no-machine": [["traces/replay.ts", "../core/storage/tier.ts"]],
  "commands-are-for-cli": [["analysis/table.ts", "../sim/run-command.ts"]],
  "cli-is-the-top": [["live/gateway.ts", "../cli.ts"]],
  "tests-are-outside": [["analysis/table.ts", "../test/model.ts"]],
  "effect-at-the-edges": [
    ["sim/network.ts", "effect"],
    ["core/units.ts", "effect/Schema"],
  ],
  "door-seedrandom": [["sim/network.ts", "seedrandom"]],
  "door-yaml": [["workflows/load.ts", "yaml"]],
  "door-jsep": [["workflows/load.ts", "jsep"]],
  "door-csv-stringify": [["analysis/table.ts", "csv-stringify/sync"]],
  "door-viz-js-viz": [["analysis/table.ts", "@viz-js/viz"]],
  "door-fastify": [["live/gateway.ts", "fastify"]],
  "door-nats-io-transport-node": [["live/gateway.ts", "@nats-io/transport-node"]],
  "door-nats-io-jetstream": [["live/gateway.ts", "@nats-io/jetstream"]],
  "door-nano": [["live/gateway.ts", "nano"]],
  "door-fastify-swagger": [["live/gateway.ts", "@fastify/swagger"]],
  "door-prom-client": [["live/gateway.ts", "prom-client"]],
  "door-markdown-it": [["workflows/load.ts", "markdown-it"]],
  "door-sentiment": [["workflows/load.ts", "sentiment"]],
  "door-jpeg-js": [["workflows/load.ts", "jpeg-js"]],
  "door-obscenity": [["workflows/load.ts", "obscenity"]],
  "door-vega": [["analysis/table.ts", "vega"]],
  "door-vega-lite": [["analysis/table.ts", "vega-lite"]],
  "package-without-door": [["traces/replay.ts", "kleur"]],
  "no-cycle": [["traces/one.ts", "./two.ts"]],
  "no-missing-file": [["live/recorder.ts", "./nowhere.ts"]],
  "no-orphan": [["traces/alone.ts", "../core/units.ts"]],
};

/** Allowed each by itself; makes the circle. */
const WAY_BACK = [["traces/two.ts", "./one.ts"]] as const;

/** Every file but the entry is imported, and every import is allowed. */
const ALLOWED: readonly (readonly [from: string, to: string])[] = [
  ["cli.ts", "effect"],
  ["cli.ts", "./sim/run-command.ts"],
  ["sim/run-command.ts", "node:fs"],
  ["sim/run-command.ts", "effect"],
  ["sim/run-command.ts", "../live/gateway.ts"],
  ["sim/run-command.ts", "../analysis/csv.ts"],
  ["sim/run-command.ts", "../workflows/document.ts"],
  ["sim/run-command.ts", "./streams.ts"],
  ["sim/streams.ts", "seedrandom"],
  ["sim/streams.ts", "../core/engine/worker.ts"],
  ["live/gateway.ts", "../core/engine/worker.ts"],
  ["core/engine/worker.ts", "../container/pool.ts"],
  ["core/engine/worker.ts", "../storage/tier.ts"],
  ["core/storage/tier.ts", "../plan/plan.ts"],
  ["core/container/pool.ts", "../workflow/graph.ts"],
  ["core/engine/worker.ts", "../env.ts"],
  ["core/env.ts", "./plan/plan.ts"],
  ["analysis/csv.ts", "csv-stringify/sync"],
  ["analysis/csv.ts", "../core/workflow/graph.ts"],
  ["workflows/document.ts", "yaml"],
  ["workflows/document.ts", "../core/workflow/graph.ts"],
  ["test/sim/kernel.test.ts", "../../sim/streams.ts"],
  ["test/sim/kernel.test.ts", "uvu"],
];

interface Report {
  readonly status: number | null;
  readonly text: string;
}

function check(tree: string): Report {
  const run = spawnSync(process.execPath, [join(root, ".ci/rules.mjs"), tree], {
    encoding: "utf8",
  });
  return { status: run.status, text: `${run.stdout}${run.stderr}` };
}

/** Writes a tree in which these files import these others, and checks it. */
function checkImports(imports: Iterable<readonly [from: string, to: string]>): Report {
  const tree = mkdtempSync(join(tmpdir(), "faasflow-rules-"));
  try {
    cpSync(join(root, "package.json"), join(tree, "package.json"));
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"), "junction");
    const texts = new Map<string, string>();
    for (const [from, to] of imports) {
      // Half of the rules are about types, so every import is one.
      texts.set(from, `${texts.get(from) ?? ""}import type {} from "${to}";\n`);
      if (to.startsWith(".") && !to.includes("nowhere")) {
        const target = join(dirname(from), to).replaceAll("\\", "/");
        texts.set(target, texts.get(target) ?? "");
      }
    }
    for (const [path, text] of texts) {
      mkdirSync(join(tree, dirname(path)), { recursive: true });
      writeFileSync(join(tree, path), `${text}export const here = 1;\n`);
    }
    return check(tree);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

test("each import rule fires on its planted violations", () => {
  const { status, text } = checkImports([...Object.values(FORBIDDEN).flat(), ...WAY_BACK]);
  assert.is(status, 1);
  for (const [rule, imports] of Object.entries(FORBIDDEN)) {
    for (const [from, to] of imports) {
      const target = rule === "no-orphan" ? "" : to.replace(/^.*[/:]/, "");
      const found = text
        .split(/\n(?! )/)
        .some(
          (part) => part.startsWith(from) && part.includes(target) && part.includes(` ${rule}: `),
        );
      assert.ok(found, `${rule} does not report ${from} -> ${to}:\n${text}`);
    }
  }
});

test("every import rule has a planted violation", () => {
  const config = createRequire(import.meta.url)("../.dependency-cruiser.cjs");
  const names = config.forbidden.map(({ name }: { readonly name: string }) => name);
  assert.equal(names.toSorted(), Object.keys(FORBIDDEN).toSorted());
});

test("what the design allows breaks no import rule", () => {
  const { status, text } = checkImports(ALLOWED);
  assert.is(status, 0, text);
  assert.match(text, /^0 violations/);
});

test("a tree in which no module is found fails", () => {
  const tree = mkdtempSync(join(tmpdir(), "faasflow-rules-"));
  try {
    assert.is(check(tree).status, 1);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
});

test("the rules see the modules of the real tree", () => {
  const { text } = check(root);
  const [, modules, imports] = /violations in (\d+) modules, (\d+) imports/.exec(text) ?? [];
  assert.ok(Number(modules) > 10 && Number(imports) > 10, text);
});

test.run();
