/**
 * A worker's containers and stores, as the core asks for them. Data lie in files: a local put is a
 * rename in shared memory, a local get a path; only what goes to or comes from the remote store is
 * copied, once, from file to file.
 */

import { lstatSync, realpathSync, statSync, unlinkSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import * as Effect from "effect/Effect";
import type {
  BootRequest,
  DropRequest,
  GetRequest,
  Input,
  Output,
  PutRequest,
  StartRequest,
} from "../core/env.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { Fact } from "../core/protocol.ts";
import { type Bytes, type Micros, NO_BYTES } from "../core/units.ts";
import { type Item, itemPath, partOf } from "../core/workflow/item.ts";
import { expected } from "../core/workflow/spec.ts";
import type { Loss } from "./container.ts";
import type {
  Done,
  Failed,
  PartFile,
  ReadData,
  RunRequest,
  WriteData,
} from "./container-protocol.ts";
import type { ContainerListener, Containers } from "./containers.ts";
import type { PartName } from "./data-name.ts";
import type { Body } from "./live-env.ts";
import type { LocalFiles } from "./local-files.ts";
import type { RemoteStoreShape } from "./remote-store.ts";

export interface WorkerBodyParts {
  /** Id of the cluster's run: names of data begin with it. */
  readonly run: string;
  readonly files: LocalFiles;
  readonly store: RemoteStoreShape;
  readonly plan: (id: number) => Plan;
  readonly feed: (input: Input) => void;
  /** What a function wrote, and what went wrong, with the activation it belongs to. */
  readonly log: (about: Readonly<Record<string, unknown>>, text: string) => void;
}

/** What an activation has on this worker's disk. */
interface Workspace {
  readonly scratch: string;
  /** By slot. */
  readonly reads: Map<number, { readonly datum: number; readonly part: PartFile }>;
  /** Fetched from the remote store for this activation alone. */
  readonly fetched: string[];
  /** Files the function put out: datum, then item of the list (0 for a plain one). */
  readonly written: Map<number, readonly string[]>;
  /** The function has begun, and has neither returned nor failed. */
  isRunning: boolean;
}

export class WorkerBody implements Body, ContainerListener {
  readonly #parts: WorkerBodyParts;
  #containers: Containers | undefined;
  readonly #workspaces: Map<number, Workspace>;
  /** Container to the activation that it has, or had last. */
  readonly #current: Map<number, StartRequest | { readonly activation: number }>;

  constructor(parts: WorkerBodyParts) {
    this.#parts = parts;
    this.#containers = undefined;
    this.#workspaces = new Map();
    this.#current = new Map();
  }

  /** Containers tell this body, so it is there before them. */
  use(containers: Containers): void {
    this.#containers = containers;
  }

  boot({ container, plan, task }: BootRequest): void {
    const { graph, quotaOf } = this.#parts.plan(plan);
    const { run, container: limits } = graph.vertices[task]!.task!;
    const { memory } = limits;
    // What is kept of it in the local store, and what it has just written.
    const written = writesOf(graph, task).flatMap(({ contentBytes }) => contentBytes ?? 0);
    const files = (Math.max(...quotaOf) + sum(written)) as Bytes;
    this.#containers?.boot(container, { function: run, memory, files });
  }

  stop(container: number): void {
    this.#tellWhy(container);
    this.#containers?.stop(container);
    this.#clear(container);
  }

  ready(container: number): void {
    this.#parts.feed({ tag: "ready", container });
  }

  lost(container: number, { activation, message, log }: Loss): void {
    const about = { level: "warn", ...this.#about(container), activation };
    this.#parts.log(about, `${log}${message}`);
    this.#clear(container);
    this.#parts.feed({ tag: "container-lost", container });
  }

  failed(container: number, { activation, message, stack, log }: Failed): void {
    const workspace = this.#workspaces.get(activation);
    if (workspace !== undefined) workspace.isRunning = false;
    this.#parts.log({ level: "warn", ...this.#about(container) }, `${log}${stack || message}`);
    this.#parts.feed({ tag: "execution-failed", activation, reason: "error" });
  }

  get(request: GetRequest): void {
    const { activation, slot, tier, datum, part } = request;
    const { feed, files, store } = this.#parts;
    const workspace = this.#workspace(request);
    if (!this.#parts.plan(request.plan).graph.data[datum]!.spec.stored) {
      setImmediate(() => feed({ tag: "got", activation, slot, bytes: NO_BYTES }));
      return;
    }
    const name = this.#name(request);
    if (tier === "local") {
      const file = files.path(name);
      const bytes = file === undefined ? undefined : sizeOf(file);
      if (file === undefined || bytes === undefined) {
        setImmediate(() => feed({ tag: "get-failed", activation, slot }));
        return;
      }
      workspace.reads.set(slot, { datum, part: { item: part, file, bytes } });
      setImmediate(() => feed({ tag: "got", activation, slot, bytes }));
      return;
    }
    const file = join(workspace.scratch, `read-${slot}`);
    this.#run(store.get(name, file), {
      done: (bytes) => {
        workspace.fetched.push(file);
        workspace.reads.set(slot, { datum, part: { item: part, file, bytes } });
        feed({ tag: "got", activation, slot, bytes: bytes as Bytes });
      },
      failed: (message) => {
        const { invocation } = request;
        this.#parts.log({ level: "warn", invocation, activation }, message);
        feed({ tag: "get-failed", activation, slot });
      },
    });
  }

  start(request: StartRequest): void {
    const { activation, container, plan, task, item } = request;
    const workspace = this.#workspace(request);
    const { graph } = this.#parts.plan(plan);
    const spec = graph.vertices[task]!.task!;
    const reads = readsOf(graph, task, workspace);
    const run: RunRequest = {
      activation,
      function: spec.run,
      task: spec.name,
      item,
      reads,
      writes: writesOf(graph, task),
      scratch: workspace.scratch,
      compute_us: Math.round(expected(spec.compute)),
      sleep_us: Math.round(expected(spec.sleep)),
    };
    this.#current.set(container, request);
    workspace.isRunning = true;
    this.#containers?.run(container, run);
  }

  put(request: PutRequest): void {
    const { activation, slot, tier, bytes } = request;
    const { feed, files, store } = this.#parts;
    const name = this.#name(request);
    const file = this.#fileOf(request);
    const stored: Input = { tag: "stored", activation, slot };
    if (tier === "local") {
      const kept = file !== undefined && this.#adopt(file, name);
      setImmediate(() => feed(kept ? stored : { tag: "put-failed", activation, slot }));
      return;
    }
    // Of a datum kept in both tiers the local copy is there already.
    const source = files.path(name) ?? file;
    if (source === undefined) {
      setImmediate(() => feed({ tag: "put-failed", activation, slot }));
      return;
    }
    this.#run(store.put(name, source), {
      done: () => {
        if (source === file) remove(file);
        feed(stored);
      },
      failed: (message) => {
        const { invocation } = request;
        this.#parts.log({ level: "warn", invocation, activation, bytes }, message);
        feed({ tag: "put-failed", activation, slot });
      },
    });
  }

  drop(request: DropRequest): void {
    this.#parts.files.drop(this.#name(request));
  }

  done(container: number, done: Done): void {
    const request = this.#current.get(container);
    const workspace = this.#workspaces.get(done.activation);
    if (request === undefined || !("task" in request) || workspace === undefined) return;
    workspace.isRunning = false;
    const stray = done.outputs
      .flatMap(({ files }) => files)
      .find(({ file }) => !isPlainFileIn(workspace.scratch, file));
    if (stray !== undefined) {
      const message = `${stray.file} is no file in the activation's own directory.`;
      const { activation, log } = done;
      this.failed(container, { activation, log, message, stack: "" });
      return;
    }
    const { graph } = this.#parts.plan(request.plan);
    const { writes } = graph.vertices[request.task]!;
    if (done.log !== "") this.#parts.log(this.#about(container), done.log);
    for (const file of workspace.fetched.splice(0)) remove(file);
    const outputs = writes.map((datum, index): Output => {
      const files = done.outputs[index]?.files ?? [];
      workspace.written.set(
        datum,
        files.map(({ file }) => file),
      );
      const sizes = files.map(({ bytes }) => bytes as Bytes);
      return graph.data[datum]!.spec.items === undefined ? (sizes[0] ?? NO_BYTES) : sizes;
    });
    const facts = writes.flatMap((datum): readonly Fact[] => {
      const { inline, spec } = graph.data[datum]!;
      const value = inline ? done.values[spec.name] : undefined;
      return value === undefined ? [] : [{ tag: "value", datum, item: request.item, value }];
    });
    this.#parts.feed({
      tag: "executed",
      activation: request.activation,
      outputs,
      compute: done.compute_us as Micros,
      sleep: done.sleep_us as Micros,
      facts,
    });
  }

  /** Where the function left this part. */
  #fileOf({ activation, plan, datum, part }: PutRequest): string | undefined {
    const files = this.#workspaces.get(activation)?.written.get(datum);
    const isList = this.#parts.plan(plan).graph.data[datum]!.spec.items !== undefined;
    return files?.[isList ? partOf(part) : 0];
  }

  /** The activation's own; made when first asked for, which ends the one its container had before. */
  #workspace({
    activation,
    container,
  }: {
    readonly activation: number;
    readonly container: number;
  }): Workspace {
    const known = this.#workspaces.get(activation);
    if (known !== undefined) return known;
    this.#clear(container);
    const workspace: Workspace = {
      scratch: this.#parts.files.scratch(activation),
      reads: new Map(),
      fetched: [],
      written: new Map(),
      isRunning: false,
    };
    this.#workspaces.set(activation, workspace);
    this.#current.set(container, { activation });
    return workspace;
  }

  /** Of a function that is stopped while it runs; what it has written till now is lost with it. */
  #tellWhy(container: number): void {
    const request = this.#current.get(container);
    if (request === undefined || !("task" in request)) return;
    if (this.#workspaces.get(request.activation)?.isRunning !== true) return;
    const { timeout } = this.#parts.plan(request.plan).graph.vertices[request.task]!.task!;
    const limit = timeout === undefined ? "" : ` It may take ${timeout / 1e6} s (\`timeout\`).`;
    const text = `It was stopped before it returned: too slow, or its invocation is over.${limit}`;
    this.#parts.log({ level: "warn", ...this.#about(container) }, text);
  }

  #clear(container: number): void {
    const activation = this.#current.get(container)?.activation;
    if (activation === undefined) return;
    this.#current.delete(container);
    this.#workspaces.delete(activation);
    this.#parts.files.dropScratch(activation);
  }

  #adopt(file: string, part: PartName): boolean {
    try {
      this.#parts.files.adopt(file, part);
      return true;
    } catch (cause) {
      const { invocation, datum } = part;
      this.#parts.log({ level: "warn", invocation, datum }, (cause as Error).message);
      return false;
    }
  }

  /** What a line of the log is about. */
  #about(container: number): Readonly<Record<string, unknown>> {
    const request = this.#current.get(container);
    if (request === undefined || !("task" in request)) return { container };
    const { plan, invocation, task, item, attempt } = request;
    const { name } = this.#parts.plan(plan).graph.vertices[task]!;
    return { invocation, task: name, item: itemPath(item), attempt };
  }

  #name({
    plan,
    invocation,
    datum,
    part,
  }: {
    readonly plan: number;
    readonly invocation: number;
    readonly datum: number;
    readonly part: Item;
  }): PartName {
    const { graph } = this.#parts.plan(plan);
    const { run } = this.#parts;
    const item = itemPath(part);
    return { workflow: graph.name, run, invocation, datum: graph.data[datum]!.name, item };
  }

  #run<A>(
    effect: Effect.Effect<A, { readonly message: string }>,
    then: { readonly done: (value: A) => void; readonly failed: (message: string) => void },
  ): void {
    const told = Effect.matchCause(effect, {
      onSuccess: then.done,
      onFailure: (cause) => then.failed(String(cause)),
    });
    Effect.runFork(told);
  }
}

