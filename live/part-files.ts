/**
 * The storage daemon's data directory: a file a part, whole or not there at all. A body is written
 * beside the parts and renamed once it is complete, so that a reader, and a daemon that starts
 * again, see the old content or the new.
 *
 * One daemon a directory. Nothing is synced: parts outlive the daemon's death, and may not outlive
 * the machine's.
 */

import {
  createWriteStream,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  type WriteStream,
  writeFileSync,
} from "node:fs";
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { makeFolder } from "../workflows/named-files.ts";
import { SMALL_BYTES, wholeOf } from "./file-transfer.ts";

/** Bytes that a body is written with at a time, a body. */
const CHUNK = 256 * 1024;
/** Its directory can be forgotten under a part that is just moving in. */
const MOVE_TRIES = 5;

export interface OpenPart {
  readonly bytes: number;
  /** To be read to its end or destroyed; its content, if that is little. */
  readonly body: Readable | Buffer;
}

export class PartFiles {
  readonly #parts: string;
  readonly #asides: string;
  /** This daemon's place for what is not a part yet, or any more. */
  #aside: string;
  #made: number;

  constructor(dir: string) {
    this.#parts = join(dir, "parts");
    this.#asides = join(dir, "aside");
    this.#aside = "";
    this.#made = 0;
  }

  async open(): Promise<void> {
    makeFolder(this.#parts);
    makeFolder(this.#asides);
    this.#aside = await fs.mkdtemp(join(this.#asides, "daemon-"));
  }

  /** Removes what earlier daemons had left unfinished. */
  async tidy(): Promise<void> {
    for (const name of await fs.readdir(this.#asides)) {
      const left = join(this.#asides, name);
      if (left !== this.#aside) await fs.rm(left, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    await fs.rm(this.#aside, { recursive: true, force: true });
  }

  /**
   * Rejects, and changes nothing, if the body breaks off or is not of `bytes`. A disk that fails
   * leaves the rest of the body unread.
   */
  async write(path: string, body: Readable, bytes: number): Promise<void> {
    const draft = this.#draft();
    if (bytes <= SMALL_BYTES) {
      const content = await wholeOf(body);
      checkLength(content.length, bytes);
      this.#writeSmall(draft, join(this.#parts, path), content);
      return;
    }
    try {
      const file = createWriteStream(draft, { flags: "wx", highWaterMark: CHUNK });
      await pour(body, file);
      checkLength(file.bytesWritten, bytes);
      await this.#moveIn(draft, join(this.#parts, path));
    } catch (cause) {
      await fs.rm(draft, { force: true });
      throw cause;
    }
  }

  /** undefined: there is no such part. */
  async read(path: string): Promise<OpenPart | undefined> {
    const file = join(this.#parts, path);
    const small = smallContent(file);
    if (small !== undefined) return { bytes: small.length, body: small };
    const handle = await orMissing(fs.open(file, "r"));
    if (handle === undefined) return undefined;
    const stats = await handle.stat();
    const body = handle.createReadStream({ highWaterMark: CHUNK });
    if (stats.isFile()) return { bytes: stats.size, body };
    body.destroy();
    return undefined;
  }

  /** All below `path`: gone at once for who asks, from the disk when this ends. */
  async forget(path: string): Promise<void> {
    const trash = this.#draft();
    await orMissing(fs.rename(join(this.#parts, path), trash));
    await fs.rm(trash, { recursive: true, force: true });
  }

  #writeSmall(draft: string, target: string, content: Buffer): void {
    try {
      writeFileSync(draft, content, { flag: "wx" });
      try {
        renameSync(draft, target);
      } catch (cause) {
        if (!isMissing(cause)) throw cause;
        mkdirSync(dirname(target), { recursive: true });
        renameSync(draft, target);
      }
    } catch (cause) {
      rmSync(draft, { force: true });
      throw cause;
    }
  }

  #draft(): string {
    return join(this.#aside, String(this.#made++));
  }

  async #moveIn(draft: string, target: string): Promise<void> {
    for (let left = MOVE_TRIES; ; left--) {
      try {
        return await fs.rename(draft, target);
      } catch (cause) {
        if (left === 0 || !isMissing(cause)) throw cause;
        await fs.mkdir(dirname(target), { recursive: true });
      }
    }
  }
}

/** Unlike a pipeline it leaves the body open if the file fails: there is an answer to be sent yet. */
function pour(body: Readable, file: WriteStream): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    body.once("error", reject);
    body.once("close", () => {
      if (!body.readableEnded) reject(new Error("the body broke off"));
    });
    file.once("error", reject);
    file.once("finish", resolve);
    body.pipe(file);
  }).catch((cause) => {
    body.unpipe(file);
    file.destroy();
    throw cause;
  });
}

/** undefined: it is large, or not there. */
function smallContent(file: string): Buffer | undefined {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats?.isFile() && stats.size <= SMALL_BYTES ? readFileSync(file) : undefined;
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
}

function checkLength(came: number, announced: number): void {
  if (came === announced) return;
  throw new Error(`${came} bytes came, ${announced} were announced`);
}

async function orMissing<A>(found: Promise<A>): Promise<A | undefined> {
  try {
    return await found;
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
}

function isMissing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
