/** Process containers, with real child processes. */

import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SYNTHETIC } from "../../core/workflow/spec.ts";
import { ContainerBench, isAlive, waitFor } from "../fixtures/container-bench.ts";
import { containerCases } from "./container-cases.ts";

const test = suite<{ bench: ContainerBench }>("process containers");

test.before.each((context) => {
  context.bench = new ContainerBench();
});
test.after.each(({ bench }) => bench.close());

const PID = 'export default async (ctx) => { await ctx.put("pid", process.pid); };';
const WRITES_PID = { writes: [{ name: "pid", isList: false }] };

containerCases(test);

test("two containers are two processes", async ({ bench }) => {
  const spec = bench.module("pid.mjs", PID);
  const ids = await Promise.all([bench.boot(spec), bench.boot(spec)]);
  const [one, other] = await Promise.all(ids.map((id) => bench.done(id, spec, WRITES_PID)));
  assert.is.not(one!.values["pid"], other!.values["pid"]);
});

test("one that computes for ever ends when it is stopped, and no answer comes", async ({
  bench,
}) => {
  const spec = bench.module(
    "loops.mjs",
    `import { writeFileSync } from "node:fs";
    export default (ctx) => { writeFileSync(ctx.scratch + "/pid", String(process.pid)); for (;;); };`,
  );
  const id = await bench.boot(spec);
  const { scratch } = bench.start(id, spec);
  const pid = await pidIn(join(scratch, "pid"));
  bench.containers.stop(id);
  await waitFor("the looping container to end", () => !isAlive(pid));
  const other = await bench.boot();
  await bench.done(other, SYNTHETIC);
  assert.equal(bench.unasked(id), []);
});

test("one that does not heed SIGTERM is killed", async ({ bench }) => {
  const spec = bench.module(
    "stubborn.mjs",
    `import { writeFileSync } from "node:fs";
    process.on("SIGTERM", () => undefined);
    export default (ctx) => new Promise(() => writeFileSync(ctx.scratch + "/pid", String(process.pid)));`,
  );
  const id = await bench.boot(spec);
  const { scratch } = bench.start(id, spec);
  const pid = await pidIn(join(scratch, "pid"));
  bench.containers.stop(id);
  await waitFor("the stubborn container to end", () => !isAlive(pid));
});

test("one that is killed from outside is lost, idle or not", async ({ bench }) => {
  const spec = bench.module("pid.mjs", PID);
  const id = await bench.boot(spec);
  const { values } = await bench.done(id, spec, WRITES_PID);
  process.kill(Number(values["pid"]), "SIGKILL");
  const lost = await bench.next(id);
  assert.ok(lost.tag === "lost");
  assert.match(lost.message, "SIGKILL");
  assert.is(lost.activation, undefined);
});

test("a worker that is killed takes its containers and their programs with it", async ({
  bench,
}) => {
  const pids = ["loop", "program", "daemon"].map((name) => join(bench.folder, name));
  const loops = bench.module(
    "loops.mjs",
    `import { writeFileSync } from "node:fs";
    export default () => { writeFileSync(${JSON.stringify(pids[0])}, String(process.pid)); for (;;); };`,
  );
  const programs = {
    tag: "command",
    command: ["sh", "-c", `echo $$ > '${pids[1]}'; exec sleep 1000`],
  } as const;
  const daemons = bench.module("daemons.mjs", detaching(pids[2]!));
  const source = fileURLToPath(new URL("../fixtures/container-bench.ts", import.meta.url));
  const text = `import { ContainerBench } from ${JSON.stringify(source)};
    const bench = new ContainerBench();
    for (const spec of ${JSON.stringify([loops, programs, daemons])}) bench.start(await bench.boot(spec), spec);`;
  const main = join(bench.folder, "worker.mts");
  writeFileSync(main, text);
  const worker = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), main], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, TMPDIR: bench.folder },
  });
  try {
    const running = await Promise.all(pids.map(pidIn));
    worker.kill("SIGKILL");
    for (const pid of running) {
      await waitFor(`process ${pid} to end with its worker`, () => !isAlive(pid));
    }
  } finally {
    worker.kill("SIGKILL");
  }
});

test("a program that a function has put out of its process group ends with the container", async ({
  bench,
}) => {
  const file = join(bench.folder, "pid");
  const spec = bench.module("daemons.mjs", detaching(file));
  const id = await bench.boot(spec);
  await bench.done(id, spec);
  const pid = await pidIn(file);
  assert.ok(isAlive(pid));
  bench.containers.stop(id);
  await waitFor("the program to end with the container", () => !isAlive(pid));
});

/** A function that leaves a program behind, in a session of its own. */
function detaching(file: string): string {
  return `import { spawn } from "node:child_process";
    export default async () => {
      const shell = ["-c", "echo $$ > '${file}'; exec sleep 1000"];
      spawn("sh", shell, { detached: true, stdio: "ignore" }).unref();
    };`;
}

async function pidIn(file: string): Promise<number> {
  await waitFor(`a process to write ${file}`, () => existsSync(file) && statSync(file).size > 0);
  return Number(readFileSync(file, "utf8"));
}

test.run();
