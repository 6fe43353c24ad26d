/** What holds of a container whatever it runs in; each kind of container has a test file of its own. */

import { readFileSync, statSync } from "node:fs";
import * as assert from "uvu/assert";
import type { Bytes } from "../../core/units.ts";
import { SYNTHETIC } from "../../core/workflow/spec.ts";
import { LOG_LIMIT } from "../../live/container-protocol.ts";
import { Containers } from "../../live/containers.ts";
import type { ContainerBench } from "../fixtures/container-bench.ts";

const MEMORY = (256 * 1024 * 1024) as Bytes;

type Case = (context: { readonly bench: ContainerBench }) => Promise<void>;

/** Adds the cases to a suite (`test`) that gives each of them a bench. */
export function containerCases(test: (name: string, body: Case) => void): void {
  test("a function reads what it is given, and what it puts are files in its scratch directory", async ({
    bench,
  }) => {
    const spec = bench.module(
      "join.mjs",
      `export default async (ctx) => {
      const whole = (await ctx.get("a.text")).toString();
      const parts = await Promise.all(ctx.parts("b.list").map(async (part) => part.item + await part.read()));
      await ctx.put("all", [whole, ctx.task, ctx.item, ctx.input.greeting, ...parts].join());
      await ctx.putItems("list", ["one", Buffer.from("two"), { three: 3 }]);
      await ctx.value("score", 7);
    };`,
    );
    const id = await bench.boot(spec);
    const done = await bench.done(id, spec, {
      task: "joins",
      item: 3,
      inputs: { greeting: "hello" },
      reads: [bench.data("a.text", ["text"]), bench.data("b.list", ["x", "y"])],
      writes: [
        { name: "all", isList: false },
        { name: "list", isList: true },
        { name: "score", isList: false },
      ],
    });
    const written = done.outputs.map(({ name, files }) => [
      name,
      ...files.map(({ file }) => readFileSync(file, "utf8")),
    ]);
    assert.equal(written, [
      ["all", "text,joins,2,hello,0x,1y"],
      ["list", "one", "two", '{"three":3}'],
      ["score", "7"],
    ]);
    const sizes = done.outputs.flatMap(({ files }) => files);
    assert.ok(sizes.every(({ file, bytes }) => statSync(file).size === bytes));
    assert.is(done.values["score"], 7);
  });

  test("a warm container runs one activation after the other in the same process", async ({
    bench,
  }) => {
    const spec = bench.module(
      "count.mjs",
      "let runs = 0; export const run = async (ctx) => ctx.put('runs', ++runs);",
    );
    const id = await bench.boot(spec);
    const writes = [{ name: "runs", isList: false }];
    for (const expected of [1, 2, 3]) {
      const { values } = await bench.done(id, spec, { writes });
      assert.is(values["runs"], expected);
    }
  });

  test("an exception fails the activation, with its stack; the container goes on", async ({
    bench,
  }) => {
    const spec = bench.module(
      "throws.mjs",
      "export default async (ctx) => { if (ctx.input.bad) throw new RangeError('too big'); };",
    );
    const id = await bench.boot(spec);
    const failed = await bench.run(id, spec, { inputs: { bad: true } });
    assert.ok(failed.tag === "failed");
    assert.is(failed.message, "too big");
    assert.match(failed.stack, /RangeError: too big\n.*throws\.mjs/);
    await bench.done(id, spec);
  });

  test("an exception that the function's caller cannot see fails the activation too", async ({
    bench,
  }) => {
    const spec = bench.module(
      "stray.mjs",
      `export default (ctx) => new Promise((resolve) => {
      if (!ctx.input.bad) return resolve();
      Promise.reject(new Error("nobody waits"));
      setTimeout(resolve, 20);
    });`,
    );
    const id = await bench.boot(spec);
    const failed = await bench.run(id, spec, { inputs: { bad: true } });
    assert.ok(failed.tag === "failed");
    assert.is(failed.message, "nobody waits");
    await bench.done(id, spec);
  });

  test("where a function never ends after such an exception, the container does", async ({
    bench,
  }) => {
    const spec = bench.module(
      "never.mjs",
      `export default () => new Promise(() => {
      console.log("before");
      setTimeout(() => { throw new Error("in a timer"); }, 1);
    });`,
    );
    const id = await bench.boot(spec);
    const { activation } = bench.start(id, spec);
    const lost = await bench.next(id);
    assert.ok(lost.tag === "lost");
    assert.match(lost.message, "Error: in a timer");
    assert.is(lost.log, "before\n");
    assert.is(lost.activation, activation);
  });

  test("process.exit fails the activation and ends nothing", async ({ bench }) => {
    const exits = bench.module("exits.mjs", "export default () => { process.exit(3); };");
    const id = await bench.boot(exits);
    const failed = await bench.run(id, exits);
    assert.ok(failed.tag === "failed");
    assert.match(failed.message, "process.exit(3)");
    const returns = bench.module("returns.mjs", "export default () => undefined;");
    await bench.done(id, returns);
  });

  test("process.exit in a callback fails the activation, though nothing answers any more", async ({
    bench,
  }) => {
    const spec = bench.module(
      "exits-late.mjs",
      "export default () => new Promise(() => setTimeout(() => process.exit(0), 1));",
    );
    const id = await bench.boot(spec);
    const lost = await bench.run(id, spec);
    assert.ok(lost.tag === "lost");
    assert.match(lost.message, "process.exit(0)");
  });

  test("one that holds more than its memory is lost, and told what to do", async ({ bench }) => {
    const spec = bench.module(
      "hog.mjs",
      "export default () => { const all = []; for (;;) all.push(new Array(10_000).fill(all.length)); };",
    );
    const id = await bench.boot(spec, 64);
    const { activation } = bench.start(id, spec);
    const lost = await bench.next(id);
    assert.ok(lost.tag === "lost");
    assert.match(lost.message, /more memory than its 64 MiB: raise/);
    assert.is(lost.activation, activation);
  });

  test("buffers count as memory too", async ({ bench }) => {
    const spec = bench.module(
      "buffers.mjs",
      `export default () => new Promise((resolve) => {
      const all = Buffer.alloc(${400 * 1024 * 1024}, 1);
      setTimeout(resolve, 1e9, all);
    });`,
    );
    const id = await bench.boot(spec, 64);
    const lost = await bench.run(id, spec);
    assert.ok(lost.tag === "lost");
    assert.match(lost.message, /more memory than its 64 MiB: raise/);
  });

  test("a module that never loads is given up", async ({ bench }) => {
    const spec = bench.module(
      "waits.mjs",
      "await new Promise((resolve) => setTimeout(resolve, 1e9));",
    );
    let told: (message: string) => void;
    const message = new Promise<string>((resolve) => {
      told = resolve;
    });
    const nothing = (): void => undefined;
    const containers = new Containers(
      { ready: nothing, done: nothing, failed: nothing, lost: (_, loss) => told(loss.message) },
      { bootLimit_ms: 1_500, kind: bench.kind() },
    );
    try {
      containers.boot(0, { memory: MEMORY, files: MEMORY, function: spec });
      assert.match(await message, "It was not ready within 1.5 s");
    } finally {
      await containers.close();
    }
  });

  test("stdout, stderr and ctx.log of each activation are its log, cut at a limit", async ({
    bench,
  }) => {
    const spec = bench.module(
      "talks.mjs",
      `export default (ctx) => {
      console.log("out", ctx.input.n); console.error("err"); ctx.log("log", { a: 1 });
      if (ctx.input.n === 2) process.stdout.write("x".repeat(${LOG_LIMIT}));
    };`,
    );
    const id = await bench.boot(spec);
    const first = await bench.done(id, spec, { inputs: { n: 1 } });
    assert.is(first.log, "out 1\nerr\nlog { a: 1 }\n");
    const second = await bench.done(id, spec, { inputs: { n: 2 } });
    assert.match(second.log, /^out 2\n/);
    assert.match(second.log, /x\n\[cut: \d+ B more\]\n$/);
    assert.ok(second.log.length < LOG_LIMIT + 100);
  });

  test("a synthetic function uses CPU, sleeps and writes as many bytes as it is told", async ({
    bench,
  }) => {
    const id = await bench.boot();
    const done = await bench.done(id, SYNTHETIC, {
      compute_us: 60_000,
      sleep_us: 80_000,
      writes: [
        { name: "one", isList: false, contentBytes: 2_500_000 },
        { name: "many", isList: true, contentBytes: [10, 0, 30] },
      ],
    });
    assert.equal(
      done.outputs.map(({ files }) => files.map(({ file }) => statSync(file).size)),
      [[2_500_000], [10, 0, 30]],
    );
    assert.ok(done.compute_us >= 60_000, `${done.compute_us}`);
    assert.ok(done.sleep_us >= 70_000, `${done.sleep_us}`);
  });

  test("a container's environment has none of the worker's settings", async ({ bench }) => {
    process.env["FAASFLOW_TOKEN"] = "secret";
    try {
      const spec = bench.module(
        "env.mjs",
        "export default (ctx) => ctx.value('token', process.env.FAASFLOW_TOKEN ?? 'none');",
      );
      const id = await bench.boot(spec);
      const { values } = await bench.done(id, spec, { writes: [{ name: "token", isList: false }] });
      assert.is(values["token"], "none");
    } finally {
      delete process.env["FAASFLOW_TOKEN"];
    }
  });
}
