/**
 * What activations have on a worker's disk while they are in a container. A container has one after
 * another; what the last one left there goes when the next one comes, or the container goes.
 */

import { lstatSync, realpathSync, unlinkSync } from "node:fs";
import { dirname, sep } from "node:path";
import type { StartRequest } from "../core/env.ts";
import type { PartFile } from "./container-protocol.ts";
import type { LocalFiles } from "./local-files.ts";

export interface Workspace {
  readonly activation: number;
  /** A directory of its own. */
  readonly scratch: string;
  /** By slot. */
  readonly reads: Map<number, { readonly datum: number; readonly part: PartFile }>;
  /** Fetched from the remote store for this activation alone. */
  readonly fetched: string[];
  /** Files the function put out: datum, then item of the list (0 for a plain one). */
  readonly written: Map<number, readonly string[]>;
  /** undefined: it still reads. */
  request: StartRequest | undefined;
  /** The function has begun, and has neither returned nor failed. */
  isRunning: boolean;
}

export class Workspaces {
  readonly #files: LocalFiles;
  readonly #byActivation: Map<number, Workspace>;
  /** Of the activation that the container has, or had last. */
  readonly #byContainer: Map<number, Workspace>;

  constructor(files: LocalFiles) {
    this.#files = files;
    this.#byActivation = new Map();
    this.#byContainer = new Map();
  }

  find(activation: number): Workspace | undefined {
    return this.#byActivation.get(activation);
  }

  in(container: number): Workspace | undefined {
    return this.#byContainer.get(container);
  }

  /** The activation's own; made when first asked for, which ends the one its container had before. */
  open(of: { readonly activation: number; readonly container: number }): Workspace {
    const { activation, container } = of;
    const known = this.#byActivation.get(activation);
    if (known !== undefined) return known;
    this.close(container);
    const workspace: Workspace = {
      activation,
      scratch: this.#files.scratch(activation),
      reads: new Map(),
      fetched: [],
      written: new Map(),
      request: undefined,
      isRunning: false,
    };
    this.#byActivation.set(activation, workspace);
    this.#byContainer.set(container, workspace);
    return workspace;
  }

  close(container: number): void {
    const workspace = this.#byContainer.get(container);
    if (workspace === undefined) return;
    this.#byContainer.delete(container);
    this.#byActivation.delete(workspace.activation);
    this.#files.dropScratch(workspace.activation);
  }
}

/** What a container says it wrote may be a link out of its sandbox, or a file of others. */
export function isPlainFileIn(folder: string, file: string): boolean {
  try {
    const inside = `${realpathSync(dirname(file))}${sep}`.startsWith(
      `${realpathSync(folder)}${sep}`,
    );
    return inside && lstatSync(file).isFile();
  } catch {
    return false;
  }
}

export function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It went with its scratch directory.
  }
}
