/**
 * One process container from the worker's side: a child process, the leader of a process group of
 * its own, that runs one activation at a time and is used again (warm) until it is stopped.
 *
 * The memory limit holds for the heap of JavaScript objects at once (`--max-old-space-size`), and for
 * the whole process, buffers included, whenever its worker looks (`checkMemory`, where there is a
 * /proc). Programs that a function starts are outside of it.
 */

import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { invariant } from "../core/invariant.ts";
import type { Bytes } from "../core/units.ts";
import type { RunSpec } from "../core/workflow/spec.ts";
import { resourceUrl } from "../workflows/resources.ts";
import {
  checkFromContainer,
  type Done,
  type Failed,
  LOG_LIMIT,
  PROTOCOL,
  type RunRequest,
  type ToContainer,
} from "./container-protocol.ts";
import type { ProcessGuard } from "./process-guard.ts";

export interface BootSpec {
  readonly memory: Bytes;
  /** Loaded before the container is ready; a run may name another one. */
  readonly function: RunSpec;
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

export interface ProcessListener {
  ready(): void;
  done(done: Done): void;
  failed(failed: Failed): void;
  /** It has ended, by itself or not. Comes once, and last. */
  ended(loss: Loss): void;
}

export interface ProcessLimits {
  readonly bootLimit_ms: number;
  readonly stopGrace_ms: number;
}

/** Node itself does not start with much less. */
const LEAST_MEMORY_MIB = 32;
const MIB = 1024 * 1024;
/** What Node takes for itself, beside what the function holds. */
const NODE_MIB = 64;
/** After its process has ended, pipes that somebody else holds open are not waited for longer. */
const CLOSE_LIMIT_MS = 1_000;

export class ProcessContainer {
  readonly #child: ChildProcess;
  readonly #memory_mib: number;
  readonly #listener: ProcessListener;
  readonly #limits: ProcessLimits;
  readonly #ended: Promise<void>;
  /** The last of what it wrote outside of activations: what Node says of a crash, say. */
  #tail: string;
  #activation: number | undefined;
  /** Set once it is known why it will end. */
  #why: { readonly message: string; readonly log: string } | undefined;
  #bootTimer: NodeJS.Timeout | undefined;

  constructor(
    spec: BootSpec,
    limits: ProcessLimits,
    guard: ProcessGuard,
    listener: ProcessListener,
  ) {
    this.#memory_mib = Math.max(LEAST_MEMORY_MIB, Math.floor(spec.memory / MIB));
    this.#listener = listener;
    this.#limits = limits;
    this.#tail = "";
    this.#activation = undefined;
    this.#why = undefined;
    this.#child = startChild(this.#memory_mib);
    const { pid } = this.#child;
    if (pid !== undefined) guard.add(pid);
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => this.#note(text));
    }
    this.#child.on("message", (value) => this.#handle(value));
    this.#ended = new Promise((resolve) => {
      let over = false;
      const end = (code: number | null, signal: string | null): void => {
        if (over) return;
        over = true;
        if (pid !== undefined) guard.remove(pid);
        clearTimeout(this.#bootTimer);
        resolve();
        this.#listener.ended(this.#loss(code, signal));
      };
      this.#child.on("error", (error) => {
        this.#why ??= { message: `Its process: ${error.message}.`, log: this.#tail };
        if (pid === undefined) end(null, null);
      });
      this.#child.on("exit", (code, signal) => {
        // What the function started goes too, and with it whoever holds the pipes.
        this.#signal("SIGKILL");
        setTimeout(end, CLOSE_LIMIT_MS, code, signal).unref();
      });
      // Later than `exit`: every message has been read.
      this.#child.on("close", end);
    });
    this.#bootTimer = setTimeout(() => {
      this.#giveUp(`It was not ready within ${limits.bootLimit_ms / 1_000} s: the module of its \
function may wait for something while it is loaded. Let it do so when it is called.`);
    }, limits.bootLimit_ms);
    this.#tell({ tag: "load", protocol: PROTOCOL, function: spec.function });
  }

  run(request: RunRequest): void {
    invariant(this.#activation === undefined, "a container runs one activation at a time");
    this.#activation = request.activation;
    this.#tell({ tag: "run", protocol: PROTOCOL, ...request });
  }

  /** Ends it if it holds more than its memory. Cost: some 20 us; nothing while it is idle. */
  checkMemory(): void {
    const { pid } = this.#child;
    if (this.#activation === undefined || pid === undefined) return;
    if (residentMiB(pid) > this.#memory_mib + NODE_MIB) this.#giveUp(this.#tooMuchMemory());
  }

  /** A short grace, then the end. */
  stop(): void {
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), this.#limits.stopGrace_ms);
    this.#child.once("exit", () => clearTimeout(timer));
  }

  /** Ends once the process has. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#ended;
  }

  #tell(message: ToContainer): void {
    // A child that died meanwhile is told of by `close`.
    if (this.#child.connected) this.#child.send(message, () => undefined);
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
      this.#listener.ready();
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
    if (message.tag === "done") this.#listener.done(message);
    else this.#listener.failed(message);
  }

  #giveUp(message: string): void {
    this.#why ??= { message, log: this.#tail };
    this.#signal("SIGKILL");
  }

  /** To its whole group. */
  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left in it.
    }
  }

  #note(text: string): void {
    this.#tail = (this.#tail + text).slice(-LOG_LIMIT);
  }

  #loss(code: number | null, signal: string | null): Loss {
    const activation = this.#activation;
    if (this.#why !== undefined) return { activation, ...this.#why };
    return { activation, message: this.#cause(code, signal), log: this.#tail };
  }

  #tooMuchMemory(): string {
    return `It used more memory than its ${this.#memory_mib} MiB: raise \`container: {memory}\` of \
the task, or let its function hold less at a time.`;
  }

  #cause(code: number | null, signal: string | null): string {
    if (this.#tail.includes("heap out of memory")) return this.#tooMuchMemory();
    if (signal === "SIGKILL") {
      return "It was killed (SIGKILL): by hand, or by the system for want of memory.";
    }
    return `Its process ended (${signal ?? `exit code ${code}`}); its log may say why.`;
  }
}

/** 0 where one cannot tell. */
function residentMiB(pid: number): number {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kib ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function startChild(memory_mib: number): ChildProcess {
  const fromSource = import.meta.url.endsWith(".ts");
  const entry = fromSource
    ? new URL("./container-main.ts", import.meta.url)
    : resourceUrl("dist/live/container-main.js");
  const loader = fromSource ? ["--import", import.meta.resolve("tsx")] : [];
  return fork(fileURLToPath(entry), [], {
    execArgv: [`--max-old-space-size=${memory_mib}`, ...loader],
    env: environment(),
    // A group of its own, so that it ends with all that its function starts.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

/** The worker's, less its own settings: tokens are not for functions. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(
    entries.filter(([name]) => !name.startsWith("FAASFLOW_") && name !== "NODE_OPTIONS"),
  );
}