function readsOf(graph: Plan["graph"], task: number, workspace: Workspace): readonly ReadData[] {
  const parts = [...workspace.reads].sort(([a], [b]) => a - b).map(([, read]) => read);
  return graph.vertices[task]!.reads.map(({ datum, how }) => ({
    name: graph.data[datum]!.name,
    parts: parts.filter((read) => read.datum === datum).map(({ part }) => part),
    isList: how === "all" && graph.data[datum]!.spec.items !== undefined,
  }));
}

function writesOf(graph: Plan["graph"], task: number): readonly WriteData[] {
  return graph.vertices[task]!.writes.map((datum) => {
    const { name, size, items } = graph.data[datum]!.spec;
    const bytes = Math.round(expected(size));
    if (items === undefined) return { name, isList: false, contentBytes: bytes };
    const count = Math.round(expected(items.count));
    const contentBytes = Array.from({ length: count }, (_, part) => items.sizes[part] ?? bytes);
    return { name, isList: true, contentBytes };
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function sizeOf(file: string): Bytes | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size as Bytes | undefined;
}

/** What a container says it wrote may be a link out of its sandbox, or a file of others. */
function isPlainFileIn(folder: string, file: string): boolean {
  try {
    const inside = `${realpathSync(dirname(file))}${sep}`.startsWith(
      `${realpathSync(folder)}${sep}`,
    );
    return inside && lstatSync(file).isFile();
  } catch {
    return false;
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It went with its scratch directory.
  }
}
