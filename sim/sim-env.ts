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
import type { Notes } from "./store-operation.ts";
import type { Transport } from "./transport.ts";
import type { WorkerHost } from "./worker-host.ts";

export interface SimEnvParts {
  readonly kernel: Kernel;
  readonly node: NodeId;
  readonly loop: EngineLoop;
  readonly transport: Transport;
  readonly protocol: EngineProtocol;
  /** Look-ups and records of this engine at the remote store. */
  readonly note: (notes: Notes, done: () => void) => void;
  /** Of a worker; undefined for gateway and master, which run nothing. */
  readonly host: WorkerHost | undefined;
  readonly record: (event: Event) => void;
}

/** What a machine wants to go out. */
type Asked =
  | { readonly tag: "message"; readonly to: NodeId; readonly message: Message }
  | { readonly tag: "run"; readonly timer: Timer };

/** Token of a task that is to run: nobody takes that back. */
const NEVER_CANCELLED = -1;

export class SimEnv implements Env {
  readonly #parts: SimEnvParts;
  /** Of the input that is being handled: what is to go out, and whether a function has ended. */
  #asked: Asked[];
  #ended: boolean;
  /** False once the machine it served has crashed: what that machine set going is void. */
  #alive: boolean;

  constructor(parts: SimEnvParts) {
    this.#parts = parts;
    this.#asked = [];
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
    this.#asked.push({ tag: "message", to, message });
  }

  timer(delay: Micros, timer: Timer): number {
    const { kernel, loop } = this.#parts;
    if (timer.tag === "run") {
      this.#asked.push({ tag: "run", timer });
      return NEVER_CANCELLED;
    }
    const step = new Alarm(this, loop, timer);
    if (timer.tag !== "keep-alive") return kernel.after(delay, step);
    return kernel.background((kernel.now + delay) as Micros, step);
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
    this.#parts.record(event);
  }

  /** An input is about to be handled: the kernel's clock stands still. */
  begin(_input: Input): void {}

  /** The input has been handled to its end: carries out what it asked for. */
  commit(): void {
    const asked = this.#asked;
    const ended = this.#ended;
    if (asked.length === 0 && !ended) return;
    this.#asked = [];
    this.#ended = false;
    const { endLookUps, endRecords } = this.#parts.protocol;
    // A body of a foreach that only reports its end: the foreach is noted with its first one.
    const isFurther = asked.length > 0 && asked.every(isFurtherReport);
    if (ended && !isFurther) {
      this.#after({ lookUps: endLookUps, records: endRecords }, asked);
      return;
    }
    for (let first = 0, next = 1; first < asked.length; first = next++) {
      while (next < asked.length && goesAlong(asked[next]!)) next++;
      const lookUps = this.#lookUpsBefore(asked[first]!);
      this.#after({ lookUps, records: 0 }, asked.slice(first, next));
    }
  }

  #lookUpsBefore(asked: Asked): number {
    const { node, protocol } = this.#parts;
    if (asked.tag === "run") return 0;
    if (asked.message.tag === "assign") return protocol.placeLookUps;
    return node === GATEWAY && isRequest(asked.message) ? protocol.startLookUps : 0;
  }

  /** One request after another, so that many who ask at the same time take turns in the loop. */
  #after({ lookUps, records }: Notes, asked: readonly Asked[]): void {
    if (!this.#alive) return;
    if (lookUps > 0) {
      const rest = { lookUps: lookUps - 1, records };
      this.#parts.note({ lookUps: 1, records: 0 }, () => this.#after(rest, asked));
    } else if (records > 0) {
      const rest = { lookUps, records: records - 1 };
      this.#parts.note({ lookUps: 0, records: 1 }, () => this.#after(rest, asked));
    } else for (const each of asked) this.#carryOut(each);
  }

  #carryOut(asked: Asked): void {
    const { kernel, loop, node, transport } = this.#parts;
    if (asked.tag === "run") {
      kernel.after(NO_TIME, new Alarm(this, loop, asked.timer));
      return;
    }
    const { to, message } = asked;
    if (!isRequest(message) || loop.requestTime === 0) {
      transport.send(node, to, message);
      return;
    }
    const at = loop.take(kernel.now, loop.requestTime);
    kernel.at(at, { step: () => this.#alive && transport.send(node, to, message) });
  }

  #host(): WorkerHost {
    const { host } = this.#parts;
    invariant(host !== undefined, "only workers run containers");
    return host;
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
  return (
    asked.tag === "message" && asked.message.tag === "completed" && !isFirstBody(asked.message.item)
  );
}

/** The further bodies of a foreach are assigned with the first. */
function goesAlong(asked: Asked): boolean {
  return (
    asked.tag === "message" && asked.message.tag === "assign" && !isFirstBody(asked.message.item)
  );
}
