/**
 * A container from the inside: the program that the worker starts, as a child process or in a Docker
 * container. It loads the function, says that it is ready, and runs one activation at a time. An
 * exception, also one that nobody waits for, fails the activation and not the container; only where
 * something of the function may still run does the container end itself after saying so.
 *
 * It ends when its worker does: the channel closes, or the worker's guard kills it.
 */

import { mkdirSync, readFileSync } from "node:fs";
import { CapturedOutput } from "./captured-output.ts";
import { runCommand } from "./command-function.ts";
import { openChannel, type Send } from "./container-channel.ts";
import {
  checkToContainer,
  type Done,
  type Failed,
  type FromContainer,
  PROTOCOL,
  type RunRequest,
} from "./container-protocol.ts";
import { ActivationContext, type FunctionBody } from "./function-context.ts";
import { FunctionModules } from "./function-module.ts";
import { programTime_us, TICK_US } from "./program-time.ts";
import { runSynthetic } from "./synthetic-function.ts";

/** How long a function whose stray exception was caught may take to come to its own end. */
const SETTLE_MS = 100;

/** Of its Docker container: nobody else is number 1. */
const isFirst = process.pid === 1;
const exit = process.exit.bind(process);

type Body = Pick<Done, "outputs" | "values">;

class Container {
  readonly #output: CapturedOutput;
  readonly #modules: FunctionModules;
  readonly #send: Send;
  #current: number | undefined;
  /** The first exception of the current activation that its body did not see. */
  #stray: unknown;
  /** CPU time of all programs that had ended when it was looked at last. */
  #programs_us: number;

  constructor() {
    this.#output = new CapturedOutput();
    const ending = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
    const builtins = new URL("../workflows/functions/", import.meta.url);
    this.#modules = new FunctionModules({ builtins, ending });
    this.#current = undefined;
    this.#stray = undefined;
    this.#programs_us = 0;
    this.#send = openChannel({ message: (value) => this.#handle(value), closed: endGroup });
  }

  /** From here on a function cannot end it by mistake. */
  shield(): void {
    process.on("uncaughtException", (error) => this.#strayed(error));
    process.on("unhandledRejection", (error) => this.#strayed(error));
    // The first process of a Docker container has no default action for this signal.
    if (isFirst) {
      process.on("SIGTERM", () => process.listenerCount("SIGTERM") === 1 && endGroup());
    }
    process.exit = (code) => {
      const error = new Error(
        `The function called process.exit(${code ?? ""}). Let it return, or throw an error.`,
      );
      if (this.#current !== undefined) this.#stray ??= error;
      throw error;
    };
  }

  #handle(value: unknown): void {
    const checked = checkToContainer(value);
    if ("problem" in checked) {
      this.#output.toWorker(`A message of the worker cannot be read: ${checked.problem}.\n`);
      endGroup();
      return;
    }
    const { message } = checked;
    if (message.tag === "load") {
      const ready = (): void => this.#send({ tag: "ready", protocol: PROTOCOL });
      if (message.function.tag !== "module") ready();
      // Whatever is wrong with the module fails the run that needs it.
      else this.#modules.load(message.function.module).then(ready, ready);
    } else void this.#run(message);
  }

  async #run(request: RunRequest): Promise<void> {
    const { activation } = request;
    this.#current = activation;
    this.#stray = undefined;
    this.#output.begin();
    const context = new ActivationContext(request, (values) => this.#output.line(values));
    const started = process.hrtime.bigint();
    const cpu = process.cpuUsage();
    let body: Body | undefined;
    let error: unknown;
    try {
      mkdirSync(request.scratch, { recursive: true });
      body = await this.#body(request, context);
    } catch (thrown) {
      error = thrown ?? new Error(`The function threw ${thrown}.`);
    }
    // Long over: what strayed has been reported, and the container is about to end.
    if (this.#current !== activation) return;
    const { user, system } = process.cpuUsage(cpu);
    const wall_us = Number((process.hrtime.bigint() - started) / 1_000n);
    const own_us = user + system;
    const compute_us = own_us + this.#ofPrograms(request, wall_us - own_us);
    const sleep_us = Math.max(0, wall_us - compute_us);
    context.close();
    this.#current = undefined;
    const log = this.#output.end();
    const failure = this.#stray ?? error;
    if (failure !== undefined || body === undefined) {
      this.#fail({ activation, ...described(failure), log }, false);
      return;
    }
    this.#send({
      tag: "done",
      protocol: PROTOCOL,
      activation,
      ...body,
      compute_us,
      sleep_us,
      log,
    });
  }

  /** CPU time of programs that the run has started; only if it idled for so long that there may be any. */
  #ofPrograms({ function: { tag } }: RunRequest, idle_us: number): number {
    if (tag === "synthetic" || idle_us < TICK_US) return 0;
    const before = this.#programs_us;
    this.#programs_us = endedPrograms_us();
    return this.#programs_us - before;
  }

  async #body(request: RunRequest, context: ActivationContext): Promise<Body> {
    const { function: spec } = request;
    switch (spec.tag) {
      case "synthetic":
        return { outputs: await runSynthetic(request), values: {} };
      case "command":
        return runCommand(request, spec.command, (text) => this.#output.add(text));
      case "module": {
        const { module } = spec;
        const run: FunctionBody =
          this.#modules.loaded(module) ?? (await this.#modules.load(module));
        await run(context);
        return { outputs: context.outputs(), values: context.values };
      }
      default:
        return spec satisfies never;
    }
  }

  /** An exception outside of the function's own call: a timer, a promise nobody waits for. */
  #strayed(error: unknown): void {
    const activation = this.#current;
    if (activation === undefined) {
      this.#output.toWorker(`Between activations: ${described(error).stack}\n`);
      return;
    }
    this.#stray ??= error ?? new Error(`A promise was rejected with ${error}.`);
    setTimeout(() => {
      if (this.#current !== activation) return;
      this.#current = -1;
      const log = this.#output.end();
      this.#fail({ activation, ...described(this.#stray), log }, true);
    }, SETTLE_MS);
  }

  #fail(failed: Failed, ending: boolean): void {
    const message: FromContainer = { tag: "failed", protocol: PROTOCOL, ending, ...failed };
    this.#send(message, ending ? endGroup : undefined);
  }
}

function described(thrown: unknown): { readonly message: string; readonly stack: string } {
  if (!(thrown instanceof Error)) return { message: String(thrown), stack: "" };
  return { message: thrown.message, stack: withoutOurs(thrown.stack ?? "") };
}

/** Frames of this program and of Node say nothing about the function. */
function withoutOurs(stack: string): string {
  const ours = ["node:", import.meta.url, new URL("../chunks/", import.meta.url).href];
  const isOurs = (line: string): boolean =>
    /^\s+at /.test(line) && ours.some((part) => line.includes(part));
  return stack
    .split("\n")
    .filter((line) => !isOurs(line))
    .join("\n");
}

/** Of this process; 0 where /proc is not there. */
function endedPrograms_us(): number {
  try {
    return programTime_us(readFileSync("/proc/self/stat", "utf8"));
  } catch {
    return 0;
  }
}

/** Ends this process and every program that a function has started. */
function endGroup(): void {
  // With the first process of a Docker container all others end; no signal of its own ends it.
  if (isFirst) exit(1);
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    // Not the leader of a group: started by hand.
    process.kill(process.pid, "SIGKILL");
  }
}

new Container().shield();
