/** `faasflow sweep --nats` with `faasflow sweep-worker` beside it: processes around a real server. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type * as Scope from "effect/Scope";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { connect } from "../../live/nats.ts";
import { type NatsServer, startNatsServer } from "../../live/nats-server.ts";
import { programHash } from "../../sim/study-store-command.ts";
import { SWEEP_STREAM } from "../../sim/sweep-queue-command.ts";
import { builtCli, faasflow } from "../fixtures/command.ts";
import { kill, revive } from "../live/nats-cluster.ts";

/** An unlimited link among them, which JSON has no number for. */
const STUDY = `study: Shared
product:
  workflow: video
  scheme: [worker-sp, master-sp]
  bandwidth: [25MB/s, unlimited]
  rate: 6/min
  invocations: 60
  seed: [1, 2, 3, 4]
`;
const CELLS = 16;
/** A second or two each, so that one can be met in the middle. */
const LONG = STUDY.replace("60", "3000").replace("[1, 2, 3, 4]", "[1]");

class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[], nats: NatsServer) {
    this.child = spawn(process.execPath, [builtCli(), ...args, "--nats", nats.url], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, FAASFLOW_NATS_TOKEN: Redacted.value(nats.token) },
    });
    this.child.stdout?.on("data", (data) => {
      this.stdout += data;
    });
    this.child.stderr?.on("data", (data) => {
      this.stderr += data;
    });
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => resolve(code ?? signal ?? "?"));
    });
  }

  async end(signal: "SIGINT" | "SIGKILL"): Promise<number | string> {
    this.child.kill(signal);
    return this.ended;
  }
}

interface Place {
  readonly nats: NatsServer;
  readonly folder: string;
}

/** A server and a folder, gone at the end; `edit` is a sed command for the server's configuration. */
function withNats(body: (place: Place) => Effect.Effect<void, unknown, Scope.Scope>, edit = "") {
  return () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "faasflow-sweep-nats-"))),
        (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
      );
      const binary = join(folder, "nats-server");
      const script = `sed -i.bak '${edit}' "$2"; PATH="$PATH:/usr/sbin" exec nats-server "$@"`;
      writeFileSync(binary, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const directory = join(folder, "nats");
      const nats = yield* startNatsServer({ directory, ...(edit === "" ? {} : { binary }) });
      yield* body({ nats, folder });
    }).pipe(Effect.scoped, Effect.runPromise);
}

/** A process for the length of the scope. */
function started(nats: NatsServer, ...args: readonly string[]) {
  return Effect.acquireRelease(
    Effect.sync(() => new Running(args, nats)),
    (running) => Effect.promise(() => running.end("SIGKILL")),
  );
}

function study(folder: string, text: string, out: string): readonly string[] {
  const file = join(folder, "study.yaml");
  writeFileSync(file, text);
  return ["sweep", file, "--out", join(folder, out), "--threads", "1"];
}

/** A worker that takes cells. */
const startedWorker = Effect.fnUntraced(function* (nats: NatsServer) {
  const worker = yield* started(nats, "sweep-worker", "--threads", "1", "--with-parent");
  yield* until(() => worker.stderr.includes("takes cells from"), worker);
  return worker;
});

function until(holds: () => boolean, { child }: Running): Effect.Effect<void> {
  return Effect.gen(function* () {
    while (!holds() && child.exitCode === null) yield* Effect.sleep(10);
    assert.ok(holds(), "the process ended before");
  });
}

function results(folder: string, out: string): string {
  return readFileSync(join(folder, out, "results.csv"), "utf8");
}

/** As without a queue. */
function expected(folder: string, text: string): string {
  const run = faasflow(...study(folder, text, "alone"));
  assert.is(run.code, 0, run.stderr);
  return results(folder, "alone");
}

function done(folder: string, out: string): number {
  const cells = join(folder, out, "cells");
  return existsSync(cells) ? readdirSync(cells).filter((name) => /\.json$/.test(name)).length : 0;
}

/** What the server knows of stream and consumer. */
const watched = Effect.fnUntraced(function* (nats: NatsServer) {
  const credentials = { tag: "token", token: nats.token } as const;
  const link = yield* connect({ url: nats.url, name: "test", credentials });
  const { streams, consumers } = yield* Effect.promise(() => link.jetStream());
  return {
    consumer: Effect.promise(() => consumers.info(SWEEP_STREAM, programHash())),
    messages: Effect.promise(async () => (await streams.info(SWEEP_STREAM)).state.messages),
  };
});

test(
  "two workers beside it: each simulates some cells, and the results are those of a plain sweep",
  withNats(
    Effect.fnUntraced(function* ({ nats, folder }) {
      const workers = [yield* startedWorker(nats), yield* startedWorker(nats)];
      const sweep = yield* started(nats, ...study(folder, STUDY, "shared"));
      assert.is(yield* Effect.promise(() => sweep.ended), 0, sweep.stderr);
      assert.match(sweep.stdout, `${CELLS} cells: ${CELLS} simulated, 0 from before, 0 failed`);
      assert.is(results(folder, "shared"), expected(folder, STUDY));
      for (const worker of workers) {
        assert.is(yield* Effect.promise(() => worker.end("SIGINT")), 0, worker.stderr);
        assert.match(worker.stderr, /ends: [1-9]\d* cells simulated/);
      }
    }),
  ),
);

