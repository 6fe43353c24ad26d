/**
 * Cells of studies that are simulated already, a file each, named after all that they depend on: the
 * scenario with its workflows and its profile, and the program that simulates it.
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CsvRow } from "../analysis/csv.ts";
import { makeFolder } from "../workflows/named-files.ts";
import { resourceUrl } from "../workflows/resources.ts";
import { THREAD_PROGRAM } from "./cell-pool-command.ts";
import type { Scenario } from "./scenario-config.ts";

export class StudyStore {
  readonly #folder: string;
  readonly #program: string;

  /** Makes the folder. Throws if that cannot be. */
  constructor(folder: string) {
    this.#folder = join(folder, "cells");
    this.#program = programHash();
    makeFolder(this.#folder);
  }

  key(scenario: Scenario): string {
    return cellKey(this.#program, scenario);
  }

  /** A file that is no cell's, such as one that a full disk cut short, is a cell that is not done. */
  get(key: string): readonly CsvRow[] | undefined {
    const file = this.#file(key);
    if (!existsSync(file)) return undefined;
    const text = readFileSync(file, "utf8");
    try {
      const rows: unknown = JSON.parse(text);
      return Array.isArray(rows) ? rows : undefined;
    } catch {
      return undefined;
    }
  }

  /** The file is there as a whole or not at all, whenever this process is killed. */
  put(key: string, rows: readonly CsvRow[]): void {
    const file = this.#file(key);
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(rows));
    renameSync(draft, file);
  }

  #file(key: string): string {
    return join(this.#folder, `${key}.json`);
  }
}

/** Not of how the workflows were named: of what is in them, and of the program (`programHash`). */
export function cellKey(program: string, { references: _, ...scenario }: Scenario): string {
  return hashOf(JSON.stringify([program, scenario], unlimited));
}

/**
 * Of the bundle that threads run. Its own text is enough: it names the chunks that it loads, and their
 * names are hashes of what is in them.
 */
export function programHash(): string {
  return hashOf(readFileSync(resourceUrl(THREAD_PROGRAM), "utf8"));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** JSON has no infinity. */
function unlimited(_key: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? "unlimited" : value;
}
