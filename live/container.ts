/**
 * One container from the worker's side, whatever it runs in: it is booted, runs one activation at a
 * time, is used again (warm), and is stopped. Here is the conversation with the program inside
 * (`container-protocol.ts`) and what becomes of a container that breaks it; how the program is
 * started and reached is its vessel's: a child process or a Docker container.
 *
 * The memory limit holds for the heap of JavaScript objects at once (`--max-old-space-size`), and for
 * the whole process, buffers included, whenever its worker looks (`checkMemory`, where there is a
 * /proc). What else holds is the vessel's.
 */

import { invariant } from "../core/invariant.ts";
import type { Bytes } from "../core/units.ts";
import type { RunSpec } from "../core/workflow/spec.ts";
import {
  checkFromContainer,
  type Done,
  type Failed,
  LOG_LIMIT,
  PROTOCOL,
  type RunRequest,
  type ToContainer,
} from "./container-protocol.ts";

export interface BootSpec {
  readonly memory: Bytes;
  /** Loaded before the container is ready; a run may name another one. */
  readonly function: RunSpec;
  /**
   * Of what it has written, the most that may lie in shared memory. Where the system counts such
   * files as memory of who wrote them, they come on top of `memory`.
   */
  readonly files: Bytes;
}

/** Why a container is not there any more. */
export interface Loss {
  /** What ran in it; undefined: nothing. */
  readonly activation: number | undefined;
  /** What happened, and what to do about it. */
  readonly message: string;
  /** What is left of its output. */
  readonly log: string;
}

export interface ContainerEvents {
  ready(): void;
  done(done: Done): void;
  failed(failed: Failed): void;
  /** It has ended, by itself or not. Comes once, and last. */
  ended(loss: Loss): void;
}

export interface ContainerLimits {
  readonly bootLimit_ms: number;
  readonly stopGrace_ms: number;
}

/** How containers of one kind are made. */
export interface ContainerKind {
  /** Starts the program; tells of it later, never during the call. */
  start(spec: VesselSpec, listener: VesselListener): Vessel;
  /** After the last of them has ended. */
  close(): Promise<void>;
}

export interface VesselSpec {
  /** For the heap of JavaScript objects. */
  readonly heap_mib: number;
  /** For the whole process. */
  readonly process_mib: number;
  readonly files_mib: number;
  readonly function: RunSpec;
}

/** What a container runs in. */
export interface Vessel {
  /** Kept until the program listens; dropped once it has ended. */
  send(message: ToContainer): void;
  /** To all that runs in it. */
  signal(signal: "SIGTERM" | "SIGKILL"): void;
  /** Memory that the program holds; 0 where one cannot tell. */
  resident_mib(): number;
}

export interface VesselListener {
  message(value: unknown): void;
  /** What is written past the program's capture of output: what Node says of a crash, say. */
  text(text: string): void;
  /** Something went wrong; `ended` follows. */
  broken(why: string): void;
  /** Once, after the last message. */
  ended(end: End): void;
}

export interface End {
  readonly code: number | null;
  readonly signal: string | null;
  /** The system killed it for that. */
  readonly outOfMemory: boolean;
}

/** Node itself does not start with much less. */
const LEAST_MEMORY_MIB = 32;
const MIB = 1024 * 1024;
/** What Node takes for itself, beside what the function holds. */
const NODE_MIB = 64;

export class Container {
  readonly #vessel: Vessel;
  readonly #memory_mib: number;
  readonly #events: ContainerEvents;
  readonly #limits: ContainerLimits;
  readonly #bootTimer: NodeJS.Timeout;
  readonly #ended: Promise<void>;
  #hasEnded: boolean;
  /** The last of what it wrote outside of activations. */
  #tail: string;
  #activation: number | undefined;
  /** Set once it is known why it will end. */
  #why: { readonly message: string; readonly log: string } | undefined;

