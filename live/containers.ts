/**
 * The containers of one worker, by the numbers that the core gives them. What runs per activation is
 * plain callbacks; the scope they were opened in ends them all.
 */

import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { invariant } from "../core/invariant.ts";
import {
  type BootSpec,
  Container,
  type ContainerKind,
  type ContainerLimits,
  type Loss,
} from "./container.ts";
import type { Done, Failed, RunRequest } from "./container-protocol.ts";
import { ProcessContainers } from "./process-container.ts";

export type ContainerChoice =
  | { readonly tag: "process" }
  /** `image` undefined: one that holds Node of this machine. */
  | { readonly tag: "docker"; readonly image: string | undefined };

/** The flags that make a worker daemon the same choice. */
export function containerArguments(choice: ContainerChoice): readonly string[] {
  if (choice.tag === "process") return [];
  return [
    "--containers",
    "docker",
    ...(choice.image === undefined ? [] : ["--image", choice.image]),
  ];
}

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
  /** What they run in; child processes if left out. It is closed with them. */
  readonly kind?: ContainerKind | undefined;
  /** Longest cold start; a container that takes longer is lost. */
  readonly bootLimit_ms?: number;
  /** How long after `stop` a function that handles SIGTERM is killed. */
  readonly stopGrace_ms?: number;
}

const BOOT_LIMIT_MS = 30_000;
const STOP_GRACE_MS = 200;
const MEMORY_CHECK_MS = 250;
/** Until it is told that a container could not start. */
const BOOT_PAUSE_MS = 1_000;

/** Containers that end with the scope; with the process too, even if it is killed. */
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
  readonly #limits: ContainerLimits;
  readonly #kind: ContainerKind;
  readonly #running: Map<number, Container>;
  /** Those that were stopped and have not ended yet. */
  readonly #stopped: Set<Container>;
  readonly #memoryTimer: NodeJS.Timeout;

  constructor(listener: ContainerListener, options: ContainersOptions) {
    this.#listener = listener;
    this.#limits = {
      bootLimit_ms: options.bootLimit_ms ?? BOOT_LIMIT_MS,
      stopGrace_ms: options.stopGrace_ms ?? STOP_GRACE_MS,
    };
    this.#kind = options.kind ?? new ProcessContainers();
    this.#running = new Map();
    this.#stopped = new Set();
    this.#memoryTimer = setInterval(() => {
      for (const container of this.#running.values()) container.checkMemory();
    }, MEMORY_CHECK_MS).unref();
  }

  /** Answered by `ready` or `lost`. */
  boot(container: number, spec: BootSpec): void {
    invariant(!this.#running.has(container), `container ${container} is there already`);
    let ready = false;
    const how = { kind: this.#kind, limits: this.#limits };
    const booted = new Container(spec, how, {
      ready: () => {
        ready = true;
        this.#listener.ready(container);
      },
      done: (done) => this.#listener.done(container, done),
      failed: (failed) => this.#listener.failed(container, failed),
      ended: (loss) => {
        this.#stopped.delete(booted);
        const tell = (): void => {
          if (this.#running.get(container) !== booted) return;
          this.#running.delete(container);
          this.#listener.lost(container, loss);
        };
        // Who hears of it starts another one: without a pause, what cannot start would spin.
        if (ready) tell();
        else setTimeout(tell, BOOT_PAUSE_MS);
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
    if (stopped.hasEnded) return;
    this.#stopped.add(stopped);
    stopped.stop();
  }

  /** Kills all of them; ends once they have ended. */
  async close(): Promise<void> {
    clearInterval(this.#memoryTimer);
    const all = [...this.#running.values(), ...this.#stopped];
    this.#running.clear();
    await Promise.all(all.map((container) => container.kill()));
    await this.#kind.close();
  }
}
