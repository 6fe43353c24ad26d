/** Function bodies: modules, commands, and those that come with the project. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunSpec } from "../../core/workflow/spec.ts";
import { Deployments } from "../../live/deployments.ts";
import { BUILTIN, BUILTINS, withModulesIn } from "../../workflows/function-modules.ts";
import type { WordCounts } from "../../workflows/functions/wordcount/merge.ts";
import { TEXT_SIZES } from "../../workflows/functions/wordcount/start.ts";
import { benchmarkFile, parseWorkflow } from "../../workflows/load.ts";
import { asRead, ContainerBench, isAlive, waitFor } from "../fixtures/container-bench.ts";

const test = suite<{ bench: ContainerBench }>("functions");

test.before.each((context) => {
  context.bench = new ContainerBench();
});
test.after.each(({ bench }) => bench.close());

function command(...words: string[]): RunSpec {
  return { tag: "command", command: words };
}

function builtin(name: string): RunSpec {
  return { tag: "module", module: `${BUILTIN}${name}` };
}

async function failure(
  bench: ContainerBench,
  spec: RunSpec,
  more: Parameters<ContainerBench["run"]>[2] = {},
): Promise<string> {
  const id = await bench.boot(spec);
  const answer = await bench.run(id, spec, more);
  if (answer.tag !== "failed") throw new Error(`it did not fail: ${JSON.stringify(answer)}`);
  return answer.message;
}

const OUT = { writes: [{ name: "out", isList: false }] };

test("a module that is not there gives an error that says what to do", async ({ bench }) => {
  const spec: RunSpec = { tag: "module", module: join(bench.folder, "missing.js") };
  assert.match(
    await failure(bench, spec),
    /^The module .*missing\.js is not there\..*path from the workflow file/,
  );
  assert.match(await failure(bench, builtin("wordcount/nothing")), /name a \.js file of your own/);
});

test("a module that exports no function, or cannot be read, says so", async ({ bench }) => {
  const none = bench.module("none.mjs", "export const other = 1;");
  assert.match(await failure(bench, none), /exports no function \(it exports other\)/);
  const broken = bench.module("broken.mjs", "export default async (ctx) => {");
  assert.match(await failure(bench, broken), /broken\.mjs cannot be loaded: /);
});

test("a function that does not write what its task writes has failed", async ({ bench }) => {
  const spec = bench.module("nothing.mjs", "export default () => {};");
  const message = await failure(bench, spec, {
    writes: [...OUT.writes, { name: "list", isList: true }],
  });
  assert.match(message, "ended without writing out, list");
  assert.match(message, 'Call ctx.put("out", ...) and ctx.putItems("list", [...])');
});

test("a wrong name is answered with those that there are", async ({ bench }) => {
  const reads = [bench.data("a.text", ["x"]), bench.data("b.list", ["y", "z"])];
  const of = (code: string): Promise<string> =>
    failure(bench, bench.module(`m${code.length}.mjs`, `export default (ctx) => ${code};`), {
      reads,
      ...OUT,
    });
  assert.match(await of("ctx.get('a.txet')"), 'does not read "a.txet". It reads a.text, b.list.');
  assert.match(await of("ctx.put('uot', '')"), 'does not write "uot". It writes out.');
  assert.match(await of("ctx.get('b.list')"), 'b.list has 2 parts. Use ctx.parts("b.list")');
  assert.match(await of("ctx.putItems('out', [1])"), "out is no list.");
});

test("putFile moves a file from the scratch directory and copies any other", async ({ bench }) => {
  const mine = join(bench.folder, "mine");
  writeFileSync(mine, "mine");
  const spec = bench.module(
    "files.mjs",
    `import { writeFileSync } from "node:fs";
    export default async (ctx) => {
      writeFileSync(ctx.scratch + "/temporary", "made");
      await ctx.putFile("made", "temporary");
      await ctx.putFile("kept", ctx.input.path);
    };`,
  );
  const id = await bench.boot(spec);
  const { outputs } = await bench.done(id, spec, {
    inputs: { path: mine },
    writes: [
      { name: "made", isList: false },
      { name: "kept", isList: false },
    ],
  });
  const texts = outputs.map(({ files }) => readFileSync(files[0]!.file, "utf8"));
  assert.equal(texts, ["made", "mine"]);
  assert.ok(existsSync(mine));
});

test("a command gets what it reads on stdin and gives its first datum on stdout", async ({
  bench,
}) => {
  const spec = command("sort", "-u");
  const id = await bench.boot(spec);
  const reads = [bench.data("a.list", ["b\n", "a\nb\n"]), bench.data("c.text", ["c\n"])];
  const { outputs } = await bench.done(id, spec, { reads, ...OUT });
  assert.is(readFileSync(outputs[0]!.files[0]!.file, "utf8"), "a\nb\nc\n");
});

test("a command finds its other files, its item and its input in FAASFLOW_CONTEXT", async ({
  bench,
}) => {
  const program = join(bench.folder, "program.cjs");
  writeFileSync(
    program,
    `const { readFileSync, writeFileSync } = require("node:fs");
    const { task, item, input, reads, writes } = JSON.parse(readFileSync(process.env.FAASFLOW_CONTEXT));
    console.log([task, item, input.n, readFileSync(reads[0].parts[0].path)].join());
    console.error("to the log");
    for (let n = 9; n < 12; n++) writeFileSync(writes[1].directory + "/item-" + n, String(n));
    writeFileSync(writes[2].path, "42");`,
  );
  const spec = command(process.execPath, program);
  const id = await bench.boot(spec);
  const { outputs, values, log } = await bench.done(id, spec, {
    item: 5,
    inputs: { n: 8 },
    reads: [bench.data("a.text", ["text"])],
    writes: [
      { name: "line", isList: false },
      { name: "list", isList: true },
      { name: "score", isList: false },
    ],
  });
  const texts = outputs.map(({ files }) => files.map(({ file }) => readFileSync(file, "utf8")));
  assert.equal(texts, [["tested,4,8,text\n"], ["9", "10", "11"], ["42"]]);
  assert.equal(values, { line: "tested,4,8,text", score: 42 });
  assert.is(log, "to the log\n");
});

test("a command that fails, or is not there, fails the activation with its stderr", async ({
  bench,
}) => {
  const spec = command("sh", "-c", "echo reason >&2; exit 4");
  const id = await bench.boot(spec);
  const failed = await bench.run(id, spec, OUT);
  assert.ok(failed.tag === "failed");
  assert.match(failed.message, "it ended with exit code 4");
  assert.is(failed.log, "reason\n");
  const missing = await bench.run(id, command("faasflow-no-such-program"), OUT);
  assert.ok(missing.tag === "failed");
  assert.match(missing.message, "there is no such program. Install it");
});

test("a command need not read its stdin", async ({ bench }) => {
  const spec = command("true");
  const id = await bench.boot(spec);
  const done = await bench.done(id, spec, {
    reads: [bench.data("a.text", ["x".repeat(3_000_000)])],
    ...OUT,
  });
  assert.is(done.outputs[0]!.files[0]!.bytes, 0);
});

test("the CPU time of a command is counted", async ({ bench }) => {
  const spec = command("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done");
  const id = await bench.boot(spec);
  const { compute_us } = await bench.done(id, spec, OUT);
  assert.ok(compute_us >= 50_000, `${compute_us}`);
});

test("the CPU time of programs that a module starts is counted, each run's own", async ({
  bench,
}) => {
  const spec = bench.module(
    "starts.mjs",
    `import { spawnSync } from "node:child_process";
    export default async (ctx) => {
      if (ctx.input.busy) spawnSync("sh", ["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"]);
      else await new Promise((resolve) => setTimeout(resolve, 50));
    };`,
  );
  const id = await bench.boot(spec);
  const busy = await bench.done(id, spec, { inputs: { busy: true } });
  assert.ok(busy.compute_us >= 50_000, `${busy.compute_us}`);
  const idle = await bench.done(id, spec, { inputs: { busy: false } });
  assert.ok(idle.compute_us < 45_000 && idle.sleep_us > 5_000, JSON.stringify(idle));
});

test("a command that is stopped ends with all it has started", async ({ bench }) => {
  const file = join(bench.folder, "pid");
  const spec = command("sh", "-c", `sleep 1000 & echo $! > '${file}'; wait`);
  const id = await bench.boot(spec);
  bench.start(id, spec, OUT);
  await waitFor("the command to start", () => existsSync(file) && readFileSync(file).length > 0);
  const pid = Number(readFileSync(file, "utf8"));
  bench.containers.stop(id);
  await waitFor("the command's own program to end", () => !isAlive(pid));
});

test("wordcount's functions give the counts that a naive count of their texts gives", async ({
  bench,
}) => {
  const id = await bench.boot(builtin("wordcount/start"));
  const started = await bench.done(id, builtin("wordcount/start"), {
    writes: [
      { name: "filename", isList: false },
      { name: "file", isList: true },
    ],
  });
  const texts = started.outputs[1]!.files;
  assert.equal(
    texts.map(({ bytes }) => bytes),
    TEXT_SIZES,
  );
  const counted = [];
  for (const [index, text] of texts.entries()) {
    const done = await bench.done(id, builtin("wordcount/count"), {
      item: index + 1,
      reads: [{ name: "start.file", parts: [{ ...text, item: index + 1 }] }],
      writes: [{ name: "wordcount", isList: false }],
    });
    counted.push(...done.outputs[0]!.files);
  }
  const merged = await bench.done(id, builtin("wordcount/merge"), {
    reads: [asRead("count.wordcount", { name: "wordcount", files: counted })],
    writes: [{ name: "result", isList: false }],
  });
  const result: WordCounts = JSON.parse(readFileSync(merged.outputs[0]!.files[0]!.file, "utf8"));
  const naive: Record<string, number> = {};
  for (const { file } of texts) {
    for (const word of readFileSync(file, "utf8")
      .toLowerCase()
      .split(/[^a-z']+/)) {
      if (word !== "") naive[word] = (naive[word] ?? 0) + 1;
    }
  }
  assert.equal(new Map(Object.entries(result.counts)), new Map(Object.entries(naive)));
  assert.is(
    result.words,
    Object.values(naive).reduce((sum, count) => sum + count, 0),
  );
  const most = Math.max(...Object.values(naive));
  assert.is(result.top[0]![1], most);
  assert.is(naive[result.top[0]![0]], most);
});

test("wordcount writes the sizes that its file states", () => {
  const result = parseWorkflow(readFileSync(benchmarkFile("wordcount"), "utf8"));
  assert.ok(result.ok);
  assert.equal(result.spec.tasks[0]!.writes[1]!.items!.sizes, TEXT_SIZES);
});

test("the built-in functions are the files in the folders of functions/, which the bundle has", () => {
  const folder = new URL("../../workflows/functions/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /[/\\].*\.ts$/.test(file))
    .map((file) => file.replaceAll("\\", "/").replace(/\.ts$/, ""));
  assert.equal([...files].sort(), BUILTINS); // texts
});

test("each task of the four applications runs a function of its application", () => {
  for (const name of ["wordcount", "fileprocessing", "illegal_recognizer", "video"]) {
    const result = parseWorkflow(readFileSync(benchmarkFile(name), "utf8"));
    assert.ok(result.ok);
    for (const { name: task, run } of result.spec.tasks) {
      const module = `${BUILTIN}${name}/${task}`.replaceAll("_", "-");
      assert.equal(run, { tag: "module", module });
    }
  }
});

test("`run` in a file: synthetic by default, a module, a built-in, a command", () => {
  const result = parseWorkflow(
    `faasflow: 1
name: runs
tasks:
  a:
  b: {run: ./functions/b.ts}
  c: {run: "builtin:wordcount/count"}
  d: {run: [sort, -u]}
`,
  );
  assert.ok(result.ok, JSON.stringify(result));
  const runs = withModulesIn("/flows", result.spec).tasks.map(({ run }) => run);
  assert.equal(runs, [
    { tag: "synthetic" },
    { tag: "module", module: "/flows/functions/b.ts" },
    { tag: "module", module: "builtin:wordcount/count" },
    { tag: "command", command: ["sort", "-u"] },
  ]);
});

test("a module that is edited is another function: its workflow is a new version", ({ bench }) => {
  const result = parseWorkflow("faasflow: 1\nname: edited\ntasks:\n  a: { run: ./a.mjs }\n");
  assert.ok(result.ok);
  const versions: number[] = [];
  const choice = { storage: "faastore", partition: "faasflow-plus", workers: 1 } as const;
  const deployments = new Deployments(choice, () => undefined);
  for (const text of ["1", "1", "2"]) {
    bench.module("a.mjs", `export default () => ${text};`);
    versions.push(deployments.deploy(withModulesIn(bench.folder, result.spec)).version);
  }
  assert.equal(versions, [1, 1, 2]);
});

test("`run` that is none of these is told with its line", () => {
  const result = parseWorkflow(
    `faasflow: 1
name: runs
tasks:
  a: {run: synthetic}
  b: {run: "builtin:wordcuont/count"}
  c: {run: []}
`,
  );
  assert.not.ok(result.ok);
  const told = result.ok ? [] : result.problems.map(({ line, found }) => `${line} ${found}`);
  assert.equal(told, [
    '4 "synthetic" is not a module',
    "5 there is no builtin:wordcuont/count",
    "6 the command is empty",
  ]);
});

test.run();
