/**
 * How fast the processors of this machine are: what share of the time for which something wanted one
 * it had one, as far as the host of a virtual machine is to blame (`steal` in proc(5)). For the
 * header of an event log (analysis/processor-speed.ts): a twin that does not know it takes a busy
 * host for a slow cluster.
 *
 * An interval in which hardly anything wanted a processor is told together with the next. Elsewhere
 * than on Linux nothing is known, and nothing told.
 */

import { readFileSync } from "node:fs";
import type { Micros } from "../core/units.ts";
import type { Clock } from "./clock.ts";

/** Sums since the machine started, over all processors, in whatever unit. */
export interface ProcessorTimes {
  readonly wanted: number;
  /** Of it, what the host did not give. */
  readonly stolen: number;
}

/** From this time on, until the next. */
export interface SpeedChange {
  readonly at: Micros;
  /** 1: all processors, all the time; above 0. */
  readonly speed: number;
}

/** Ticks of 10 ms: with fewer, one stolen tick would look like a slow machine. */
const FEWEST_TICKS = 20;
/** That a speed is told in. */
const STEPS = 100;
/** Hours of a machine whose speed never stays; older ones go. */
const MOST = 20_000;

export class ProcessorMeter {
  readonly #clock: Clock;
  readonly #read: () => ProcessorTimes | undefined;
  /** Undefined: not known here. */
  #last: ProcessorTimes | undefined;
  #since: Micros;
  readonly #speeds: SpeedChange[];

  constructor(clock: Clock, read: () => ProcessorTimes | undefined = linuxTimes) {
    this.#clock = clock;
    this.#read = read;
    this.#last = read();
    this.#since = clock.now();
    this.#speeds = [];
  }

  /** By time; none where nothing is known. */
  get speeds(): readonly SpeedChange[] {
    return this.#speeds;
  }

  look(): void {
    const last = this.#last;
    const times = last === undefined ? undefined : this.#read();
    if (last === undefined || times === undefined) return;
    const wanted = times.wanted - last.wanted;
    if (wanted < FEWEST_TICKS) return;
    const given = Math.round(STEPS * (1 - (times.stolen - last.stolen) / wanted)) / STEPS;
    const speed = Math.min(1, Math.max(1 / STEPS, given));
    if (speed !== this.#speeds.at(-1)?.speed) this.#speeds.push({ at: this.#since, speed });
    if (this.#speeds.length > MOST) this.#speeds.splice(0, MOST / 2);
    this.#last = times;
    this.#since = this.#clock.now();
  }
}

function linuxTimes(): ProcessorTimes | undefined {
  try {
    return processorTimes(readFileSync("/proc/stat", "utf8"));
  } catch {
    return undefined;
  }
}

/** Of the text of /proc/stat; undefined if it is none. */
export function processorTimes(stat: string): ProcessorTimes | undefined {
  const line = /^cpu +(\d+(?: \d+){7})/.exec(stat);
  if (line === null) return undefined;
  // Guests' time, which may follow, is in `user` already.
  const [user, nice, system, , , irq, softirq, stolen] = line[1]!.split(" ").map(Number);
  return { wanted: user! + nice! + system! + irq! + softirq! + stolen!, stolen: stolen! };
}
