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
  Stage,
  StartRequest,
  Timer,
} from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { invariant } from "../core/invariant.ts";
import type { NodeId } from "../core/node.ts";
import type { Message } from "../core/protocol.ts";
import type { Micros } from "../core/units.ts";
import type { Clock } from "./clock.ts";

/** Containers and stores of a worker; each request is answered by an input, in its own time. */
export type Body = Pick<Env, "boot" | "stop" | "get" | "start" | "put" | "drop">;

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

export class LiveEnv implements Env, Stage {
  readonly #parts: LiveEnvParts;
  /** What takes each back. */
  readonly #timers: Map<number, () => void>;
  readonly #actions: (() => void)[];
  readonly #outgoing: { readonly to: NodeId; readonly message: Message }[];
  /** What no other node waits for: events, and data that are through. */
  readonly #leftovers: (() => void)[];
  #now: Micros;
  #nextTimer: number;

  constructor(parts: LiveEnvParts) {
    this.#parts = parts;
    this.#timers = new Map();
    this.#actions = [];
    this.#outgoing = [];
    this.#leftovers = [];
    this.#now = parts.clock.now();
    this.#nextTimer = 0;
  }

  begin(): void {
    this.#now = this.#parts.clock.now();
  }

  commit(): void {
    for (const action of this.#actions.splice(0)) action();
    for (const { to, message } of this.#outgoing.splice(0)) this.#parts.send(to, message);
    if (this.#leftovers.length === 0) return;
    const leftovers = this.#leftovers.splice(0);
    // A microtask later, as the connection writes: so after the messages.
    queueMicrotask(() => {
      for (const leftover of leftovers) leftover();
    });
  }

  /** No timer fires any more. */
  close(): void {
    for (const cancel of this.#timers.values()) cancel();
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
    const fire = (): void => {
      this.#timers.delete(token);
      this.#parts.feed({ tag: "timer", timer });
    };
    this.#timers.set(token, this.#parts.clock.after(delay, fire));
    return token;
  }

  cancel(token: number): void {
    this.#timers.get(token)?.();
    this.#timers.delete(token);
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
    this.#leftovers.push(() => this.#body().drop(request));
  }

  emit(event: Event): void {
    this.#leftovers.push(() => this.#parts.record(event));
  }

  #body(): Body {
    const { body } = this.#parts;
    invariant(body !== undefined, "only workers run containers");
    return body;
  }
}
