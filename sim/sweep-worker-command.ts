/**
 * `faasflow sweep-worker`: takes cells of sweeps from the queue at a NATS server, as many at a time as
 * it has threads, and tells each cell's sweep what came of it. A sweep has one in its own process.
 */

import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import { counted } from "../analysis/count-text.ts";
import { DAEMON_FLAGS } from "../live/daemon-flags.ts";
import { logLine } from "../live/daemon-log.ts";
import type { Arrival, LinkState, NatsLink } from "../live/nats.ts";
import { asked } from "../live/signals.ts";
import { command } from "../workflows/command.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { CellPool } from "./cell-pool-command.ts";
import type { Simulated } from "./cell-thread-command.ts";
import type { Scenario } from "./scenario-config.ts";
import { cellKey, programHash } from "./study-store-command.ts";
import {
  ACK_WAIT_MS,
  type CellAnswer,
  type CellReport,
  connected,
  decode,
  encode,
  ensureQueue,
  maxBytes,
  nobody,
  openQueue,
  type QueuedCell,
  request,
  SWEEP_STREAM,
} from "./sweep-queue-command.ts";

/** How often the server hears that a cell is still being worked on. */
const PULSE_MS = ACK_WAIT_MS / 3;
/** A thread with nothing to do asks anew after this. */
const PULL_MS = 20_000;
const ANSWER_MS = 5_000;
const RETRY_MS = 500;
const FLUSH_MS = 2_000;
const NANOS = 1e6;
/** The time of a pull is over. */
const NONE_NOW = 408;

const MAX_THREADS = 256;

export const THREADS_FLAG = Flag.Int("threads").pipe(
  Flag.withDefault(availableParallelism()),
  Flag.withDescription("cells simulated at the same time; default: one a core"),
);

export function threadProblems(threads: number): readonly string[] {
  if (threads >= 1 && threads <= MAX_THREADS) return [];
  return [`--threads: ${threads}. Give a whole number from 1 to ${MAX_THREADS}.`];
}

export const SWEEP_WORKER_FLAGS = {
  nats: DAEMON_FLAGS.nats,
  natsTokenFile: DAEMON_FLAGS.natsTokenFile,
  threads: THREADS_FLAG,
  config: DAEMON_FLAGS.config,
  withParent: DAEMON_FLAGS.withParent,
};

export const sweepWorkerCommand = command(
  "sweep-worker",
  SWEEP_WORKER_FLAGS,
  Effect.fn("sweepWorker")(function* ({ threads, withParent, ...server }) {
    const problems = threadProblems(threads);
    if (problems.length > 0) return yield* new UsageErrors({ problems });
    const end = asked(withParent);
    const program = programHash();
    const link = yield* openQueue(server, program);
    const say = (text: string): void => logLine({}, text);
    const worker = yield* startWorker(link, { program, threads, say });
    say(`takes cells from ${link.address}, ${threads} at a time, program ${program}`);
    yield* Effect.raceFirst(worker.failure, end);
    yield* Effect.promise(() => worker.end());
    say(`ends: ${counted(worker.simulated, "cell")} simulated, ${worker.givenBack} given back`);
  }, Effect.scoped),
).pipe(
  Command.withDescription("Simulate cells for `faasflow sweep --nats` on other machines"),
  Command.withExamples([
    {
      command: "faasflow sweep-worker --nats nats://10.0.0.1:4222",
      description:
        "on all cores, until Ctrl-C, for all sweeps there of the same version of faasflow",
    },
  ]),
);

interface WorkerOptions {
  readonly program: string;
  readonly threads: number;
  /** What becomes of the connection. */
  readonly say: (text: string) => void;
}

/** With threads of its own; both end with the scope. */
export const startWorker = Effect.fnUntraced(function* (link: NatsLink, options: WorkerOptions) {
  const pool = yield* Effect.acquireRelease(
    Effect.sync(() => new CellPool(options.threads)),
    (opened) => Effect.promise(() => opened.close()),
  );
  const simulate = (scenario: Scenario) => pool.measure({ tag: "scenario", scenario });
  return yield* Effect.acquireRelease(
    Effect.sync(() => new SweepWorker(link, { ...options, simulate })),
    (worker) => Effect.promise(() => worker.end()),
  );
});

/** What is said to the server of a cell; the last: give it to nobody any more. */
type Verdict = "+ACK" | "-NAK" | "+TERM";

interface SweepWorkerOptions extends WorkerOptions {
  readonly simulate: (scenario: Scenario) => Promise<Simulated>;
}

export class SweepWorker {
  /** Fails when this process must not go on; never ends before. */
  readonly failure: Effect.Effect<never, UsageErrors>;
  readonly #link: NatsLink;
  readonly #options: SweepWorkerOptions;
  readonly #failed: Deferred.Deferred<never, UsageErrors>;
  readonly #unwatch: () => void;
  /** Where cells that it works on are acknowledged, and what tells the server that it does. */
  readonly #inHand: Map<string, ReturnType<typeof setInterval>>;
  /** The last line about the connection. */
  #said: string;
  #open: boolean;
  #simulated: number;
  #givenBack: number;

