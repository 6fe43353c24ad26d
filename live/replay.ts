/**
 * Replay: a fresh machine of the core is told what a recorded one was told, and must do the same: call
 * by call, event by event. What the world answers at once (the time, tokens of timers) comes from the
 * recording, too.
 */

import { isDeepStrictEqual } from "node:util";
import { machineFor } from "../core/engine/machine.ts";
import type { Settings } from "../core/engine/settings.ts";
import type { Env, Input, Stage } from "../core/env.ts";
import { nodeNamed } from "../core/node.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import { planOf } from "./deployments.ts";
import { MachineLoop } from "./machine-loop.ts";
import { RecordedEnv } from "./recorder.ts";
import {
  callText,
  type Ending,
  type RecordingHeader,
  type Turn,
  type WrittenCall,
  type WrittenInput,
} from "./recording-format.ts";
import { type KilledEnding, type ReadTurn, RecordingReader } from "./recording-reader.ts";

/** The first call that is not the same. */
export interface Difference {
  /** Whose call it is. */
  readonly turn: ReadTurn;
  /** Which of the turn's calls, from 1. */
  readonly call: number;
  /** JSON; undefined: it did no more. */
  readonly recorded: string | undefined;
  readonly replayed: string | undefined;
  /** The turns before it, the last last. */
  readonly before: readonly ReadTurn[];
}

export interface Replay {
  readonly header: RecordingHeader;
  readonly turns: number;
  /** Calls and events that were compared. */
  readonly calls: number;
  readonly ending: Ending | KilledEnding;
  readonly difference: Difference | undefined;
}

const TURNS_BEFORE = 10;

/** Throws `UnreadableFile` with all that is wrong in the file, and what `fs` throws. */
export function replay(file: string): Replay {
  const reader = new RecordingReader(file);
  const { header, problems } = reader;
  const player = new Player(header);
  const before: ReadTurn[] = [];
  let turns = 0;
  let calls = 0;
  let difference: Difference | undefined;
  // Read to its end in any case: all that is wrong in the file is told at once.
  for (const turn of reader.turns()) {
    if (difference !== undefined || problems.count > 0) continue;
    const input = inputOf(turn.input, header.settings);
    if (typeof input === "string") {
      const found = `a workflow that has no plan (${input})`;
      const expected = "a deployment as the daemon recorded it";
      problems.add({ line: turn.line, path: "input.deployment", found, expected, next: "" });
      continue;
    }
    const unlike = firstUnlike(turn, player.play(turn, input));
    turns += 1;
    calls += turn.did.length;
    if (unlike !== undefined) difference = { turn, ...unlike, before: [...before] };
    before.push(turn);
    if (before.length > TURNS_BEFORE) before.shift();
  }
  problems.check();
  return { header, turns, calls, ending: reader.ending, difference };
}

/** A world that answers as the recorded one did, and does nothing. */
class RecordedWorld implements Env, Stage {
  #at: Micros;
  #tokens: number[];

  constructor() {
    this.#at = NO_TIME;
    this.#tokens = [];
  }

  /** What it answers from now on. */
  set({ at_us, did }: ReadTurn): void {
    this.#at = at_us;
    this.#tokens = did.flatMap(([name, , , token]) => (name === "timer" ? [Number(token)] : []));
  }

  now(): Micros {
    return this.#at;
  }

  /** One more than were recorded: a difference anyway. */
  timer(): number {
    return this.#tokens.shift() ?? -1;
  }

  begin(): void {}
  commit(): void {}
  send(): void {}
  cancel(): void {}
  boot(): void {}
  stop(): void {}
  get(): void {}
  start(): void {}
  put(): void {}
  drop(): void {}
  emit(): void {}
}

/** A turn as it came out this time: its calls, and what the machine threw, if it did. */
interface Played {
  readonly calls: readonly string[];
  readonly thrown: string | undefined;
}

class Player {
  readonly #world: RecordedWorld;
  readonly #env: RecordedEnv;
  readonly #loop: MachineLoop;
  #played: Turn | undefined;

  constructor(header: RecordingHeader) {
    this.#world = new RecordedWorld();
    this.#played = undefined;
    this.#env = new RecordedEnv(this.#world, (turn) => {
      this.#played = turn;
    });
    const machine = machineFor(nodeNamed(header.node)!, this.#env, header.settings);
    this.#loop = new MachineLoop(machine, this.#env);
  }

  play(turn: ReadTurn, input: Input): Played {
    this.#world.set(turn);
    let thrown: string | undefined;
    try {
      this.#loop.feed(input);
    } catch (cause) {
      thrown = cause instanceof Error ? cause.message : String(cause);
      this.#env.giveUp();
    }
    return { calls: this.#played!.did.map(callText), thrown };
  }
}

/** A text: why the plan of this deployment cannot be worked out. */
function inputOf(written: WrittenInput, settings: Settings): Input | string {
  if (written.tag !== "deploy") return written;
  try {
    return { tag: "deploy", plan: planOf(written.deployment, settings) };
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

function firstUnlike(
  { did, threw }: ReadTurn,
  { calls, thrown }: Played,
): Pick<Difference, "call" | "recorded" | "replayed"> | undefined {
  for (let index = 0; index < Math.max(did.length, calls.length); index++) {
    const recorded = did[index];
    const replayed = calls[index];
    if (isSame(recorded, replayed)) continue;
    return { call: index + 1, recorded: recorded && JSON.stringify(recorded), replayed };
  }
  if ((threw === true) === (thrown !== undefined)) return undefined;
  const call = did.length + 1;
  return {
    call,
    recorded: threw ? "it threw" : undefined,
    replayed: thrown && `it threw: ${thrown}`,
  };
}

/** The order of an object's fields says nothing. */
function isSame(recorded: WrittenCall | undefined, replayed: string | undefined): boolean {
  if (recorded === undefined || replayed === undefined) return recorded === replayed;
  if (JSON.stringify(recorded) === replayed) return true;
  return isDeepStrictEqual(JSON.parse(replayed), recorded);
}
