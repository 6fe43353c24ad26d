/** A whole cluster of real daemons on this machine: nats-server, storage, gateway, master, workers. */

import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { InvariantChecker } from "../../analysis/invariants.ts";
import { Client, type ClientError } from "../../live/client.ts";
import { planOf } from "../../live/deployments.ts";
import { mergeEvents } from "../../live/event-file.ts";
import {
  type ClusterError,
  type ClusterOptions,
  type LocalCluster,
  startCluster,
} from "../../live/local-cluster.ts";
import type { NatsServerError } from "../../live/nats-server.ts";
import { parseWorkflow } from "../../workflows/load.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PATIENCE_MS = 60_000;
/** What is still said after the last finish. */
const SETTLE_MS = 500;

const DIAMOND = `
faasflow: 1
name: diamond
tasks:
  list: { sleep: 20 ms, writes: { pages: { size: 20 kB, items: 3 } } }
  left: { sleep: 30 ms, reads: [list.pages], writes: { half: 1 MB } }
  right: { sleep: 30 ms, reads: [list.pages], writes: { half: 300 kB } }
  each: { sleep: 10 ms, reads: [list.pages], writes: { page: 5 kB } }
  last: { reads: [left.half, right.half, each.page], writes: { result: 100 } }
steps:
  - list
  - parallel:
      - left
      - right
      - foreach: { over: list.pages, steps: [each] }
  - last
`;

const SLOW_CHAIN = `
faasflow: 1
name: slow_chain
tasks:
  one: { sleep: 700 ms, writes: { out: 10 kB } }
  two: { sleep: 700 ms, reads: [one.out], writes: { out: 10 kB } }
  three: { sleep: 700 ms, reads: [two.out], writes: { out: 10 kB } }
`;

type Failure = ClusterError | NatsServerError | ClientError;

interface Running {
  readonly cluster: LocalCluster;
  readonly client: Client;
}

function refusal(request: Effect.Effect<unknown, ClientError>): Effect.Effect<string> {
  return Effect.match(request, {
    onSuccess: () => "it was served",
    onFailure: ({ status, message }) => `${status} ${message}`,
  });
}

function withCluster<A>(
  options: Pick<ClusterOptions, "scheme" | "storage" | "durable">,
  use: (running: Running) => Effect.Effect<A, Failure, Scope.Scope>,
): Promise<A> {
  const program = Effect.gen(function* () {
    const partition = options.storage === "remote" ? "raw" : "faasflow-plus";
    const log = (): void => undefined;
    const cluster = yield* startCluster({
      workers: 3,
      partition,
      program: PROGRAM,
      log,
      ...options,
    });
    const client = new Client(cluster.url, cluster.token);
    yield* client.ready(PATIENCE_MS);
    return yield* use({ cluster, client });
  });
  return Effect.runPromise(Effect.scoped(program));
}

for (const scheme of ["worker-sp", "master-sp"] as const) {
  for (const storage of ["faastore", "remote"] as const) {
    const durable = storage === "faastore";
    test(`${scheme} with ${storage}: every invocation finishes and the log keeps the invariants`, async () => {
      const parsed = parseWorkflow(DIAMOND);
      assert.ok(parsed.ok);
      const { events, states } = await withCluster(
        { scheme, storage, durable },
        ({ cluster, client }) =>
          Effect.gen(function* () {
            yield* client.deploy(DIAMOND);
            const states: string[] = [];
            for (let count = 0; count < 3; count++) {
              const { state } = yield* client.run("diamond", {});
              states.push(state);
            }
            yield* Effect.sleep(SETTLE_MS);
            yield* cluster.stop;
            return { states, events: mergeEvents(cluster.events) };
          }),
      );
      assert.equal(states, ["finished", "finished", "finished"]);
      const partition = storage === "remote" ? "raw" : "faasflow-plus";
      const deployment = { id: 0, version: 1, spec: parsed.spec, partition, storage } as const;
      const plan = planOf(deployment, { workers: 3 });
      const checker = new InvariantChecker({ plans: [plan] });
      for (const event of events) checker.add(event);
      assert.equal(
        checker.finish().map(({ text }) => text),
        [],
      );
      assert.is(events.filter(({ kind }) => kind === "complete").length, 3 * 7);
    });
  }
}

test("a worker killed in the middle of an invocation is replaced, and the invocation finishes", async () => {
  const parsed = parseWorkflow(SLOW_CHAIN);
  assert.ok(parsed.ok);
  const options = { scheme: "worker-sp", storage: "faastore", durable: true } as const;
  const { state, lost } = await withCluster(options, ({ cluster, client }) =>
    Effect.gen(function* () {
      yield* client.deploy(SLOW_CHAIN);
      const { spec } = parsed;
      const partition = "faasflow-plus";
      const deployment = { id: 0, version: 1, spec, partition, storage: "faastore" } as const;
      const plan = planOf(deployment, { workers: 3 });
      const victim = cluster.pids.get(`worker-${plan.workerOf[1]! + 1}`)!;
      const kill = Effect.delay(
        Effect.sync(() => process.kill(victim, "SIGKILL")),
        "1200 millis",
      );
      const [invocation] = yield* Effect.all([client.run("slow_chain", {}), kill], {
        concurrency: 2,
      });
      yield* cluster.stop;
      const events = mergeEvents(cluster.events);
      return { state: invocation.state, lost: events.some(({ kind }) => kind === "lost") };
    }),
  );
  assert.is(state, "finished");
  assert.ok(lost);
});

test("a wrong token, an unknown workflow and a wrong file are told in words", async () => {
  const options = { scheme: "worker-sp", storage: "faastore", durable: false } as const;
  const told = await withCluster(options, ({ cluster, client }) =>
    Effect.all([
      refusal(new Client(cluster.url, "wrong").run("diamond", {})),
      refusal(client.run("nothing", {})),
      refusal(client.deploy("faasflow: 1\nname: x\ntaks: 3\n")),
    ]),
  );
  assert.match(told[0], /^401 .*authorization: Bearer/);
  assert.match(told[1], /^404 .*Deployed: none/);
  assert.match(told[2], /^400 workflow:1:1 .*\nworkflow:3:1 .*Did you mean "tasks"/);
});

test.run();
