/**
 * The port of the core, in virtual time. `LiveEnv` is its twin: the same interface over a real
 * clock, NATS, containers and stores.
 *
 * What a machine wants sent, or run next, waits until its input is handled. Then each request takes
 * the engine's loop; and first the engine asks the remote store for what its protocol says: the
 * gateway before each start task, the master before each placement, and a worker notes the end of a
 * function before whatever follows from it.
 */

import type {
  BootRequest,
  DropRequest,
  Env,
  GetRequest,
  Input,
  PutRequest,
  Stage,
  StartRequest,
  Timer,
} from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { invariant } from "../core/invariant.ts";
import { GATEWAY, type NodeId } from "../core/node.ts";
import type { Message } from "../core/protocol.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import { isFirstBody, isRequest } from "./control-plane.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { Kernel, Step } from "./kernel.ts";
import type { EngineProtocol } from "./protocols.ts";
import type { Notes, StoreClient } from "./store-operation.ts";
import type { Transport } from "./transport.ts";
import type { WorkerHost } from "./worker-host.ts";

export interface SimEnvParts {
  readonly kernel: Kernel;
  readonly node: NodeId;
  readonly loop: EngineLoop;
  readonly transport: Transport;
  readonly protocol: EngineProtocol;
  /** Begins look-ups and records of this engine at the remote store. */
  readonly note: (notes: Notes, client: StoreClient) => void;
  /** Of a worker; undefined for gateway and master, which run nothing. */
  readonly host: WorkerHost | undefined;
  readonly recorder: Recorder;
}

/**
 * Takes each event. An object: with a closure made anew for each run, all that emits would be compiled
 * again in the second run.
 */
export interface Recorder {
  record(event: Event): void;
}

/** What a machine wants to go out: a message, or a task that is to run. */
type Asked = Message | RunTimer;

type RunTimer = Extract<Timer, { readonly tag: "run" }>;

/** Token of what nobody takes back: a task that is to run, a look at idle containers. */
const NEVER_CANCELLED = -1;

const A_LOOK_UP: Notes = { lookUps: 1, records: 0 };
const A_RECORD: Notes = { lookUps: 0, records: 1 };

export class SimEnv implements Env, Stage {
  readonly #parts: SimEnvParts;
  /** Of the input that is being handled: what is to go out, and whether a function has ended. */
  readonly #asked: Asked[];
  /** To whom the messages among it go. */
  readonly #to: NodeId[];
  /** The first so many count: cutting the lists would free their memory each time. */
  #count: number;
  #ended: boolean;
  /** False once the machine it served has crashed: what that machine set going is void. */
  #alive: boolean;

  constructor(parts: SimEnvParts) {
    this.#parts = parts;
    this.#asked = [];
    this.#to = [];
    this.#count = 0;
    this.#ended = false;
    this.#alive = true;
  }

  kill(): void {
    this.#alive = false;
  }

  get alive(): boolean {
    return this.#alive;
  }

  now(): Micros {
    return this.#parts.kernel.now;
  }

  send(to: NodeId, message: Message): void {
    this.#ask(message, to);
  }

  timer(delay: Micros, timer: Timer): number {
    const { kernel, loop } = this.#parts;
    if (timer.tag === "run") {
      this.#ask(timer, this.#parts.node);
      return NEVER_CANCELLED;
    }
    const step = new Alarm(this, loop, timer);
    if (timer.tag !== "keep-alive") return kernel.timer(delay, step);
    kernel.background((kernel.now + delay) as Micros, step);
    return NEVER_CANCELLED;
  }

  cancel(token: number): void {
    this.#parts.kernel.cancel(token);
  }

  boot(request: BootRequest): void {
    this.#host().boot(request);
  }

  stop(container: number): void {
    this.#host().stop(container);
  }

  get(request: GetRequest): void {
    this.#host().get(request);
  }

  start(request: StartRequest): void {
    this.#host().start(request);
  }

  put(request: PutRequest): void {
    this.#host().put(request);
  }

  drop(_request: DropRequest): void {
    // Memory that is free again: the core counts it, and it takes no time.
  }

  emit(event: Event): void {
    if (event.kind === "complete") this.#ended = true;
    this.#parts.recorder.record(event);
  }

  /** An input is about to be handled: the kernel's clock stands still. */
  begin(_input: Input): void {}

