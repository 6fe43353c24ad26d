/**
 * `faasflow live --hosts netns` and `--bandwidth`: a cluster of hosts, and nothing of it left however
 * it ends. Needs what net-hosts.test.ts needs.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { netHostsProblems, openNetHosts } from "../../live/net-hosts.ts";
import { ableTest } from "../fixtures/able.ts";
import { until } from "./nats-cluster.ts";

const testHosts = ableTest(test, netHostsProblems());

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const LIMIT = "100 seconds";

interface Started {
  readonly child: ChildProcess;
  readonly text: () => string;
}

/** `faasflow live ARGS`, ended with the scope. */
function live(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Effect.Effect<Started, never, Scope.Scope> {
  const start = Effect.sync(() => {
    const child = spawn(process.execPath, [PROGRAM, "live", ...args], { env });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (more: string) => {
        text += more;
      });
    }
    return { child, text: () => text };
  });
  return Effect.acquireRelease(start, ({ child }) => Effect.sync(() => child.kill("SIGKILL")));
}

/** Its exit code; null if a signal ended it. */
const ended = Effect.fnUntraced(function* ({ child }: Started) {
  yield* Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void);
    child.once("close", () => resume(Effect.void));
  });
  return child.exitCode;
});

/** A cluster of one worker, up, and the process ids of its daemons by name. */
const up = Effect.fnUntraced(function* () {
  const started = yield* live(["up", "--hosts", "netns", "--workers", "1"]);
  const over = () => started.text().includes("Ctrl-C") || started.child.exitCode !== null;
  yield* until("the cluster is up", over);
  const found = started.text().matchAll(/^ {2}([\w-]+) +process (\d+)$/gm);
  const pids = new Map([...found].map(([, name, pid]) => [name!, Number(pid)]));
  assert.ok(pids.has("worker-1"), started.text());
  return { ...started, pids };
});

function namespaces({ child }: Started): readonly string[] {
  return readdirSync("/run/netns").filter((name) => name.includes(`-${child.pid}-`));
}

function alive(pids: ReadonlyMap<string, number>): readonly string[] {
  return [...pids].flatMap(([name, pid]) => {
    try {
      process.kill(pid, 0);
      return [name];
    } catch {
      return [];
    }
  });
}

function run<E>(body: () => Effect.Effect<void, E, Scope.Scope>): () => Promise<void> {
  return () => Effect.runPromise(Effect.timeout(Effect.scoped(body()), LIMIT));
}

testHosts(
  "wordcount on three workers and 50 MB/s finishes, keeps the invariants and leaves no host",
  run(
    Effect.fnUntraced(function* () {
      const cluster = ["--workers", "3", "--bandwidth", "50MB/s"];
      const started = yield* live(["run", "wordcount", "--invocations", "2", ...cluster]);
      assert.is(yield* ended(started), 0, started.text());
      assert.match(started.text(), "its invariants were checked");
      assert.equal(namespaces(started), []);
    }),
  ),
);

testHosts(
  "the gateway answers this machine, and Ctrl-C leaves neither daemon nor host",
  run(
    Effect.fnUntraced(function* () {
      const started = yield* up();
      const [, url] = /^gateway (\S+)$/m.exec(started.text()) ?? [];
      const [, token] = /^token +(\S+)$/m.exec(started.text()) ?? [];
      const headers = { authorization: `Bearer ${token}` };
      const { status } = yield* Effect.promise(() => fetch(`${url}/health`, { headers }));
      assert.is(status, 200);
      assert.is(namespaces(started).length, 3);
      started.child.kill("SIGINT");
      yield* ended(started);
      assert.equal(alive(started.pids), []);
      assert.equal(namespaces(started), []);
    }),
  ),
);

testHosts(
  "a daemon that dies ends the cluster with its name, and no host is left",
  run(
    Effect.fnUntraced(function* () {
      const started = yield* up();
      process.kill(started.pids.get("worker-1")!, "SIGKILL");
      assert.is(yield* ended(started), 1);
      assert.match(started.text(), /worker-1 ended \(SIGKILL\)/);
      assert.equal(alive(started.pids), []);
      assert.equal(namespaces(started), []);
    }),
  ),
);

testHosts(
  "when the command is killed its daemons end, and the next start removes its hosts",
  run(
    Effect.fnUntraced(function* () {
      const started = yield* up();
      started.child.kill("SIGKILL");
      yield* ended(started);
      yield* until("its daemons have ended", () => alive(started.pids).length === 0);
      assert.is(namespaces(started).length, 3);
      yield* Effect.scoped(openNetHosts({ hosts: ["storage"], bandwidth: 1e6 }));
      assert.equal(namespaces(started), []);
    }),
  ),
);

for (const [args, told] of [
  [["--bandwidth", "50MB/s", "--hosts", "loopback"], [/--bandwidth: .*nothing can shape/]],
  [
    ["--bandwidth", "fast", "--workers", "0"],
    [/--workers: 0\. /, /--bandwidth: "fast" is not a rate.*50 MB\/s/],
  ],
  [["--bandwidth", "1kB/s"], [/--bandwidth: 1kB\/s is below 100 kB\/s/]],
  [
    ["--hosts", "netns", "--store", "couchdb=http://127.0.0.1:5984/faasflow"],
    [/--store: \S+ is out of reach for daemons in network namespaces/],
  ],
] as const) {
  testHosts(
    `${args.join(" ")} is refused before anything is started`,
    run(
      Effect.fnUntraced(function* () {
        const started = yield* live(["up", ...args]);
        assert.is(yield* ended(started), 2);
        for (const pattern of told) assert.match(started.text(), pattern);
        assert.not.match(started.text(), "gateway");
      }),
    ),
  );
}

testHosts(
  "without ip and tc, what is missing is told, with where to get it",
  run(
    Effect.fnUntraced(function* () {
      const started = yield* live(["up", "--hosts", "netns"], { PATH: "" });
      assert.is(yield* ended(started), 2);
      for (const tool of ["ip", "tc"]) {
        assert.match(started.text(), `--hosts netns: there is no \`${tool}\` in the PATH`);
      }
      assert.match(started.text(), /Install iproute2/);
    }),
  ),
);

test.run();
