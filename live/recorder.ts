/**
 * Records what one machine is told and what it does. `RecordedEnv` stands between a machine and its
 * world and notes both; `RecordingFile` writes them, in blocks off the hot path.
 */

import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
import type { NodeId } from "../core/node.ts";
import type { Message } from "../core/protocol.ts";
import type { Micros } from "../core/units.ts";
import { makeFolder } from "../workflows/named-files.ts";
import type { Log } from "./daemon-log.ts";
import type { Deployment } from "./deployment.ts";
import {
  type Call,
  type Ending,
  RECORDING_FORMAT,
  RECORDING_SUFFIX,
  RECORDING_VERSION,
  type RecordingHeader,
  type Turn,
  turnLine,
} from "./recording-format.ts";

/** A world, and what a machine asks of it: the machine sees no difference. */
export class RecordedEnv implements Env, Stage {
  readonly #world: Env & Stage;
  readonly #take: (turn: Turn) => void;
  /** Of the input being handled; undefined between inputs. */
  #input: Input | undefined;
  #did: Call[];

  constructor(world: Env & Stage, take: (turn: Turn) => void) {
    this.#world = world;
    this.#take = take;
    this.#input = undefined;
    this.#did = [];
  }

  begin(input: Input): void {
    this.giveUp();
    this.#world.begin(input);
    this.#input = input;
    this.#did = [];
  }

  commit(): void {
    this.#end({ threw: false });
    this.#world.commit();
  }

  /** An input whose handling has not come to its end never will: the machine threw. */
  giveUp(): void {
    this.#end({ threw: true });
  }

  now(): Micros {
    return this.#world.now();
  }

  send(to: NodeId, message: Message): void {
    this.#did.push(["send", to, message]);
    this.#world.send(to, message);
  }

  timer(delay: Micros, timer: Timer): number {
    const token = this.#world.timer(delay, timer);
    this.#did.push(["timer", delay, timer, token]);
    return token;
  }

  cancel(token: number): void {
    this.#did.push(["cancel", token]);
    this.#world.cancel(token);
  }

  boot(request: BootRequest): void {
    this.#did.push(["boot", request]);
    this.#world.boot(request);
  }

  stop(container: number): void {
    this.#did.push(["stop", container]);
    this.#world.stop(container);
  }

  get(request: GetRequest): void {
    this.#did.push(["get", request]);
    this.#world.get(request);
  }

  start(request: StartRequest): void {
    this.#did.push(["start", request]);
    this.#world.start(request);
  }

  put(request: PutRequest): void {
    this.#did.push(["put", request]);
    this.#world.put(request);
  }

  drop(request: DropRequest): void {
    this.#did.push(["drop", request]);
    this.#world.drop(request);
  }

  emit(event: Event): void {
    this.#did.push(["event", event]);
    this.#world.emit(event);
  }

  #end({ threw }: { readonly threw: boolean }): void {
    if (this.#input === undefined) return;
    this.#take({ at: this.#world.now(), input: this.#input, did: this.#did, threw });
    this.#input = undefined;
  }
}

/** Where a daemon records, and how much at most. */
export interface RecordChoice {
  readonly directory: string;
  readonly limit_bytes: number;
}

/** It as flags of a daemon. */
export function recordArguments(choice: RecordChoice | undefined): readonly string[] {
  if (choice === undefined) return [];
  return ["--record", choice.directory, "--record-limit", `${choice.limit_bytes}`];
}

export interface RecordingParts extends RecordChoice {
  readonly about: Omit<RecordingHeader, "format" | "version">;
  /** What the plan of that id was worked out from. */
  readonly deploymentOf: (plan: number) => Deployment;
  readonly log: Log;
}

/** Undefined: nothing is to be recorded. */
export function openRecording(
  choice: RecordChoice | undefined,
  parts: Omit<RecordingParts, keyof RecordChoice>,
): RecordingFile | undefined {
  return choice && new RecordingFile({ ...choice, ...parts });
}

const WRITE_EVERY_MS = 200;
/** Most that wait; a simulated machine lets no timer in. */
const MOST_TURNS = 10_000;
/** Room for the last line. */
const END_BYTES = 100;

/** Of one machine, from its first input on; at its limit it says so and stops, with whole lines. */
export class RecordingFile {
  readonly #parts: RecordingParts;
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  readonly #atExit: () => void;
  #env: RecordedEnv | undefined;
  #turns: Turn[];
  #bytes: number;
  #ended: boolean;

  constructor(parts: RecordingParts) {
    const { directory, about } = parts;
    this.#parts = parts;
    this.#path = join(directory, `${about.node}-${about.incarnation}${RECORDING_SUFFIX}`);
    this.#env = undefined;
    this.#turns = [];
    this.#ended = false;
    const head: RecordingHeader = {
      format: RECORDING_FORMAT,
      version: RECORDING_VERSION,
      ...about,
    };
    const line = `${JSON.stringify(head)}\n`;
    makeFolder(directory);
    writeFileSync(this.#path, line);
    this.#bytes = Buffer.byteLength(line);
    this.#timer = setInterval(() => this.#write(), WRITE_EVERY_MS);
    // A machine that throws ends its process: these are the inputs that one wants to see.
    this.#atExit = () => this.close();
    process.once("exit", this.#atExit);
  }

  /** What the machine is to have for its world. */
  watch(world: Env & Stage): RecordedEnv {
    this.#env = new RecordedEnv(world, (turn) => {
      if (!this.#ended) this.#turns.push(turn);
      if (this.#turns.length > MOST_TURNS) this.#write();
    });
    return this.#env;
  }

  close(): void {
    clearInterval(this.#timer);
    process.off("exit", this.#atExit);
    this.#env?.giveUp();
    this.#write();
    if (!this.#ended) this.#end("stopped", []);
  }

  #write(): void {
    const lines: string[] = [];
    for (const turn of this.#turns.splice(0)) {
      const line = `${turnLine(turn, this.#parts.deploymentOf)}\n`;
      this.#bytes += Buffer.byteLength(line);
      if (this.#bytes + END_BYTES > this.#parts.limit_bytes) {
        this.#end("full", lines);
        this.#say(`it has reached its limit of ${this.#parts.limit_bytes} bytes`);
        return;
      }
      lines.push(line);
    }
    this.#append(lines);
  }

  #end(end: Ending, lines: readonly string[]): void {
    this.#append([...lines, `${JSON.stringify({ end })}\n`]);
    this.#ended = true;
  }

  /** A disk that is full is no reason for a daemon to end. */
  #append(lines: readonly string[]): void {
    if (lines.length === 0 || this.#ended) return;
    try {
      appendFileSync(this.#path, lines.join(""));
    } catch (cause) {
      this.#ended = true;
      this.#say((cause as Error).message);
    }
  }

  #say(why: string): void {
    this.#parts.log({ level: "warn" }, `recording to ${this.#path} has stopped: ${why}`);
  }
}
