/** Cells of a sweep in a queue at a real nats-server: who takes them, and what counts. */

import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { NatsLink } from "../../live/nats.ts";
import { PreparedScenario, type Scenario, wrongWith } from "../../sim/scenario-config.ts";
import { cellKey, programHash } from "../../sim/study-store-command.ts";
import { SweepQueue } from "../../sim/sweep-coordinator-command.ts";
import {
  type CellAnswer,
  decode,
  encode,
  ensureQueue,
  type KeyedCell,
  type QueuedCell,
  request,
  SWEEP_STREAM,
} from "../../sim/sweep-queue-command.ts";
import { SweepWorker } from "../../sim/sweep-worker-command.ts";
import { builtCli } from "../fixtures/command.ts";
import { scenarioOf } from "../fixtures/scenario.ts";
import { link, run, start } from "../live/nats-cluster.ts";

const OUTCOME = { rows: [], wrong: [] };
/** Shorter than what the server waits for a worker that has died. */
const SHORT_MS = 5_000;
const NANOS = 1e6;

interface Queued {
  readonly link: NatsLink;
  readonly queue: SweepQueue;
  readonly program: string;
}

const queued = Effect.gen(function* (): Effect.fn.Return<Queued, unknown, Scope.Scope> {
  builtCli();
  const program = programHash();
  const connection = yield* link(yield* start());
  yield* Effect.promise(() => ensureQueue(connection, program));
  const queue = yield* Effect.acquireRelease(
    Effect.sync(() => new SweepQueue(connection, { program, say: () => undefined })),
    (opened) => Effect.promise(() => opened.close()),
  );
  return { link: connection, queue, program };
});

function cells(program: string, count: number): readonly KeyedCell[] {
  return Array.from({ length: count }, (_, index) => {
    const scenario = { ...scenarioOf(["video"]), seed: `${index}` };
    return { key: cellKey(program, scenario), scenario };
  });
}

async function simulate(scenario: Scenario) {
  const outcome = new PreparedScenario(scenario).simulate({ check: false, event: undefined });
  return { rows: outcome.rows, wrong: wrongWith(outcome) };
}

function worker(of: Queued, how: Partial<ConstructorParameters<typeof SweepWorker>[1]> = {}) {
  const usual = { program: of.program, threads: 1, say: () => undefined, simulate };
  return Effect.acquireRelease(
    Effect.sync(() => new SweepWorker(of.link, { ...usual, ...how })),
    (opened) => Effect.promise(() => opened.end()),
  );
}

/** What a worker does to get a cell; undefined: there was none. */
async function pull({ link: connection, program }: Queued): Promise<QueuedCell | undefined> {
  const answer = await request(connection, {
    to: `$JS.API.CONSUMER.MSG.NEXT.${SWEEP_STREAM}.${program}`,
    text: JSON.stringify({ batch: 1, expires: SHORT_MS * NANOS }),
    millis: 2 * SHORT_MS,
  });
  return answer?.status === 0 ? decode<QueuedCell>(answer.data) : undefined;
}

async function tell(connection: NatsLink, { sweep, key }: QueuedCell, outcome?: typeof OUTCOME) {
  const text = encode({ key, ...(outcome === undefined ? {} : { outcome }) });
  const answer = await request(connection, { to: sweep, text, millis: SHORT_MS });
  return decode<CellAnswer>(answer!.data).wanted;
}

async function inStream({ link: connection, queue }: Queued): Promise<number> {
  const { streams } = await connection.jetStream();
  const { state } = await streams.info(SWEEP_STREAM, { subjects_filter: queue.subject });
  return state.subjects?.[queue.subject] ?? 0;
}

test(
  "a worker of another program takes nothing",
  run(
    Effect.fnUntraced(function* () {
      const all = yield* queued;
      const other = yield* worker(all, { program: "another" });
      yield* Effect.promise(() => ensureQueue(all.link, "another"));
      const same = yield* worker(all);
      const told: unknown[] = [];
      const measured = cells(all.program, 4).map((cell) =>
        all.queue.measure(cell, (outcome) => void told.push(outcome)),
      );
      yield* Effect.promise(() => Promise.all(measured));
      assert.is(told.length, 4);
      assert.equal([same.simulated, other.simulated, other.givenBack], [4, 0, 0]);
    }),
  ),
);

test(
  "a cell that is told twice counts once, and is wanted until then",
  run(
    Effect.fnUntraced(function* () {
      const all = yield* queued;
      let told = 0;
      const [cell] = cells(all.program, 1);
      const measured = all.queue.measure(cell!, () => void told++);
      const taken = yield* Effect.promise(() => pull(all));
      assert.is(taken?.key, cell!.key);
      const answers: boolean[] = [];
      for (const outcome of [undefined, OUTCOME, OUTCOME, undefined]) {
        answers.push(yield* Effect.promise(() => tell(all.link, taken!, outcome)));
      }
      yield* Effect.promise(() => measured);
      assert.equal(answers, [true, false, false, false]);
      assert.is(told, 1);
    }),
  ),
);

