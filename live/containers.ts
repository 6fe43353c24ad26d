/**
 * The containers of one worker, by the numbers that the core gives them. What runs per activation is
 * plain callbacks; the scope they were opened in ends them all.
 */

import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { invariant } from "../core/invariant.ts";
import type { Done, Failed, RunRequest } from "./container-protocol.ts";
import { type BootSpec, type Loss, ProcessContainer } from "./process-container.ts";
import { ProcessGuard } from "./process-guard.ts";

/** Where a worker hears of its containers: never while it calls one of their methods. */
export interface ContainerListener {
  ready(container: number): void;
  /** It ran; the outputs are files in its scratch directory. The container is idle again. */
  done(container: number, done: Done): void;
  /** The function failed; the container is idle again. */
  failed(container: number, failed: Failed): void;
  /** It could not start, or died. Not said of one that was stopped. */
  lost(container: number, loss: Loss): void;
}

export interface ContainersOptions {
  /** Longest cold start; a container that takes longer is lost. */
  readonly bootLimit_ms?: number;
  /** How long after `stop` a function that handles SIGTERM is killed. */
  readonly stopGrace_ms?: number;
}

const BOOT_LIMIT_MS = 30_000;
const STOP_GRACE_MS = 200;
const MEMORY_CHECK_MS = 250;

/** Process containers that end with the scope; with the process too, even if it is killed. */
export function openContainers(
  listener: ContainerListener,
  options: ContainersOptions = {},
): Effect.Effect<Containers, never, Scope.Scope> {
  return Effect.acquireRelease(
    Effect.sync(() => new Containers(listener, options)),
    (containers) => Effect.promise(() => containers.close()),
  );
}

export class Containers {
  readonly #listener: ContainerListener;
  readonly #limits: Required<ContainersOptions>;
  readonly #guard: ProcessGuard;
  readonly #running: Map<number, ProcessContainer>;
  /** Those that were stopped and have not ended yet. */
  readonly #stopped: Set<ProcessContainer>;
  readonly #memoryTimer: NodeJS.Timeout;

  constructor(listener: ContainerListener, options: ContainersOptions) {
    this.#listener = listener;
    this.#limits = {
      bootLimit_ms: options.bootLimit_ms ?? BOOT_LIMIT_MS,
      stopGrace_ms: options.stopGrace_ms ?? STOP_GRACE_MS,
    };
    this.#guard = new ProcessGuard();
    this.#running = new Map();
    this.#stopped = new Set();
    this.#memoryTimer = setInterval(() => {
      for (const container of this.#running.values()) container.checkMemory();
    }, MEMORY_CHECK_MS).unref();
  }

  /** Answered by `ready` or `lost`. */
  boot(container: number, spec: BootSpec): void {
    invariant(!this.#running.has(container), `container ${container} is there already`);
    const booted = new ProcessContainer(spec, this.#limits, this.#guard, {
      ready: () => this.#listener.ready(container),
      done: (done) => this.#listener.done(container, done),
      failed: (failed) => this.#listener.failed(container, failed),
      ended: (loss) => {
        this.#stopped.delete(booted);
        if (this.#running.get(container) !== booted) return;
        this.#running.delete(container);
        this.#listener.lost(container, loss);
      },
    });
    this.#running.set(container, booted);
  }

  /** One activation at a time; answered by `done`, `failed` or `lost`, or by nothing after `stop`. */
  run(container: number, request: RunRequest): void {
    // One that was lost a moment ago has been, or will be, told of.
    this.#running.get(container)?.run(request);
  }

  /** Ends it, whatever it is doing, with all that its function has started. No answer. */
  stop(container: number): void {
    const stopped = this.#running.get(container);
    if (stopped === undefined) return;
    this.#running.delete(container);
    this.#stopped.add(stopped);
    stopped.stop();
  }

  /** Kills all of them; ends once they have ended. */
  async close(): Promise<void> {
    clearInterval(this.#memoryTimer);
    const all = [...this.#running.values(), ...this.#stopped];
    this.#running.clear();
    await Promise.all(all.map((container) => container.kill()));
    await this.#guard.close();
  }
}
