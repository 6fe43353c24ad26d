/**
 * The events of one daemon on disk: an NDJSON file that is an event log of its own, its header
 * first. Written in blocks, off the hot path; `merge` puts the files of a cluster into one log.
 */

import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../core/events.ts";

const WRITE_EVERY_MS = 200;

/** Raw events, one JSON array a line: ids, no names; the fields in the order of `FIELDS`. */
const FIELDS = [
  "time",
  "node",
  "kind",
  "plan",
  "invocation",
  "task",
  "item",
  "attempt",
  "container",
  "datum",
  "part",
  "bytes",
  "wait_us",
  "cpu_us",
  "value",
  "why",
] as const satisfies readonly (keyof Event)[];

export class EventFile {
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  #lines: string[];

  constructor(directory: string, node: string) {
    this.#path = join(directory, `${node}.events`);
    this.#lines = [];
    writeFileSync(this.#path, "");
    this.#timer = setInterval(() => this.flush(), WRITE_EVERY_MS);
  }

  add(event: Event): void {
    this.#lines.push(JSON.stringify(FIELDS.map((field) => event[field])));
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    appendFileSync(this.#path, `${this.#lines.join("\n")}\n`);
    this.#lines = [];
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
    .map((line): Event => {
      const values = JSON.parse(line) as readonly unknown[];
      return Object.fromEntries(
        FIELDS.map((field, index) => [field, values[index]]),
      ) as unknown as Event;
    });
  return events.sort((a, b) => a.time - b.time);
}
