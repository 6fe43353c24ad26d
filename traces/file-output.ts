/** A file written in large blocks, synchronously: events come faster than a stream takes them. */

import { closeSync, openSync, writeFileSync } from "node:fs";

const BLOCK = 1 << 20;

export class FileOutput {
  readonly #file: number;
  #parts: string[];
  #size: number;

  /** Throws as `fs` does if the file cannot be written. */
  constructor(path: string) {
    this.#file = openSync(path, "w");
    this.#parts = [];
    this.#size = 0;
  }

  write(text: string): void {
    if (text === "") return;
    this.#parts.push(text);
    this.#size += text.length;
    if (this.#size >= BLOCK) this.#flush();
  }

  end(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    // Not `writeSync`, which writes what there is room for and says nothing of the rest.
    writeFileSync(this.#file, this.#parts.join(""));
    this.#parts = [];
    this.#size = 0;
  }
}
