/**
 * Keeps what a process writes to stdout and stderr: for the activation that runs, up to a limit.
 */

import { format } from "node:util";
import { LOG_LIMIT } from "./container-protocol.ts";

type Write = typeof process.stdout.write;

export class CapturedOutput {
  readonly #chunks: Buffer[];
  readonly #toStderr: Write;
  #bytes: number;
  #running: boolean;

  /** From here on, both streams of this process are its. */
  constructor() {
    this.#chunks = [];
    this.#toStderr = process.stderr.write.bind(process.stderr);
    this.#bytes = 0;
    this.#running = false;
    process.stdout.write = this.#writer();
    process.stderr.write = this.#writer();
  }

  begin(): void {
    this.#chunks.length = 0;
    this.#bytes = 0;
    this.#running = true;
  }

  /** All that was written since `begin`. */
  end(): string {
    this.#running = false;
    const text = Buffer.concat(this.#chunks).toString("utf8");
    const cut = this.#bytes - LOG_LIMIT;
    return cut <= 0 ? text : `${text}\n[cut: ${cut} B more]\n`;
  }

  add(chunk: Uint8Array): void {
    const room = LOG_LIMIT - this.#bytes;
    // A view would keep all of what it is a part of.
    if (room > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    this.#bytes += chunk.length;
  }

  line(values: readonly unknown[]): void {
    if (this.#running) this.add(Buffer.from(`${format(...values)}\n`));
  }

  /** Between activations: what is written then is the worker's to see. */
  toWorker(text: string): void {
    this.#toStderr(text);
  }

  #writer(): Write {
    return (chunk: string | Uint8Array, encoding?: unknown, written?: unknown): boolean => {
      const bytes =
        typeof chunk === "string"
          ? Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8")
          : chunk;
      if (this.#running) this.add(bytes);
      else this.#toStderr(bytes);
      const callback = typeof encoding === "function" ? encoding : written;
      if (typeof callback === "function") process.nextTick(callback as () => void);
      return true;
    };
  }
}
