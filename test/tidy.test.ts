/**
 * Holds the tree to the house rules, and each rule to a planted violation: a rule that finds
 * nothing anywhere is no rule.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as rules from "./house-rules.ts";
import { blank } from "./source-text.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const TEXT =
  /(\.(ts|mts|cts|js|mjs|cjs|json|ya?ml|md|txt|csv|ndjson|html|svg)|(^|\/)[^./]+|\.npmrc|\.gitignore)$/;
const DOC = "/** What it is. */\n";

/** What git knows or would add; without git, what lies there but for what is installed or built. */
function listFiles(): readonly string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const git = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  if (git.status === 0 && git.stdout !== "") return git.stdout.split("\0").filter(Boolean);
  const top = readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !/^(node_modules|dist|\.git)$|\.tgz$/.test(name))
    .map((entry) => (entry.isDirectory() ? filesUnder(entry.name) : [entry.name]));
  return top.flat();
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(`${root}${folder}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}

function readTree(): readonly rules.SourceFile[] {
  return listFiles()
    .filter((path) => existsSync(`${root}${path}`))
    .map((path) => {
      return { path, text: TEXT.test(path) ? readFileSync(`${root}${path}`, "utf8") : "" };
    });
}

interface Plant {
  readonly rule: rules.HouseRule;
  /** Each is found, and once. */
  readonly wrong: readonly rules.SourceFile[];
  /** Nothing is found. */
  readonly right: readonly rules.SourceFile[];
}

function at(path: string, text: string): rules.SourceFile {
  return { path, text };
}

const B = { b: "1.0.0" };

function lock(packages: Readonly<Record<string, object>>): string {
  return JSON.stringify({ packages });
}

const BANNED = [
  "const a = Date.now();",
  "const a = new Date();",
  "const a = performance.now();",
  "const a = Math.random();",
  "setTimeout(run, 1);",
  "setInterval(run, 1);",
  "setImmediate(run);",
  "queueMicrotask(run);",
  "const a = process.argv;",
  "const a = crypto.randomUUID();",
  "const a = new Intl.Collator();",
  "names.sort((a, b) => a.localeCompare(b));",
  "const a = (1).toLocaleString();",
  "async function run() {}",
  "const a = await run();",
  "export type A = Promise<number>;",
  "const a = `${Date.now()}`;",
  'import { readFileSync } from "node:fs";',
  'const a = import("node:fs");',
  'import { Effect } from "effect";',
  'import type { Schema } from "effect/Schema";',
  'const a = import("effect");',
];

const PLANTS: Readonly<Record<string, Plant>> = {
  bannedCalls: {
    rule: rules.bannedCalls,
    wrong: [
      ...BANNED.map((text) => at("core/engine/a.ts", text)),
      ...BANNED.map((text) => at("sim/a.ts", text)),
      at("core/a.ts", "try { run(); } finally {}"),
    ],
    right: [
      at("sim/a.ts", "try { run(); } finally {}"),
      at("core/a.ts", "// Date.now() and await are banned\nconst a = 'Math.random()';"),
      at("core/a.ts", "const retry = { process: 1 }; a.process = b.date; /* Promise */"),
      at("core/a.ts", "interface A { readonly process: number; readonly performance?: string }"),
      at("core/a.ts", "const a = `Promise ${name} Date`; const b = /Intl|crypto/.test(a);"),
      ...BANNED.map((text) => at("sim/run-command.ts", text)),
      ...BANNED.map((text) => at("analysis/a.ts", text)),
    ],
  },
  noForIn: {
    rule: rules.noForIn,
    wrong: [at("live/a.ts", "for (const key in table) run(key);")],
    right: [at("live/a.ts", "for (const key of keys) if (key in table) run(key);")],
  },
  sortComparator: {
    rule: rules.sortComparator,
    wrong: [at("sim/a.ts", "a.sort();"), at("sim/a.ts", "const b = a.toSorted( );")],
    right: [
      at("sim/a.ts", "a.sort((x, y) => x - y);"),
      at("sim/a.ts", "a.sort(); // typed array"),
      at("sim/a.ts", "// a typed array\na.sort();"),
      at("sim/a.ts", "return [...names].sort(); // texts"),
    ],
  },
  noDefaultExport: {
    rule: rules.noDefaultExport,
    wrong: [
      at("sim/a.ts", "export default function a() {}"),
      at("sim/a.ts", "export { a as default };"),
    ],
    right: [at("sim/a.ts", "export const a = 1; // not export default")],
  },
  fileLength: {
    rule: rules.fileLength,
    wrong: [at("core/a.ts", "const a = 1;\n".repeat(401))],
    right: [at("core/a.ts", "const a = 1;\n".repeat(400)), at("a.yaml", "a: 1\n".repeat(401))],
  },
  testsRun: {
    rule: rules.testsRun,
    wrong: [
      at("test/core/a.test.ts", 'test("a", () => {});\n'),
      at("test/core/a.test.ts", 'test("a", () => {});\n// test.run();\n'),
    ],
    right: [at("test/core/a.test.ts", 'test("a", () => {});\n\ntest.run();\n')],
  },
  testsAreNamed: {
    rule: rules.testsAreNamed,
    wrong: [at("test/prop/queue.ts", 'import { test } from "uvu";')],
    right: [
      at("test/prop/queue.test.ts", 'import { test } from "uvu";'),
      at("test/prop/model.ts", 'import * as assert from "uvu/assert"; // from "uvu"'),
    ],
  },
  noOnlyOrSkip: {
    rule: rules.noOnlyOrSkip,
    wrong: [
      at("test/a.test.ts", 'test.only("a", () => {});'),
      at("test/a.test.ts", 'graphs.skip("a", () => {});'),
    ],
    right: [at("test/a.test.ts", 'test("no test.only( here", () => {});')],
  },
  fileName: {
    rule: rules.fileName,
    wrong: [
      at("core/utils.ts", ""),
      at("core/common/a.ts", ""),
      at("sim/helpers.test.ts", ""),
      at("sim/types.ts", ""),
      at("sim/EventQueue.ts", ""),
      at("sim/event_queue.ts", ""),
    ],
    right: [
      at("README.md", ""),
      at("a/word_count.yaml", ""),
      at(".ci/run", ""),
      at("sim/event-queue.test.ts", ""),
      at("live/deploy/worker@.service", ""),
    ],
  },
  docBlock: {
    rule: rules.docBlock,
    wrong: [at("core/a.ts", "import a from 'a';\n"), at("core/a.ts", `// a\n${DOC}`)],
    right: [at("core/a.ts", DOC), at("cli.ts", `#!/usr/bin/env node\n${DOC}`)],
  },
  noMachinePath: {
    rule: rules.noMachinePath,
    wrong: ["work", "home", "tmp", "Users"].map((top) => at("a.md", `see /${top}/somebody/a.ts`)),
    right: [at("a.md", "see core/work/a.ts, https://host.example/home/a and live/tmp/a")],
  },
  noRegistryHost: {
    rule: rules.noRegistryHost,
    wrong: [
      at("package-lock.json", '{ "packages": {}, "resolved": "https://host.example/a.tgz" }'),
      at(".npmrc", "registry=https://host.example"),
    ],
    right: [at("package-lock.json", '{ "integrity": "sha512-a" }')],
  },
  lockIsComplete: {
    rule: rules.lockIsComplete,
    wrong: [at("package-lock.json", lock({ "node_modules/a": { optionalDependencies: B } }))],
    right: [
      at(
        "package-lock.json",
        lock({ "node_modules/a": { optionalDependencies: B }, "node_modules/b": {} }),
      ),
      at(
        "package-lock.json",
        lock({
          "node_modules/a": { optionalDependencies: B },
          "node_modules/a/node_modules/b": {},
        }),
      ),
    ],
  },
};