test(
  "a worker killed in the middle of a cell: the server gives it to another, and nothing is lost",
  withNats(
    Effect.fnUntraced(function* ({ nats, folder }) {
      const worker = yield* startedWorker(nats);
      const server = yield* watched(nats);
      const sweep = yield* started(nats, ...study(folder, LONG, "shared"));
      // One in the sweep's own thread, one in the worker's.
      let inHand = 0;
      while (inHand < 2 && sweep.child.exitCode === null) {
        inHand = (yield* server.consumer).num_ack_pending;
        yield* Effect.sleep(20);
      }
      yield* Effect.promise(() => worker.end("SIGKILL"));
      let redelivered = 0;
      while (redelivered === 0 && sweep.child.exitCode === null) {
        redelivered = (yield* server.consumer).num_redelivered;
        yield* Effect.sleep(20);
      }
      assert.is(yield* Effect.promise(() => sweep.ended), 0, sweep.stderr);
      assert.is(redelivered, 1);
      assert.is(results(folder, "shared"), expected(folder, LONG));
    }),
  ),
);

test(
  "a server killed and started again in the middle: sweep and worker go on",
  withNats(
    Effect.fnUntraced(function* ({ nats, folder }) {
      const worker = yield* startedWorker(nats);
      const sweep = yield* started(nats, ...study(folder, STUDY, "shared"));
      yield* until(() => done(folder, "shared") > 2, sweep);
      yield* kill(nats);
      yield* Effect.sleep("500 millis");
      yield* revive(nats);
      assert.is(yield* Effect.promise(() => sweep.ended), 0, sweep.stderr);
      assert.match(sweep.stderr, /connection to NATS at .* is back/);
      assert.match(worker.stderr, /connection to NATS at .* is back/);
      assert.is(results(folder, "shared"), expected(folder, STUDY));
    }),
  ),
);

test(
  "Ctrl-C empties the queue, and the same command goes on alone",
  withNats(
    Effect.fnUntraced(function* ({ nats, folder }) {
      const first = yield* started(nats, ...study(folder, STUDY, "shared"));
      yield* until(() => done(folder, "shared") > 2, first);
      assert.is(yield* Effect.promise(() => first.end("SIGINT")), 130);
      const kept = done(folder, "shared");
      assert.is(yield* (yield* watched(nats)).messages, 0);
      const second = yield* started(nats, ...study(folder, STUDY, "shared"), "--json");
      assert.is(yield* Effect.promise(() => second.ended), 0, second.stderr);
      const { cells } = JSON.parse(second.stdout);
      assert.equal(cells, { all: CELLS, computed: CELLS - kept, cached: kept, failed: 0 });
      assert.is(results(folder, "shared"), expected(folder, STUDY));
    }),
  ),
);

test(
  "cells that fail are told as without a queue",
  withNats(
    Effect.fnUntraced(function* ({ nats, folder }) {
      const lossy = STUDY.replace("[1, 2, 3, 4]", "1").concat(
        "  fault: [none, loss=20% no-redelivery]\n",
      );
      const sweep = yield* started(nats, ...study(folder, lossy, "shared"));
      assert.is(yield* Effect.promise(() => sweep.ended), 1);
      const alone = faasflow(...study(folder, lossy, "alone"));
      const lines = (text: string) => text.trim().split("\n").toSorted(byCode);
      assert.equal(lines(sweep.stderr), lines(alone.stderr));
      assert.is(results(folder, "shared"), results(folder, "alone"));
    }),
  ),
);

test(
  "a cell that the server would not take is refused before anything is put in",
  withNats(
    Effect.fnUntraced(function* ({ nats, folder }) {
      const sweep = yield* started(nats, ...study(folder, STUDY, "shared"));
      assert.is(yield* Effect.promise(() => sweep.ended), 2);
      assert.match(sweep.stderr, /^--nats: a cell has \d+ bytes, the server at .* takes 2\d{3}\. /);
      assert.match(sweep.stderr, "Set a higher max_payload");
      assert.is((yield* (yield* watched(nats)).consumer).delivered.stream_seq, 0);
      assert.is(yield* (yield* watched(nats)).messages, 0);
    }),
    "s/^max_payload.*/max_payload: 3000/",
  ),
);

test(
  "a server without JetStream is refused with what to start, by sweep and by worker",
  withNats(
    Effect.fnUntraced(function* ({ nats, folder }) {
      for (const args of [study(folder, STUDY, "shared"), ["sweep-worker"]]) {
        const run = yield* started(nats, ...args);
        assert.is(yield* Effect.promise(() => run.ended), 2);
        assert.match(run.stderr, /^--nats: JetStream is not ready at .*-js -sd DIRECTORY/);
      }
      assert.not(existsSync(join(folder, "shared")));
    }),
    "/jetstream/d",
  ),
);

test(
  "wrong credentials, a server that is not there and what is no address are refused",
  withNats(
    Effect.fnUntraced(function* ({ nats, folder }) {
      const args = study(folder, STUDY, "shared");
      const wrong = { ...nats, token: Redacted.make("wrong") };
      const refused = yield* started(wrong, ...args);
      assert.is(yield* Effect.promise(() => refused.ended), 2);
      assert.match(refused.stderr, /^--nats: .* refused the credentials/);
      for (const [url, problem] of [
        ["nats://127.0.0.1:1", /^--nats: no NATS server answers at .*: check the address/],
        ["http://127.0.0.1", /^--nats: .* is no address of a NATS server.*write nats:/],
      ] as const) {
        const run = faasflow(...args, "--nats", url);
        assert.is(run.code, 2);
        assert.match(run.stderr, problem);
      }
      assert.not(existsSync(join(folder, "shared")));
    }),
  ),
);

test(
  "a token for no server is refused",
  withNats(({ folder }) =>
    Effect.sync(() => {
      const run = faasflow(...study(folder, STUDY, "shared"), "--nats-token-file", "token");
      assert.is(run.code, 2);
      assert.match(run.stderr, /^--nats-token-file: /);
    }),
  ),
);

function byCode(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

test.run();