  /** Begins at once. */
  constructor(link: NatsLink, options: SweepWorkerOptions) {
    this.#link = link;
    this.#options = options;
    this.#failed = Deferred.makeUnsafe();
    this.failure = Deferred.await(this.#failed);
    this.#unwatch = link.watch((state) => this.#note(state));
    this.#inHand = new Map();
    this.#said = "";
    this.#open = true;
    this.#simulated = 0;
    this.#givenBack = 0;
    for (let thread = 0; thread < options.threads; thread++) void this.#serve();
  }

  get simulated(): number {
    return this.#simulated;
  }

  get givenBack(): number {
    return this.#givenBack;
  }

  /** Takes no more, and gives back what is not done: others get it at once. */
  async end(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#unwatch();
    for (const reply of this.#inHand.keys()) this.#settle(reply, "-NAK");
    if (!this.#link.connected()) return;
    await Promise.race([this.#link.flush().catch(() => undefined), sleep(FLUSH_MS)]);
  }

  /** One thread's work, cell after cell. */
  async #serve(): Promise<void> {
    while (this.#open) {
      const cell = await this.#next();
      if (cell === undefined) continue;
      const pulse = setInterval(() => this.#link.publish(cell.reply, "+WPI"), PULSE_MS);
      this.#inHand.set(cell.reply, pulse);
      // One that came while this worker ends goes back.
      this.#settle(cell.reply, this.#open ? await this.#work(cell) : "-NAK");
    }
  }

  /** The next cell; undefined: none yet. */
  async #next(): Promise<Arrival | undefined> {
    await connected(this.#link);
    const { program } = this.#options;
    const answer = await request(this.#link, {
      to: `$JS.API.CONSUMER.MSG.NEXT.${SWEEP_STREAM}.${program}`,
      text: JSON.stringify({ batch: 1, expires: PULL_MS * NANOS }),
      millis: PULL_MS + ANSWER_MS,
    });
    if (answer === undefined || answer.status === 0) return answer;
    if (answer.status === NONE_NOW) return undefined;
    // Somebody has deleted it, or the server is not ready: what fails is tried again.
    if (nobody(answer)) await ensureQueue(this.#link, program).catch(() => undefined);
    await sleep(RETRY_MS);
    return undefined;
  }

  async #work({ data }: Arrival): Promise<Verdict> {
    const { program } = this.#options;
    const cell = readCell(data);
    if (cell === undefined) return "+TERM";
    const { key, scenario, sweep } = cell;
    const wanted = await this.#tell(sweep, { key });
    if (wanted !== true) return this.#verdict(wanted);
    const outcome =
      cellKey(program, scenario) === key
        ? await this.#outcome(scenario)
        : failed("the cell did not come as it was sent");
    if (!isProgram(program)) {
      this.#fail("faasflow was changed on the disk while this process ran. Start it again.");
      return "-NAK";
    }
    this.#simulated++;
    return this.#verdict(await this.#tell(sweep, { key, outcome }));
  }

  #verdict(wanted: boolean | undefined): Verdict {
    // The sweep is gone: it will put the cell in again when it goes on.
    return wanted === undefined ? "+TERM" : wanted ? "-NAK" : "+ACK";
  }

  async #outcome(scenario: Scenario): Promise<Simulated> {
    try {
      const outcome = await this.#options.simulate(scenario);
      const bytes = Buffer.byteLength(encode({ key: "", outcome }));
      if (bytes <= maxBytes(this.#link)) return outcome;
      return failed(`its result has ${bytes} bytes, more than the NATS server takes`);
    } catch (cause) {
      return failed((cause as Error).message);
    }
  }

  /** Whether the sweep wants the cell; undefined: there is no such sweep. */
  async #tell(sweep: string, report: CellReport): Promise<boolean | undefined> {
    const text = encode(report);
    for (;;) {
      await connected(this.#link);
      const answer = await request(this.#link, { to: sweep, text, millis: ANSWER_MS });
      if (nobody(answer)) return undefined;
      if (answer !== undefined) return decode<CellAnswer>(answer.data).wanted;
      await sleep(RETRY_MS);
    }
  }

  #settle(reply: string, verdict: Verdict): void {
    clearInterval(this.#inHand.get(reply));
    if (!this.#inHand.delete(reply)) return;
    if (verdict === "-NAK") this.#givenBack++;
    this.#link.publish(reply, verdict);
  }

  #note(state: LinkState): void {
    const { address } = this.#link;
    switch (state.tag) {
      case "down":
        this.#say(`the connection to NATS at ${address} is lost, trying to get it back`);
        return;
      case "up":
        this.#say(`the connection to NATS at ${address} is back`);
        return;
      case "refused":
        this.#say(`NATS refuses: ${state.cause.message}`);
        return;
      case "closed":
        this.#fail(`the connection to NATS at ${address} is closed. Start this again.`);
        return;
      default:
        state satisfies never;
    }
  }

  /** What is refused is refused at each attempt: once is enough. */
  #say(text: string): void {
    if (text !== this.#said) this.#options.say(text);
    this.#said = text;
  }

  #fail(problem: string): void {
    Deferred.doneUnsafe(this.#failed, Effect.fail(new UsageErrors({ problems: [problem] })));
  }
}

/** Undefined: this is none, and will never be one. */
function readCell(data: Uint8Array): QueuedCell | undefined {
  try {
    return decode<QueuedCell>(data);
  } catch {
    return undefined;
  }
}

function failed(why: string): Simulated {
  return { rows: [], wrong: [why] };
}

/** Threads load it when they start: an update in place would go unnoticed. */
function isProgram(program: string): boolean {
  try {
    return programHash() === program;
  } catch {
    return false;
  }
}
