/**
 * A worker's containers and stores, as the core asks for them. Data lie in files: a local put is a
 * rename in shared memory, a local get a path; only what goes to or comes from the remote store is
 * copied, once, from file to file.
 */

import { statSync } from "node:fs";
import { join } from "node:path";
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
  OutputData,
  ReadData,
  RunRequest,
  WriteData,
} from "./container-protocol.ts";
import type { ContainerListener, Containers } from "./containers.ts";
import type { Log } from "./daemon-log.ts";
import type { PartName } from "./data-name.ts";
import type { Body } from "./live-env.ts";
import type { LocalFiles } from "./local-files.ts";
import type { RemoteStoreShape } from "./remote-store.ts";
import { isPlainFileIn, removeFile, type Workspace, Workspaces } from "./workspaces.ts";

export interface WorkerBodyParts {
  /** Id of the cluster's run: names of data begin with it. */
  readonly run: string;
  /** They tell this body what becomes of them. */
  readonly containers: Pick<Containers, "boot" | "run" | "stop">;
  readonly files: LocalFiles;
  readonly store: RemoteStoreShape;
  readonly plan: (id: number) => Plan;
  readonly feed: (input: Input) => void;
  /** What a function wrote, and what went wrong, with the activation it belongs to. */
  readonly log: Log;
}

export class WorkerBody implements Body, ContainerListener {
  readonly #parts: WorkerBodyParts;
  readonly #workspaces: Workspaces;

  constructor(parts: WorkerBodyParts) {
    this.#parts = parts;
    this.#workspaces = new Workspaces(parts.files);
  }

  boot({ container, plan, task }: BootRequest): void {
    const { graph, quotaOf } = this.#parts.plan(plan);
    const { run, container: limits } = graph.vertices[task]!.task!;
    const { memory } = limits;
    // What is kept of it in the local store, and what it has just written.
    const written = writesOf(graph, task).flatMap(({ contentBytes }) => contentBytes ?? 0);
    const files = (Math.max(...quotaOf) + sum(written)) as Bytes;
    this.#parts.containers.boot(container, { function: run, memory, files });
  }

  stop(container: number): void {
    this.#tellWhy(container);
    this.#parts.containers.stop(container);
    this.#workspaces.close(container);
  }

  ready(container: number): void {
    this.#parts.feed({ tag: "ready", container });
  }

  lost(container: number, { activation, message, log }: Loss): void {
    const about = { level: "warn", ...this.#about(container), activation };
    this.#parts.log(about, `${log}${message}`);
    this.#workspaces.close(container);
    this.#parts.feed({ tag: "container-lost", container });
  }

  failed(container: number, { activation, message, stack, log }: Failed): void {
    const workspace = this.#workspaces.find(activation);
    if (workspace !== undefined) workspace.isRunning = false;
    this.#parts.log({ level: "warn", ...this.#about(container) }, `${log}${stack || message}`);
    this.#parts.feed({ tag: "execution-failed", activation, reason: "error" });
  }

  get(request: GetRequest): void {
    const { activation, slot, tier, datum, part } = request;
    const { feed, files, store } = this.#parts;
    const workspace = this.#workspaces.open(request);
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
    const workspace = this.#workspaces.open(request);
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
    workspace.request = request;
    workspace.isRunning = true;
    this.#parts.containers.run(container, run);
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
        if (source === file) removeFile(file);
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
    const { activation, log } = done;
    const workspace = this.#workspaces.find(activation);
    if (workspace?.request === undefined) return;
    workspace.isRunning = false;
    const stray = done.outputs
      .flatMap(({ files }) => files)
      .find(({ file }) => !isPlainFileIn(workspace.scratch, file));
    if (stray !== undefined) {
      const message = `${stray.file} is no file in the activation's own directory.`;
      this.failed(container, { activation, log, message, stack: "" });
      return;
    }
    if (log !== "") this.#parts.log(this.#about(container), log);
    for (const file of workspace.fetched.splice(0)) removeFile(file);
    const { plan, task, item } = workspace.request;
    const { graph } = this.#parts.plan(plan);
    const { writes } = graph.vertices[task]!;
    for (const [index, datum] of writes.entries()) {
      const files = done.outputs[index]?.files ?? [];
      workspace.written.set(
        datum,
        files.map(({ file }) => file),
      );
    }
    this.#parts.feed({
      tag: "executed",
      activation,
      outputs: writes.map((datum, index) => outputOf(graph, datum, done.outputs[index])),
      compute: done.compute_us as Micros,
      sleep: done.sleep_us as Micros,
      facts: writes.flatMap((datum) => factsOf(graph, { datum, item }, done.values)),
    });
  }

  /** Where the function left this part. */
  #fileOf({ activation, plan, datum, part }: PutRequest): string | undefined {
    const files = this.#workspaces.find(activation)?.written.get(datum);
    const isList = this.#parts.plan(plan).graph.data[datum]!.spec.items !== undefined;
    return files?.[isList ? partOf(part) : 0];
  }

  /** Of a function that is stopped while it runs; what it has written till now is lost with it. */
  #tellWhy(container: number): void {
    const { request, isRunning } = this.#workspaces.in(container) ?? {};
    if (request === undefined || isRunning !== true) return;
    const { timeout } = this.#parts.plan(request.plan).graph.vertices[request.task]!.task!;
    const limit = timeout === undefined ? "" : ` It may take ${timeout / 1e6} s (\`timeout\`).`;
    const text = `It was stopped before it returned: too slow, or its invocation is over.${limit}`;
    this.#parts.log({ level: "warn", ...this.#about(container) }, text);
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
    const request = this.#workspaces.in(container)?.request;
    if (request === undefined) return { container };
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

function outputOf(graph: Plan["graph"], datum: number, written: OutputData | undefined): Output {
  const sizes = (written?.files ?? []).map(({ bytes }) => bytes as Bytes);
  return graph.data[datum]!.spec.items === undefined ? (sizes[0] ?? NO_BYTES) : sizes;
}

/** Only what a condition or a foreach needs travels inline. */
function factsOf(
  graph: Plan["graph"],
  { datum, item }: { readonly datum: number; readonly item: Item },
  values: Done["values"],
): readonly Fact[] {
  const { inline, spec } = graph.data[datum]!;
  const value = inline ? values[spec.name] : undefined;
  return value === undefined ? [] : [{ tag: "value", datum, item, value }];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function sizeOf(file: string): Bytes | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size as Bytes | undefined;
}
