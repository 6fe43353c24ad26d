/**
 * The port of the core, in virtual time. `LiveEnv` is its twin: the same interface over a real
 * clock, NATS, containers and stores.
 */

import type {
  BootRequest,
  DropRequest,
  Env,
  GetRequest,
  PutRequest,
  StartRequest,
  Timer,
} from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { invariant } from "../core/invariant.ts";
import type { NodeId } from "../core/node.ts";
import type { Message } from "../core/protocol.ts";
import type { Micros } from "../core/units.ts";
import type { EngineLoop } from "./engine-loop.ts";
import type { Kernel, Step } from "./kernel.ts";
import type { Transport } from "./transport.ts";
import type { WorkerHost } from "./worker-host.ts";

export interface SimEnvParts {
  readonly kernel: Kernel;
  readonly node: NodeId;
  readonly loop: EngineLoop;
  readonly transport: Transport;
  /** Of a worker; undefined for gateway and master, which run nothing. */
  readonly host: WorkerHost | undefined;
  readonly record: (event: Event) => void;
}

export class SimEnv implements Env {
  readonly #parts: SimEnvParts;
  /** False once the machine it served has crashed: what that machine set going is void. */
  #alive: boolean;

  constructor(parts: SimEnvParts) {
    this.#parts = parts;
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
    this.#parts.transport.send(this.#parts.node, to, message);
  }

  timer(delay: Micros, timer: Timer): number {
    const { kernel, loop } = this.#parts;
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
    this.#parts.record(event);
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