const tree = readTree();

for (const [name, { rule, wrong, right }] of Object.entries(PLANTS)) {
  test(`${name} finds each planted violation once, and nothing in what is right`, () => {
    for (const file of wrong) assert.is(rule(file).length, 1, `${file.path}: ${file.text}`);
    for (const file of right) assert.equal(rule(file), [], `${file.path}: ${file.text}`);
  });

  test(`${name} holds in the whole tree`, () => {
    const findings = tree.flatMap((file) => rule(file));
    const lines = findings.map(({ path, line, message }) => `${path}:${line}: ${message}`);
    assert.ok(lines.length === 0, `\n${lines.join("\n")}`);
  });
}

test("every house rule has a planted violation", () => {
  const planted = new Set(Object.values(PLANTS).map(({ rule }) => rule));
  const unplanted = Object.entries(rules).filter(([, rule]) => !planted.has(rule));
  assert.equal(unplanted, []);
});

test("the tree that the rules see has the core in it", () => {
  assert.ok(tree.some(({ path }) => path === "core/env.ts"));
});

test("blanking keeps code, length and lines, and tells a division from a regular expression", () => {
  const text = "a = b / c; // d\ne(/f'/g, 'h' + `i${j}k`);\n";
  const { code, codeAndStrings } = blank(text);
  assert.is(code, "a = b / c;     \ne(     , ' ' + ` ${j} `);\n");
  assert.is(codeAndStrings, "a = b / c;     \ne(/f'/g, 'h' + `i${j}k`);\n");
});

test.run();
