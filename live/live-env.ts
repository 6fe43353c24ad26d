/**
 * The port of the core in real time. `SimEnv` is its twin: the same interface over virtual time.
 * What a machine asks for is noted while it handles an input and carried out when it is through.
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
import type { NodeId } from "../core/node.ts";
import type { Message } from "../core/protocol.ts";
import type { Micros } from "../core/units.ts";
import type { Clock } from "./clock.ts";
import type { Stage } from "./machine-loop.ts";

/** Containers and stores of a worker; each request is answered by an input, in its own time. */
export interface Body {
  boot(request: BootRequest): void;
  stop(container: number): void;
  get(request: GetRequest): void;
  start(request: StartRequest): void;
  put(request: PutRequest): void;
  drop(request: DropRequest): void;
}

export interface LiveEnvParts {
  readonly clock: Clock;
  /** Takes messages in the order of sending; never throws. */
  readonly send: (to: NodeId, message: Message) => void;
  readonly record: (event: Event) => void;
  /** Where answers go: the machine's loop. */
  readonly feed: (input: Input) => void;
  /** Undefined for gateway and master, which run nothing. */
  readonly body: Body | undefined;
}

/** Longest delay a Node timer can take; longer ones are set again. */
const LONGEST_MS = 2 ** 31 - 1;

export class LiveEnv implements Env, Stage {
  readonly #parts: LiveEnvParts;
  readonly #timers: Map<number, NodeJS.Timeout | NodeJS.Immediate>;
  readonly #actions: (() => void)[];
  readonly #outgoing: { readonly to: NodeId; readonly message: Message }[];
  #now: Micros;
  #nextTimer: number;

  constructor(parts: LiveEnvParts) {
    this.#parts = parts;
    this.#timers = new Map();
    this.#actions = [];
    this.#outgoing = [];
    this.#now = parts.clock.now();
    this.#nextTimer = 0;
  }

  begin(): void {
    this.#now = this.#parts.clock.now();
  }

  commit(): void {
    for (const action of this.#actions.splice(0)) action();
    for (const { to, message } of this.#outgoing.splice(0)) this.#parts.send(to, message);
  }

  /** No timer fires any more. */
  close(): void {
    for (const timer of this.#timers.values()) clear(timer);
    this.#timers.clear();
  }

  now(): Micros {
    return this.#now;
  }

  send(to: NodeId, message: Message): void {
    this.#outgoing.push({ to, message });
  }

  timer(delay: Micros, timer: Timer): number {
    const token = this.#nextTimer++;
    this.#arm(token, delay / 1_000, timer);
    return token;
  }

  cancel(token: number): void {
    const timer = this.#timers.get(token);
    if (timer === undefined) return;
    this.#timers.delete(token);
    clear(timer);
  }

  boot(request: BootRequest): void {
    this.#actions.push(() => this.#body().boot(request));
  }

  stop(container: number): void {
    this.#actions.push(() => this.#body().stop(container));
  }

  get(request: GetRequest): void {
    this.#actions.push(() => this.#body().get(request));
  }

  start(request: StartRequest): void {
    this.#actions.push(() => this.#body().start(request));
  }

  put(request: PutRequest): void {
    this.#actions.push(() => this.#body().put(request));
  }

  drop(request: DropRequest): void {
    this.#actions.push(() => this.#body().drop(request));
  }

  emit(event: Event): void {
    this.#parts.record(event);
  }

  #arm(token: number, delay_ms: number, timer: Timer): void {
    const fire = (): void => {
      this.#timers.delete(token);
      this.#parts.feed({ tag: "timer", timer });
    };
    if (delay_ms <= 0) {
      // A zero delay is the next turn, not the next millisecond.
      this.#timers.set(token, setImmediate(fire));
    } else if (delay_ms > LONGEST_MS) {
      const again = (): void => this.#arm(token, delay_ms - LONGEST_MS, timer);
      this.#timers.set(token, setTimeout(again, LONGEST_MS));
    } else this.#timers.set(token, setTimeout(fire, delay_ms));
  }

  #body(): Body {
    const { body } = this.#parts;
    invariant(body !== undefined, "only workers run containers");
    return body;
  }
}

function clear(timer: NodeJS.Timeout | NodeJS.Immediate): void {
  if ("hasRef" in timer && "refresh" in timer) clearTimeout(timer);
  else clearImmediate(timer as NodeJS.Immediate);
}
