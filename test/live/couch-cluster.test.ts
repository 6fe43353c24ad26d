/** A whole cluster whose remote store is a CouchDB, and remote stores that go away under a cluster. */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { InvariantChecker } from "../../analysis/invariants.ts";
import type { Event } from "../../core/events.ts";
import { Client } from "../../live/client.ts";
import { planOf } from "../../live/deployments.ts";
import { mergeEvents } from "../../live/event-file.ts";
import { startCluster } from "../../live/local-cluster.ts";
import type { StoreChoice } from "../../live/remote-store.ts";
import { benchmarkFile, parseWorkflow } from "../../workflows/load.ts";
import { withCouch } from "./couch-bench.ts";
import { daemonProcess, inFolder } from "./storage-bench.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PATIENCE_MS = 60_000;
/** What is still said after the last finish. */
const SETTLE_MS = 500;
const WORKERS = 3;
const AWAY_MS = 2_000;

const CHAIN = `
faasflow: 1
name: chain
tasks:
  one: { sleep: 20 ms, writes: { out: 200 kB } }
  two: { sleep: 20 ms, reads: [one.out], writes: { out: 200 kB } }
  three: { sleep: 20 ms, reads: [two.out], writes: { out: 200 kB } }
`;

interface Ran {
  readonly states: readonly string[];
  readonly events: readonly Event[];
}

/** Of a listing of all documents. */
interface Row {
  readonly doc: { readonly _attachments: Readonly<Record<string, unknown>> };
}

/** Runs a workflow twice, all data in the store; `between` is done before the second time. */
function ran(
  store: StoreChoice,
  {
    text,
    name,
    folder,
  }: { readonly text: string; readonly name: string; readonly folder?: string },
  between: () => Promise<unknown>,
): Promise<Ran> {
  const program = Effect.gen(function* () {
    const cluster = yield* startCluster({
      ...{ workers: WORKERS, scheme: "worker-sp", storage: "remote", partition: "raw" },
      ...{ durable: true, store, program: PROGRAM, log: () => undefined },
    });
    const client = new Client(cluster.url, cluster.token);
    yield* client.ready(PATIENCE_MS);
    yield* client.deploy(text, folder);
    const first = yield* client.run(name, {});
    yield* Effect.promise(between);
    const second = yield* client.run(name, {});
    yield* Effect.sleep(SETTLE_MS);
    yield* cluster.stop;
    return { states: [first.state, second.state], events: mergeEvents(cluster.events) };
  });
  return Effect.runPromise(Effect.scoped(program));
}

function violations(text: string, events: readonly Event[]): readonly string[] {
  const parsed = parseWorkflow(text);
  assert.ok(parsed.ok);
  const { spec } = parsed;
  const deployment = { id: 0, version: 1, spec, partition: "raw", storage: "remote" } as const;
  const checker = new InvariantChecker({ plans: [planOf(deployment, { workers: WORKERS })] });
  for (const event of events) checker.add(event);
  return checker.finish().map(({ text: told }) => told);
}

test("wordcount over a CouchDB with shared documents finishes, and the log keeps the invariants", () =>
  withCouch(async ({ url }) => {
    const file = benchmarkFile("wordcount");
    const text = readFileSync(file, "utf8");
    const store = { tag: "couchdb", url: `${url}/faasflow`, document: "shared" } as const;
    const workflow = { text, name: "wordcount", folder: dirname(file) };
    const { states, events } = await ran(store, workflow, async () => undefined);
    assert.equal(states, ["finished", "finished"]);
    assert.equal(violations(text, events), []);
    const puts = events.filter(({ kind }) => kind === "put");
    const listed = await fetch(`${url}/faasflow/_all_docs?include_docs=true`);
    const { rows } = (await listed.json()) as { rows: readonly Row[] };
    assert.is(rows.length, 2, "an invocation is a document");
    const attachments = rows.flatMap(({ doc }) => Object.keys(doc._attachments));
    assert.ok(attachments.length >= puts.length, "all that was put is in the database");
  }));

test("an invocation accepted while CouchDB is away for 2 s finishes", () =>
  withCouch(async ({ url, away }) => {
    const store = { tag: "couchdb", url: `${url}/faasflow`, document: "per-datum" } as const;
    const workflow = { text: CHAIN, name: "chain" };
    const { states, events } = await ran(store, workflow, () => away(AWAY_MS));
    assert.equal(states, ["finished", "finished"]);
    assert.equal(violations(CHAIN, events), []);
  }));

test("an invocation accepted while the storage daemon is killed and started again finishes", () =>
  inFolder(async (dir) => {
    let daemon = await daemonProcess(dir);
    const { url } = daemon;
    let back: Promise<void> | undefined;
    const again = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      daemon = await daemonProcess(dir, Number(new URL(url).port));
    };
    try {
      const workflow = { text: CHAIN, name: "chain" };
      const { states, events } = await ran({ tag: "embedded", url }, workflow, async () => {
        const exit = once(daemon.process, "exit");
        daemon.process.kill("SIGKILL");
        await exit;
        back = again();
      });
      assert.equal(states, ["finished", "finished"]);
      assert.equal(violations(CHAIN, events), []);
    } finally {
      await back;
      daemon.process.kill("SIGKILL");
    }
  }));

test.run();
