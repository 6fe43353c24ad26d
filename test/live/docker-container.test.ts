/** Docker containers, of a real engine that is started for this file. */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { dockerReady, openDocker } from "../../live/docker-container.ts";
import { LocalFiles } from "../../live/local-files.ts";
import { ableTest } from "../fixtures/able.ts";
import { faasflow } from "../fixtures/command.ts";
import { ContainerBench, isAlive, waitFor } from "../fixtures/container-bench.ts";
import { dockerIn } from "../fixtures/docker-bench.ts";
import { containerCases } from "./container-cases.ts";
import { startTestEngine } from "./docker-engine.ts";

const testEngine = await startTestEngine();
const test = suite<{ bench: ContainerBench }>("Docker containers");

// Where no engine can be started the whole file is one skipped test, and says why.
ableTest(test, testEngine.tag === "none" ? [testEngine.problem] : [])(
  "an engine was started for these tests",
  () => assert.is(testEngine.tag, "running"),
);

if (testEngine.tag === "running") {
  const { socket, stop } = testEngine;
  const before = process.env["DOCKER_HOST"];
  process.env["DOCKER_HOST"] = `unix://${socket}`;
  const { engine, image } = await dockerReady(undefined);
  test.before.each((context) => {
    context.bench = new ContainerBench((folder) => dockerIn(folder, { engine, image }));
  });
  test.after.each(({ bench }) => bench.close());
  test.after(async () => {
    // Other test files of this process are not to find it.
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
    await stop();
  });

  containerCases(test);

  const OUT = { writes: [{ name: "out", isList: false }] };
  const count = async (): Promise<number> => (await engine.list("faasflow.owner")).length;

  test("the image is loaded once, and found again by its content", async () => {
    assert.match(image, /^faasflow-node:[0-9a-f]{16}$/);
    assert.is((await dockerReady(undefined)).image, image);
    assert.is((await dockerReady(image)).image, image);
  });

  test("an image that the engine has not is refused", async () => {
    const refused = await dockerReady("no-such:1").catch((error: Error) => error.message);
    assert.match(refused as string, "--image: the engine has no image no-such:1. Get it with");
  });

  test("an image of the user's own is taken if it has Node", async () => {
    const path = `/images/${image}/tag?repo=own&tag=1`;
    const tagged = await new Promise<number | undefined>((resolve, reject) => {
      const options = { socketPath: socket, method: "POST", path };
      const asked = request(options, (answer) => resolve(answer.resume().statusCode));
      asked.on("error", reject).end();
    });
    assert.is(tagged, 201);
    assert.is((await dockerReady("own:1")).image, "own:1");
    assert.is(await count(), 0);
  });

  test("an image without Node is refused, with what it said", async () => {
    await engine.importImage("empty", "1", Readable.from([Buffer.alloc(1024)]));
    const refused = await dockerReady("empty:1").catch((error: Error) => error.message);
    assert.match(refused as string, /^--image: empty:1 has no Node .*executable file not found/);
    assert.is(await count(), 0);
  });

  test("only scratch can be written: not the data it reads, its own module, the program", async ({
    bench,
  }) => {
    const spec = bench.module(
      "writes.mjs",
      `import { writeFileSync } from "node:fs";
      const tried = (path) => { try { writeFileSync(path, "x"); return "written"; } catch (e) { return e.code; } };
      export default (ctx) => ctx.put("out", [ctx.path("a.text"), import.meta.filename,
        "/faasflow/dist/cli.js", "/new", ctx.scratch + "/new"].map(tried));`,
    );
    const id = await bench.boot(spec);
    const reads = [bench.data("a.text", ["text"])];
    const { outputs } = await bench.done(id, spec, { reads, ...OUT });
    const tried = JSON.parse(readFileSync(outputs[0]!.files[0]!.file, "utf8"));
    assert.equal(tried, ["EROFS", "EROFS", "EROFS", "EROFS", "written"]);
  });

  test("there is no network but its own loopback, and nothing else of the host", async ({
    bench,
  }) => {
    const spec = bench.module(
      "looks.mjs",
      `import { networkInterfaces } from "node:os";
      import { existsSync } from "node:fs";
      export default (ctx) => ctx.put("out", [Object.keys(networkInterfaces()),
        ["/etc/shadow", "/bin/sh", "/root"].filter((path) => existsSync(path))]);`,
    );
    const id = await bench.boot(spec);
    const { outputs } = await bench.done(id, spec, OUT);
    assert.equal(JSON.parse(readFileSync(outputs[0]!.files[0]!.file, "utf8")), [["lo"], []]);
  });

  test("one that computes for ever, or does not heed SIGTERM, is removed when it is stopped", async ({
    bench,
  }) => {
    const spec = bench.module(
      "stubborn.mjs",
      `import { writeFileSync } from "node:fs";
      process.on("SIGTERM", () => undefined);
      export default async (ctx) => {
        writeFileSync(ctx.scratch + "/runs", "");
        while (ctx.input.loops) ;
        await new Promise(() => undefined);
      };`,
    );
    const ids = await Promise.all([bench.boot(spec), bench.boot(spec)]);
    for (const [index, id] of ids.entries()) {
      const { scratch } = bench.start(id, spec, { inputs: { loops: index === 0 } });
      await waitFor("it to run", () => existsSync(join(scratch, "runs")));
    }
    assert.is(await count(), 2);
    for (const id of ids) bench.containers.stop(id);
    await bench.containers.close();
    assert.is(await count(), 0);
    assert.equal(
      ids.flatMap((id) => bench.unasked(id)),
      [],
    );
  });

  test("files that it wrote count as its memory beyond what the local store may hold of it", async () => {
    const shared = new ContainerBench((folder) => dockerIn(folder, { engine, image }), "/dev/shm");
    try {
      const spec = shared.module(
        "files.mjs",
        `import { appendFileSync } from "node:fs";
        const piece = Buffer.alloc(2 ** 20, 1);
        export default (ctx) => {
          for (let n = 0; n < ctx.input.mib; n++) appendFileSync(ctx.scratch + "/large", piece);
        };`,
      );
      const id = await shared.boot(spec, 64);
      await shared.done(id, spec, { inputs: { mib: 80 } });
      const lost = await shared.run(id, spec, { inputs: { mib: 400 } });
      assert.ok(lost.tag === "lost");
      assert.match(lost.message, /more memory than its 64 MiB: raise/);
    } finally {
      await shared.close();
    }
  });

  test("one that is killed from outside is lost", async ({ bench }) => {
    const id = await bench.boot();
    const [found] = await engine.list("faasflow.owner");
    await engine.kill(found!.Id, "SIGKILL");
    const lost = await bench.next(id);
    assert.ok(lost.tag === "lost");
    assert.match(lost.message, "SIGKILL");
  });

  test("a container that the engine refuses is lost, with the engine's reason", async ({
    bench,
  }) => {
    const containers = new ContainerBench((folder) =>
      dockerIn(folder, { engine, image: "none:1" }),
    );
    try {
      const told = await containers.boot().catch((error: Error) => error.message);
      assert.match(told as unknown as string, /Docker: .*none:1/);
    } finally {
      await containers.close();
    }
    assert.equal(bench.unasked(0), []);
  });

  test("a killed worker's containers end at once, and the next worker removes them", async ({
    bench,
  }) => {
    const loops = bench.module("loops.mjs", "export default () => { for (;;); };");
    const fixtures = new URL("../fixtures/", import.meta.url);
    const main = join(bench.folder, "worker.mts");
    writeFileSync(
      main,
      `import { ContainerBench } from ${JSON.stringify(fileURLToPath(new URL("container-bench.ts", fixtures)))};
      import { dockerIn } from ${JSON.stringify(fileURLToPath(new URL("docker-bench.ts", fixtures)))};
      import { dockerReady } from ${JSON.stringify(fileURLToPath(new URL("../../live/docker-container.ts", import.meta.url)))};
      const ready = await dockerReady(undefined);
      // Slow to say which process it is: no function is to run before the guard knows.
      const { engine } = ready, inspect = engine.inspect.bind(engine);
      engine.inspect = (id) => new Promise((resolve) => setTimeout(resolve, 500)).then(() => inspect(id));
      const bench = new ContainerBench((folder) => dockerIn(folder, ready));
      const spec = ${JSON.stringify(loops)};
      bench.start(await bench.boot(spec), spec);
      bench.start(await bench.boot(spec), spec);
      process.stdout.write("running");`,
    );
    const worker = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), main], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: bench.folder },
    });
    try {
      await new Promise((resolve) => worker.stdout.once("data", resolve));
      const left = await engine.list("faasflow.owner");
      const pids = await Promise.all(left.map(async ({ Id }) => (await engine.inspect(Id)).Pid));
      assert.ok(pids.length === 2 && pids.every(isAlive));
      worker.kill("SIGKILL");
      for (const pid of pids) await waitFor("a container to end", () => !isAlive(pid));
      await waitFor("the worker to end", () => !isAlive(worker.pid!));
    } finally {
      worker.kill("SIGKILL");
    }
    const store = mkdtempSync(join(bench.folder, "store-"));
    const next = await Effect.runPromise(openDocker(new LocalFiles(store), image));
    await next.close();
    assert.is(await count(), 0);
  });

  test("a cluster of two workers with Docker containers counts words", async () => {
    const { stdout, stderr, code } = faasflow(
      ...["live", "run", "wordcount", "--containers", "docker"],
      ...["--workers", "2", "--invocations", "2"],
    );
    assert.is(code, 0, stderr);
    assert.match(stderr, /invocation 1: \d/);
    assert.match(stdout, '"top":[["the",43404]');
    assert.match(stdout, "its invariants were checked");
    assert.is(await count(), 0);
  });

  test("a program that the image has not is told of before anything starts", async () => {
    const { stderr, code } = faasflow("live", "run", "video", "--containers", "docker");
    assert.is(code, 2);
    assert.match(stderr, /^ffmpeg, which upload, .* is not in the image that faasflow makes/);
  });
}

test("where no engine answers, a worker is refused with the reason and what to do", () => {
  const { stderr, code } = withHost("unix:///nowhere/docker.sock", () =>
    faasflow("worker", "--name", "worker-1", "--containers", "docker"),
  );
  assert.is(code, 2);
  assert.match(stderr, "no Docker engine answers at /nowhere/docker.sock (connect ENOENT");
  assert.match(stderr, "or use --containers process");
});

test("an engine of another machine is refused", () => {
  const { stderr, code } = withHost("tcp://host", () =>
    faasflow("worker", "--name", "worker-1", "--containers", "docker"),
  );
  assert.is(code, 2);
  assert.match(stderr, "DOCKER_HOST is tcp://host: data go through shared memory");
});

test("an image that nothing reads is refused", () => {
  const { stderr, code } = faasflow("worker", "--name", "worker-1", "--image", "node:22");
  assert.is(code, 2);
  assert.match(stderr, "--image: nothing reads it without --containers docker");
});

/** Runs it with this DOCKER_HOST. */
function withHost<A>(host: string, act: () => A): A {
  const before = process.env["DOCKER_HOST"];
  process.env["DOCKER_HOST"] = host;
  try {
    return act();
  } finally {
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
  }
}

test.run();
