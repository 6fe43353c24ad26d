/**
 * The events of one daemon on disk, a line each; `mergeEvents` puts the files of a cluster into one
 * log. Written a turn of the event loop later, in one go: a daemon that is killed has
 * said little that is not in its file, and a turn pays some ten microseconds.
 */

import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../core/events.ts";
import { packed, unpacked } from "./packed-event.ts";

export class EventFile {
  readonly #file: number;
  #events: Event[];

  constructor(directory: string, node: string) {
    this.#file = openSync(join(directory, `${node}.events`), "w");
    this.#events = [];
  }

  add(event: Event): void {
    // After what this turn put off: the next activation does not wait for the disk.
    if (this.#events.length === 0) setImmediate(() => setImmediate(() => this.#flush()));
    this.#events.push(event);
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    if (this.#events.length === 0) return;
    const lines = this.#events.map((event) => `${JSON.stringify(packed(event))}\n`);
    this.#events = [];
    writeSync(this.#file, lines.join(""));
  }
}

/** All events in the directory, by time; at the same time by node, then as they were written. */
export function mergeEvents(directory: string): readonly Event[] {
  const events = readdirSync(directory)
    .filter((name) => name.endsWith(".events"))
    .sort() // texts
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => unpacked(JSON.parse(line)));
  return events.sort((a, b) => a.time - b.time);
}
