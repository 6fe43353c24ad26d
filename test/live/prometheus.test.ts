/** A worker's figures, from its events. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import { partPath } from "../../live/data-name.ts";
import { Meters, storageMeters, WorkerMeters } from "../../live/prometheus.ts";
import { serveStorage } from "../../live/storage-server.ts";
import { eventAt } from "./events.ts";

const SUBJECT = { invocation: 1, task: 0, container: 4 } as const;
const LOCAL = { datum: 0, part: 0, why: "local" } as const;

/** What Prometheus would see after these events. */
async function after(...events: readonly Partial<Event>[]): Promise<(line: string) => string> {
  const meters = new Meters();
  const figures = new WorkerMeters(meters, () => 5_000);
  for (const event of events) figures.add(eventAt(0, event));
  const text = await meters.text();
  return (name) => text.split("\n").find((line) => line.startsWith(`${name} `)) ?? "none";
}

test("a process nobody asks has no figures of its own, for which it would wake all the time", async () => {
  const meters = new Meters();
  assert.not.match(await meters.text(), /process_cpu_seconds_total/);
  meters.addProcess();
  assert.match(await meters.text(), /process_cpu_seconds_total/);
});

test("a container is starting, idle, busy, and gone", async () => {
  const cold = { kind: "cold-start", container: 4 } as const;
  const steps: readonly Partial<Event>[] = [
    cold,
    { kind: "ready", container: 4 },
    { kind: "dispatch", ...SUBJECT },
    { kind: "complete", ...SUBJECT },
    { kind: "stop", container: 4 },
  ];
  const states: string[] = [];
  for (let count = 1; count <= steps.length; count++) {
    const line = await after(...steps.slice(0, count));
    const now = ["starting", "idle", "busy"].filter((state) =>
      line(`faasflow_containers{state="${state}"}`).endsWith(" 1"),
    );
    states.push(now.join());
  }
  assert.equal(states, ["starting", "idle", "busy", "idle", ""]);
});

test("a container that died while it ran does not come back with its failed attempt", async () => {
  const line = await after(
    { kind: "cold-start", container: 4 },
    { kind: "dispatch", ...SUBJECT },
    { kind: "stop", container: 4, why: "crash" },
    { kind: "fail", ...SUBJECT, why: "container" },
  );
  assert.is(line('faasflow_containers{state="idle"}'), 'faasflow_containers{state="idle"} 0');
  assert.is(
    line('faasflow_attempts_failed_total{why="container"}'),
    'faasflow_attempts_failed_total{why="container"} 1',
  );
});

test("the queue is what waits for a container", async () => {
  const line = await after(
    { kind: "queue", ...SUBJECT },
    { kind: "queue", ...SUBJECT, item: 1 },
    { kind: "dispatch", ...SUBJECT },
  );
  assert.is(line("faasflow_queue_length"), "faasflow_queue_length 1");
  assert.is(line("faasflow_activations_running"), "faasflow_activations_running 1");
});

test("local data are held from the put until they are released or evicted", async () => {
  const line = await after(
    { kind: "put", ...SUBJECT, ...LOCAL, bytes: 1_000 },
    { kind: "put", ...SUBJECT, ...LOCAL, bytes: 300, why: "remote" },
    { kind: "put", ...SUBJECT, ...LOCAL, bytes: 500 },
    { kind: "evict", datum: 0, part: 0, bytes: 500, why: "quota" },
    { kind: "get", ...SUBJECT, ...LOCAL, bytes: 1_000 },
  );
  assert.is(line("faasflow_faastore_used_bytes"), "faasflow_faastore_used_bytes 1000");
  assert.is(line("faasflow_faastore_quota_bytes"), "faasflow_faastore_quota_bytes 5000");
  const bytes = (operation: string, tier: string): string =>
    line(`faasflow_data_bytes_total{operation="${operation}",tier="${tier}"}`).replace(/.* /, "");
  assert.equal(
    [bytes("put", "local"), bytes("put", "remote"), bytes("get", "local")],
    ["1500", "300", "1000"],
  );
});

test("a storage daemon counts requests by status, and the bytes of parts both ways", async () => {
  const meters = new Meters();
  const { type } = meters;
  const figures = { type, text: () => meters.text(), answered: storageMeters(meters) };
  const dir = mkdtempSync(join(tmpdir(), "faasflow-store-"));
  const used = Effect.gen(function* () {
    const options = { host: "127.0.0.1", port: 0, dir, maxBodyBytes: 100, figures };
    const { url } = yield* serveStorage(options);
    const name = { workflow: "w", run: "r", invocation: 1, datum: "a.b", item: "" };
    const part = `${url}/parts/${encodeURI(partPath(name))}`;
    return yield* Effect.promise(async () => {
      await fetch(part, { method: "PUT", body: "x".repeat(70) });
      await fetch(part, { method: "PUT", body: "x".repeat(101) });
      await (await fetch(part)).text();
      return (await fetch(`${url}/metrics`)).text();
    });
  });
  const text = await Effect.runPromise(Effect.scoped(used));
  rmSync(dir, { recursive: true });
  assert.match(text, /^faasflow_storage_requests_total\{method="PUT",status="204"\} 1$/m);
  assert.match(text, /^faasflow_storage_requests_total\{method="PUT",status="413"\} 1$/m);
  assert.match(text, /^faasflow_storage_bytes_total\{method="PUT"\} 70$/m);
  assert.match(text, /^faasflow_storage_bytes_total\{method="GET"\} 70$/m);
});

test.run();