  /** The input has been handled to its end: carries out what it asked for. */
  commit(): void {
    const count = this.#count;
    const ended = this.#ended;
    this.#count = 0;
    this.#ended = false;
    const { endLookUps, endRecords } = this.#parts.protocol;
    // A body of a foreach that only reports its end: the foreach is noted with its first one.
    if (ended && !(count > 0 && this.#areFurtherReports(count))) {
      this.#goOut({ first: 0, end: count }, { lookUps: endLookUps, records: endRecords });
      return;
    }
    for (let first = 0, end = 1; first < count; first = end++) {
      while (end < count && goesAlong(this.#asked[end]!)) end++;
      const lookUps = this.#lookUpsBefore(this.#asked[first]!);
      this.#goOut({ first, end }, { lookUps, records: 0 });
    }
  }

  /** Of what was asked, unless the engine has crashed: carries it out. */
  carryOut(asked: Asked, to: NodeId): void {
    const { kernel, loop, node, transport } = this.#parts;
    if (asked.tag === "run") {
      kernel.after(NO_TIME, new Alarm(this, loop, asked));
      return;
    }
    if (loop.requestTime === 0 || !isRequest(asked)) {
      transport.send(node, to, asked);
      return;
    }
    const at = loop.take(kernel.now, loop.requestTime);
    kernel.at(at, new Departure(this, to, asked));
  }

  /** The message leaves the engine's loop. */
  depart(to: NodeId, message: Message): void {
    if (this.#alive) this.#parts.transport.send(this.#parts.node, to, message);
  }

  note(notes: Notes, client: StoreClient): void {
    this.#parts.note(notes, client);
  }

  #ask(asked: Asked, to: NodeId): void {
    this.#asked[this.#count] = asked;
    this.#to[this.#count] = to;
    this.#count++;
  }

  #areFurtherReports(count: number): boolean {
    for (let index = 0; index < count; index++) {
      if (!isFurtherReport(this.#asked[index]!)) return false;
    }
    return true;
  }

  #lookUpsBefore(asked: Asked): number {
    const { node, protocol } = this.#parts;
    if (asked.tag === "run") return 0;
    if (asked.tag === "assign") return protocol.placeLookUps;
    return node === GATEWAY && isRequest(asked) ? protocol.startLookUps : 0;
  }

  #goOut({ first, end }: Span, notes: Notes): void {
    if (!this.#alive) return;
    if (notes.lookUps + notes.records === 0) {
      for (let index = first; index < end; index++) {
        this.carryOut(this.#asked[index]!, this.#to[index]!);
      }
      return;
    }
    const asked = this.#asked.slice(first, end);
    const to = this.#to.slice(first, end);
    new Outgoing(this, { asked, to, notes }).next();
  }

  #host(): WorkerHost {
    const { host } = this.#parts;
    invariant(host !== undefined, "only workers run containers");
    return host;
  }
}

/** Which of what was asked. */
interface Span {
  readonly first: number;
  readonly end: number;
}

/** What waits until the engine has noted something. */
interface Noted {
  readonly notes: Notes;
  readonly asked: readonly Asked[];
  /** By asked: to whom. */
  readonly to: readonly NodeId[];
}

/** One request after another, so that many who ask at the same time take turns in the loop. */
class Outgoing implements StoreClient {
  readonly #env: SimEnv;
  readonly #noted: Noted;
  /** How much of that is left. */
  #lookUps: number;
  #records: number;

  constructor(env: SimEnv, noted: Noted) {
    this.#env = env;
    this.#noted = noted;
    this.#lookUps = noted.notes.lookUps;
    this.#records = noted.notes.records;
  }

  next(): void {
    if (!this.#env.alive) return;
    if (this.#lookUps > 0) {
      this.#lookUps--;
      this.#env.note(A_LOOK_UP, this);
    } else if (this.#records > 0) {
      this.#records--;
      this.#env.note(A_RECORD, this);
    } else {
      const { asked, to } = this.#noted;
      for (let index = 0; index < asked.length; index++) {
        this.#env.carryOut(asked[index]!, to[index]!);
      }
    }
  }

  answered(): void {
    this.next();
  }
}

/** A message that takes its turn in the loop that sends it. */
class Departure implements Step {
  readonly #env: SimEnv;
  readonly #to: NodeId;
  readonly #message: Message;

  constructor(env: SimEnv, to: NodeId, message: Message) {
    this.#env = env;
    this.#to = to;
    this.#message = message;
  }

  step(): void {
    this.#env.depart(this.#to, this.#message);
  }
}

/** A timer of a machine; void once that has crashed. */
class Alarm implements Step {
  readonly #env: SimEnv;
  readonly #loop: EngineLoop;
  readonly #timer: Timer;

  constructor(env: SimEnv, loop: EngineLoop, timer: Timer) {
    this.#env = env;
    this.#loop = loop;
    this.#timer = timer;
  }

  step(): void {
    if (this.#env.alive) this.#loop.receive({ tag: "timer", timer: this.#timer });
  }
}

function isFurtherReport(asked: Asked): boolean {
  return asked.tag === "completed" && !isFirstBody(asked.item);
}

/** The further bodies of a foreach are assigned with the first. */
function goesAlong(asked: Asked): boolean {
  return asked.tag === "assign" && !isFirstBody(asked.item);
}
