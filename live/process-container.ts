/**
 * Containers that are child processes: each the leader of a process group of its own, which ends with
 * it, and with the worker, even one killed by -9. Messages go over the child's IPC channel. Programs
 * that a function starts are outside of its memory limit.
 */

import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { resourceUrl } from "../workflows/resources.ts";
import type { ContainerKind, Vessel, VesselListener, VesselSpec } from "./container.ts";
import type { ToContainer } from "./container-protocol.ts";
import { ProcessGuard } from "./process-guard.ts";
import { residentMiB } from "./resident-memory.ts";

/** Of 0 (as a daemon) to 19. */
const NICENESS = 10;
/** After its process has ended, pipes that somebody else holds open are not waited for longer. */
const CLOSE_LIMIT_MS = 1_000;

export class ProcessContainers implements ContainerKind {
  readonly #guard: ProcessGuard;
  #started: number;

  constructor() {
    this.#guard = new ProcessGuard();
    this.#started = 0;
  }

  start(spec: VesselSpec, listener: VesselListener): Vessel {
    const guarded = { guard: this.#guard, number: this.#started++ };
    return new ProcessVessel(spec, guarded, listener);
  }

  close(): Promise<void> {
    return this.#guard.close();
  }
}

interface Guarded {
  readonly guard: ProcessGuard;
  /** Of the container, among those of the guard. */
  readonly number: number;
}

class ProcessVessel implements Vessel {
  readonly #child: ChildProcess;
  #exited: boolean;

  constructor(spec: VesselSpec, { guard, number }: Guarded, listener: VesselListener) {
    this.#exited = false;
    this.#child = startChild(spec.heap_mib, guard.environment(number));
    const { pid } = this.#child;
    if (pid !== undefined) guard.add(pid);
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => listener.text(text));
    }
    this.#child.on("message", (value) => listener.message(value));
    let over = false;
    const end = (code: number | null, signal: string | null): void => {
      if (over) return;
      over = true;
      if (pid !== undefined) guard.remove(pid, number);
      listener.ended({ code, signal, outOfMemory: false });
    };
    this.#child.on("error", (error) => {
      listener.broken(`Its process: ${error.message}.`);
      if (pid === undefined) end(null, null);
    });
    this.#child.on("exit", (code, signal) => {
      // What the function started goes too, and with it whoever holds the pipes.
      this.signal("SIGKILL");
      this.#exited = true;
      setTimeout(end, CLOSE_LIMIT_MS, code, signal).unref();
    });
    // Later than `exit`: every message has been read.
    this.#child.on("close", end);
  }

  send(message: ToContainer): void {
    // A child that died meanwhile is told of by `close`.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** To its whole group. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#exited) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left in it.
    }
  }

  resident_mib(): number {
    return residentMiB(this.#child.pid);
  }
}

function startChild(heap_mib: number, mark: NodeJS.ProcessEnv): ChildProcess {
  const fromSource = import.meta.url.endsWith(".ts");
  const entry = fromSource
    ? new URL("./container-main.ts", import.meta.url)
    : resourceUrl("dist/live/container-main.js");
  const loader = fromSource ? ["--import", import.meta.resolve("tsx")] : [];
  const child = fork(fileURLToPath(entry), [], {
    execArgv: [`--max-old-space-size=${heap_mib}`, ...loader],
    env: { ...environment(), ...mark },
    // A group of its own, so that it ends with all that its function starts.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  giveWay(child);
  return child;
}

/**
 * Functions may use every core, and then the daemons that trigger the next ones would wait their turn
 * among them: with two busy functions on two cores, scheduling took three times as long. Where Linux
 * shares by session (autogroups, sched(7)) it has no effect: then a function counts as much as all
 * daemons, which the twin knows (`sim/shared-cpu.ts`).
 */
function giveWay({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It has ended, or the system does not let us: then it competes.
  }
}

/** The worker's, less its own settings: tokens are not for functions. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(
    entries.filter(([name]) => !name.startsWith("FAASFLOW_") && name !== "NODE_OPTIONS"),
  );
}
