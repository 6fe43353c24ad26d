/** The events that the daemons of a cluster have written so far, read on from where it was before. */

import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../../../core/events.ts";
import { unpacked } from "../../../live/packed-event.ts";

interface Tail {
  /** Bytes that were read. */
  offset: number;
  /** A line that was not yet there as a whole. */
  rest: string;
}

export class EventTail {
  readonly #directory: string;
  readonly #tails: Map<string, Tail>;
  readonly #events: Event[];

  constructor(directory: string) {
    this.#directory = directory;
    this.#tails = new Map();
    this.#events = [];
  }

  /** In the order in which they were read. */
  read(): readonly Event[] {
    for (const name of readdirSync(this.#directory)) {
      const tail = this.#tails.get(name) ?? { offset: 0, rest: "" };
      this.#tails.set(name, tail);
      const lines = (tail.rest + this.#more(name, tail)).split("\n");
      tail.rest = lines.pop()!;
      for (const line of lines) this.#events.push(unpacked(JSON.parse(line)));
    }
    return this.#events;
  }

  #more(name: string, tail: Tail): string {
    const file = openSync(join(this.#directory, name), "r");
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - tail.offset);
      const count = readSync(file, bytes, 0, bytes.length, tail.offset);
      tail.offset += count;
      return bytes.toString("utf8", 0, count);
    } finally {
      closeSync(file);
    }
  }
}