  constructor(
    spec: BootSpec,
    { kind, limits }: { readonly kind: ContainerKind; readonly limits: ContainerLimits },
    events: ContainerEvents,
  ) {
    this.#memory_mib = Math.max(LEAST_MEMORY_MIB, Math.floor(spec.memory / MIB));
    this.#events = events;
    this.#limits = limits;
    this.#tail = "";
    this.#activation = undefined;
    this.#why = undefined;
    this.#hasEnded = false;
    let ended: () => void;
    this.#ended = new Promise((resolve) => {
      ended = resolve;
    });
    const vessel: VesselSpec = {
      heap_mib: this.#memory_mib,
      process_mib: this.#memory_mib + NODE_MIB,
      files_mib: Math.ceil(spec.files / MIB),
      function: spec.function,
    };
    this.#vessel = kind.start(vessel, {
      message: (value) => this.#handle(value),
      text: (text) => {
        this.#tail = (this.#tail + text).slice(-LOG_LIMIT);
      },
      broken: (why) => this.#giveUp(why),
      ended: (end) => {
        clearTimeout(this.#bootTimer);
        this.#hasEnded = true;
        ended();
        this.#events.ended(this.#loss(end));
      },
    });
    this.#bootTimer = setTimeout(() => {
      this.#giveUp(`It was not ready within ${limits.bootLimit_ms / 1_000} s: the module of its \
function may wait for something while it is loaded. Let it do so when it is called.`);
    }, limits.bootLimit_ms);
    this.#vessel.send({ tag: "load", protocol: PROTOCOL, function: spec.function });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  run(request: RunRequest): void {
    invariant(this.#activation === undefined, "a container runs one activation at a time");
    this.#activation = request.activation;
    this.#vessel.send({ tag: "run", protocol: PROTOCOL, ...request });
  }

  /** Ends it if it holds more than its memory. Cost: some 20 us; nothing while it is idle. */
  checkMemory(): void {
    if (this.#activation === undefined) return;
    if (this.#vessel.resident_mib() > this.#memory_mib + NODE_MIB)
      this.#giveUp(this.#tooMuchMemory());
  }

  /** A short grace, then the end. */
  stop(): void {
    this.#vessel.signal("SIGTERM");
    const timer = setTimeout(() => this.#vessel.signal("SIGKILL"), this.#limits.stopGrace_ms);
    void this.#ended.then(() => clearTimeout(timer));
  }

  /** Ends once it has ended. */
  async kill(): Promise<void> {
    this.#vessel.signal("SIGKILL");
    await this.#ended;
  }

  #handle(value: unknown): void {
    if (this.#why !== undefined) return;
    const checked = checkFromContainer(value);
    if ("problem" in checked) {
      this.#giveUp(`A message of it cannot be read: ${checked.problem}.`);
      return;
    }
    const { message } = checked;
    if (message.tag === "ready") {
      clearTimeout(this.#bootTimer);
      this.#events.ready();
      return;
    }
    if (message.activation !== this.#activation) {
      this.#giveUp(`It answered for activation ${message.activation}, which does not run in it.`);
      return;
    }
    if (message.tag === "failed" && message.ending) {
      this.#why = { message: message.stack || message.message, log: message.log };
      return;
    }
    this.#activation = undefined;
    if (message.tag === "done") this.#events.done(message);
    else this.#events.failed(message);
  }

  #giveUp(message: string): void {
    this.#why ??= { message, log: this.#tail };
    this.#vessel.signal("SIGKILL");
  }

  #loss(end: End): Loss {
    const activation = this.#activation;
    if (this.#why !== undefined) return { activation, ...this.#why };
    return { activation, message: this.#cause(end), log: this.#tail };
  }

  #tooMuchMemory(): string {
    return `It used more memory than its ${this.#memory_mib} MiB: raise \`container: {memory}\` of \
the task, or let its function hold less at a time.`;
  }

  #cause({ code, signal, outOfMemory }: End): string {
    if (outOfMemory || this.#tail.includes("heap out of memory")) return this.#tooMuchMemory();
    if (signal === "SIGKILL") {
      return "It was killed (SIGKILL): by hand, or by the system for want of memory.";
    }
    return `Its process ended (${signal ?? `exit code ${code}`}); its log may say why.`;
  }
}
