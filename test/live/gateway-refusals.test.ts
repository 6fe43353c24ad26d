/** What a gateway does while its cluster cannot work: it refuses, and takes nothing that it would lose. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { NatsServer } from "../../live/nats-server.ts";
import { serveStorage } from "../../live/storage-server.ts";
import { answerOf } from "./gateway-cluster.ts";
import { kill, run, start } from "./nats-cluster.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const WORKFLOW = "faasflow: 1\nname: nap\ntasks:\n  a: { sleep: 1 ms }\n";

function daemon(server: NatsServer, args: readonly string[]): ChildProcess {
  const all = [...args, "--nats", server.url, "--with-parent"];
  const { FAASFLOW_HTTP_TOKEN: _, FAASFLOW_STORAGE_TOKEN: __, ...env } = process.env;
  return spawn(process.execPath, [PROGRAM, ...all], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...env, FAASFLOW_NATS_TOKEN: Redacted.value(server.token) },
  });
}

/** A daemon for the length of the scope, and the first thing in what it writes that matches. */
const started = Effect.fnUntraced(function* (
  server: NatsServer,
  args: readonly string[],
  pattern: RegExp,
) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => daemon(server, args)),
    (running) =>
      Effect.promise(async () => {
        running.kill("SIGKILL");
        if (running.exitCode === null) await once(running, "exit");
      }),
  );
  return yield* Effect.promise(
    () =>
      new Promise<string>((resolve) => {
        for (const input of [child.stdout!, child.stderr!]) {
          createInterface({ input }).on("line", (line) => {
            const [, found] = pattern.exec(line) ?? [];
            if (found !== undefined) resolve(found);
          });
        }
      }),
  );
});

/** An embedded store, as `--store` takes it. */
const store = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "faasflow-store-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
  );
  const { url } = yield* serveStorage({ host: "127.0.0.1", port: 0, dir: folder });
  return `embedded=${url}`;
});

/** For one worker that is not there. */
const gateway = Effect.fnUntraced(function* (server: NatsServer, flags: readonly string[] = []) {
  const own = ["gateway", "--http", "127.0.0.1:0", "--workers", "1", ...flags];
  const args = [...own, "--store", yield* store];
  return yield* started(server, args, /"url":"([^"]*)"/);
});

/** Such a gateway, with a workflow deployed. */
const lonelyGateway = Effect.fnUntraced(function* (server: NatsServer) {
  const url = yield* gateway(server);
  // Answered once every daemon has it, which will not be; known from the moment it is taken.
  const stop = new AbortController();
  const deploy = fetch(`${url}/v1/workflows`, {
    method: "POST",
    headers: { "content-type": "application/yaml" },
    body: WORKFLOW,
    signal: stop.signal,
  });
  deploy.catch(() => undefined);
  yield* Effect.addFinalizer(() => Effect.sync(() => stop.abort()));
  const deployed = Effect.promise(async () => {
    while ((await answerOf(`${url}/v1/workflows`)).text === "[]");
  });
  yield* deployed;
  return url;
});

function invoke(url: string) {
  return Effect.promise(() => answerOf(`${url}/v1/workflows/nap/invocations`, { method: "POST" }));
}

test(
  "with a worker missing an invocation is refused with its name, and when to ask again",
  run(
    Effect.fnUntraced(function* () {
      const url = yield* lonelyGateway(yield* start());
      const { status, problems, headers } = yield* invoke(url);
      assert.is(status, 503);
      assert.match(problems.join(), /^worker-1 is not there/);
      assert.ok(Number(headers.get("retry-after")) > 0);
      const list = yield* Effect.promise(() => answerOf(`${url}/v1/invocations`));
      assert.is(list.text, "[]");
    }),
  ),
);

test(
  "a task that needs more memory than a worker gives is refused; logs say what it gives",
  run(
    Effect.fnUntraced(function* () {
      const flags = ["--worker-memory", "100MB", "--keep-alive", "5s"];
      const url = yield* gateway(yield* start(), flags);
      const headers = { "content-type": "application/yaml" };
      const { status, problems } = yield* Effect.promise(() =>
        answerOf(`${url}/v1/workflows`, { method: "POST", headers, body: WORKFLOW }),
      );
      assert.is(status, 400);
      assert.match(problems.join(), /^task a: .* a worker gives 100000000\. Give it less memory/);
      const { text } = yield* Effect.promise(() => answerOf(`${url}/v1/log`));
      const { config } = JSON.parse(text.split("\n")[0]!);
      assert.is(config.worker_memory, 100_000_000);
      assert.is(config.keep_alive_us, 5_000_000);
    }),
  ),
);

test(
  "without NATS an invocation is refused, and health says why",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const url = yield* lonelyGateway(server);
      yield* kill(server);
      const health = () => Effect.promise(() => answerOf(`${url}/health`));
      while (!/no connection to NATS/.test((yield* health()).text)) yield* Effect.sleep(20);
      const { status, problems, headers } = yield* invoke(url);
      assert.is(status, 503);
      assert.match(problems.join(), /no connection to NATS.*start nats-server/);
      assert.ok(Number(headers.get("retry-after")) > 0);
      assert.is((yield* health()).status, 503);
    }),
  ),
);

test(
  "a worker that no gateway has welcomed says so",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const own = ["worker", "--name", "worker-1", "--http", "127.0.0.1:0"];
      const args = [...own, "--store", yield* store];
      const url = yield* started(server, args, /"url":"(http:[^"]*)".*serves \/health/);
      const { status, problems } = yield* Effect.promise(() => answerOf(`${url}/health`));
      assert.is(status, 503);
      assert.match(problems.join(), /no gateway has welcomed it/);
    }),
  ),
);

test(
  "all flags of a gateway that are wrong are told at once, with exit code 2",
  run(
    Effect.fnUntraced(function* () {
      const wrong = ["--http", "nowhere", "--workers", "0", "--max-invocations", "0"];
      const rate = ["--bandwidth", "fast"];
      const child = daemon(yield* start(), ["gateway", ...wrong, ...rate]);
      let text = "";
      child.stderr!.on("data", (chunk) => {
        text += chunk;
      });
      const [code] = yield* Effect.promise(() => once(child, "close"));
      assert.is(code, 2);
      assert.match(text, /--workers: 0\./);
      assert.match(text, /--max-invocations: 0\./);
      assert.match(text, /--http: nowhere\. Write HOST:PORT/);
      assert.match(text, /--bandwidth: "fast" is not a rate above 0\. Write a size a second/);
    }),
  ),
);

test.run();
