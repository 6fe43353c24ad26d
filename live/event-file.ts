/**
 * The events of one daemon on disk, a line each, written in blocks off the hot path; `mergeEvents`
 * puts the files of a cluster into one log.
 */

import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../core/events.ts";
import { packed, unpacked } from "./packed-event.ts";

const WRITE_EVERY_MS = 200;

export class EventFile {
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  #events: Event[];

  constructor(directory: string, node: string) {
    this.#path = join(directory, `${node}.events`);
    this.#events = [];
    writeFileSync(this.#path, "");
    this.#timer = setInterval(() => this.flush(), WRITE_EVERY_MS);
  }

  add(event: Event): void {
    this.#events.push(event);
  }

  flush(): void {
    if (this.#events.length === 0) return;
    const lines = this.#events.map((event) => `${JSON.stringify(packed(event))}\n`);
    appendFileSync(this.#path, lines.join(""));
    this.#events = [];
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
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