test(
  "a worker that ends gives its cell back at once",
  run(
    Effect.fnUntraced(function* () {
      const all = yield* queued;
      const [cell] = cells(all.program, 1);
      let begun = () => {};
      const begins = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const forEver = () => {
        begun();
        return new Promise<never>(() => undefined);
      };
      const ending = yield* worker(all, { simulate: forEver });
      void all.queue.measure(cell!, () => undefined);
      yield* Effect.promise(() => begins);
      yield* Effect.promise(() => ending.end());
      assert.is(ending.givenBack, 1);
      assert.is((yield* Effect.promise(() => pull(all)))?.key, cell!.key);
    }),
  ),
);

test(
  "a worker whose program was changed on the disk tells nothing of its cell, and fails",
  run(
    Effect.fnUntraced(function* () {
      const { link: connection } = yield* queued;
      // What it was when the worker started; it is another now.
      const program = "before";
      yield* Effect.promise(() => ensureQueue(connection, program));
      const queue = new SweepQueue(connection, { program, say: () => undefined });
      const outdated = yield* worker({ link: connection, queue, program });
      let told = 0;
      void queue.measure(cells(program, 1)[0]!, () => void told++);
      const { message } = yield* Effect.flip(outdated.failure);
      yield* Effect.promise(() => outdated.end());
      yield* Effect.promise(() => queue.close());
      assert.match(message, /was changed on the disk.*Start it again/);
      assert.equal([told, outdated.simulated], [0, 0]);
      assert.ok(outdated.givenBack > 0);
    }),
  ),
);

test(
  "a cell whose sweep is gone is taken out, and not simulated",
  run(
    Effect.fnUntraced(function* () {
      const all = yield* queued;
      const [orphan, cell] = cells(all.program, 2);
      const text = encode({ ...orphan!, sweep: all.link.inbox() });
      yield* Effect.promise(() =>
        request(all.link, { to: all.queue.subject, text, millis: SHORT_MS }),
      );
      assert.is(yield* Effect.promise(() => inStream(all)), 1);
      const taking = yield* worker(all);
      yield* Effect.promise(() => all.queue.measure(cell!, () => undefined));
      while ((yield* Effect.promise(() => inStream(all))) > 0) yield* Effect.sleep(20);
      assert.is(taking.simulated, 1);
    }),
  ),
);

test(
  "what the queue has lost is put in again",
  run(
    Effect.fnUntraced(function* () {
      const all = yield* queued;
      const keys = cells(all.program, 2).map((cell) => {
        void all.queue.measure(cell, () => undefined);
        return cell.key;
      });
      const count = Effect.promise(() => inStream(all));
      while ((yield* count) < keys.length) yield* Effect.sleep(20);
      const { streams } = yield* Effect.promise(() => all.link.jetStream());
      yield* Effect.promise(() => streams.purge(SWEEP_STREAM));
      assert.is(yield* count, 0);
      while ((yield* count) < keys.length) yield* Effect.sleep(100);
      const taken = [
        yield* Effect.promise(() => pull(all)),
        yield* Effect.promise(() => pull(all)),
      ];
      assert.equal(new Set(taken.map((each) => each?.key)), new Set(keys));
    }),
  ),
);

test(
  "a sweep that ends leaves nothing in the queue",
  run(
    Effect.fnUntraced(function* () {
      const all = yield* queued;
      for (const cell of cells(all.program, 3)) void all.queue.measure(cell, () => undefined);
      while ((yield* Effect.promise(() => inStream(all))) < 3) yield* Effect.sleep(20);
      yield* Effect.promise(() => all.queue.close());
      assert.is(yield* Effect.promise(() => inStream(all)), 0);
    }),
  ),
);

test("infinity, and texts that look like it, come as they were sent", () => {
  const base = scenarioOf(["video"]);
  const network = { ...base.profile.network, storage_link: Number.POSITIVE_INFINITY };
  const scenario = {
    ...base,
    profile: { ...base.profile, network },
    references: ["∞", "∞∞", "∞Infinity", "unlimited", "Infinity"],
  };
  const sent = { key: "k", sweep: "s", scenario };
  const come = decode<QueuedCell>(Buffer.from(encode(sent)));
  assert.is(come.scenario.profile.network.storage_link, Number.POSITIVE_INFINITY);
  assert.equal(come.scenario.references, scenario.references);
  assert.is(encode(come), encode(sent));
});

test.run();
