/**
 * What a worker and one of its containers say to each other, over the IPC channel of a child process
 * or the socket of a Docker container. Data goes in files: a message names them. The worker says
 * `load` once, then `run` again and again, never two at a time; the container answers `ready`, then
 * each `run` with `done` or `failed`.
 *
 * Both ends belong to one version of the project. The version in each message, and the checks of its
 * shape, find what does not: a bundle half renewed, or a function that writes to the channel.
 */

import type { Value } from "../core/workflow/condition.ts";
import type { Item } from "../core/workflow/item.ts";
import type { RunSpec } from "../core/workflow/spec.ts";

export const PROTOCOL = 1;

/** Most bytes of stdout, stderr and `ctx.log` that are kept of one activation. */
export const LOG_LIMIT = 64 * 1024;

export interface DataFile {
  /** Absolute path. */
  readonly file: string;
  readonly bytes: number;
}

/** One part of a datum that is read; the file is not the function's to change. */
export interface PartFile extends DataFile {
  readonly item: Item;
}

export interface ReadData {
  /** `TASK.DATUM` or `input.DATUM`. */
  readonly name: string;
  /** None: its producer was skipped, or it is an input that does not exist. */
  readonly parts: readonly PartFile[];
  /** All items of a list, even if it has one only. */
  readonly isList?: boolean;
}

export interface WriteData {
  readonly name: string;
  readonly isList: boolean;
  /** Of a synthetic function: bytes to write, of a list those of each item. */
  readonly contentBytes?: number | readonly number[];
}

/** What a worker asks a container to run. */
export interface RunRequest {
  readonly activation: number;
  readonly function: RunSpec;
  /** The task's name. */
  readonly task: string;
  readonly item: Item;
  readonly reads: readonly ReadData[];
  readonly writes: readonly WriteData[];
  /** A directory for this activation alone: its outputs appear there; whoever made it removes it. */
  readonly scratch: string;
  /** Of a synthetic function: CPU time to use, on one core. */
  readonly compute_us: number;
  /** Of a synthetic function. */
  readonly sleep_us: number;
}

export interface OutputData {
  readonly name: string;
  /** One; of a list, one an item, in order. */
  readonly files: readonly DataFile[];
}

export interface Done {
  readonly activation: number;
  /** One for each of `writes`, in their order. */
  readonly outputs: readonly OutputData[];
  /** Values for conditions downstream, by the datum's name. */
  readonly values: Readonly<Record<string, Exclude<Value, undefined>>>;
  /** CPU time, and the wall time in which none was used. */
  readonly compute_us: number;
  readonly sleep_us: number;
  readonly log: string;
}

export interface Failed {
  readonly activation: number;
  readonly message: string;
  readonly stack: string;
  readonly log: string;
}

export type ToContainer =
  | { readonly tag: "load"; readonly protocol: number; readonly function: RunSpec }
  | ({ readonly tag: "run"; readonly protocol: number } & RunRequest);

export type FromContainer =
  | { readonly tag: "ready"; readonly protocol: number }
  | ({ readonly tag: "done"; readonly protocol: number } & Done)
  | ({
      readonly tag: "failed";
      readonly protocol: number;
      /** The container ends itself: something of the function may still run in it. */
      readonly ending: boolean;
    } & Failed);

/** The message, or what is wrong with it. */
export type Checked<M> = { readonly message: M } | { readonly problem: string };

export function checkToContainer(value: unknown): Checked<ToContainer> {
  return check<ToContainer>(value, {
    load: { function: isRunSpec },
    run: {
      activation: isCount,
      function: isRunSpec,
      task: isText,
      item: isCount,
      reads: listOf({ name: isText, parts: listOf({ file: isText, bytes: isCount }) }),
      writes: listOf({ name: isText, isList: isFlag }),
      scratch: isText,
      compute_us: isCount,
      sleep_us: isCount,
    },
  });
}

export function checkFromContainer(value: unknown): Checked<FromContainer> {
  return check<FromContainer>(value, {
    ready: {},
    done: {
      activation: isCount,
      outputs: listOf({ name: isText, files: listOf({ file: isText, bytes: isCount }) }),
      values: isRecord,
      compute_us: isCount,
      sleep_us: isCount,
      log: isText,
    },
    failed: { activation: isCount, message: isText, stack: isText, log: isText, ending: isFlag },
  });
}

type Test = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Test>>;

function check<M>(value: unknown, shapes: Readonly<Record<string, Shape>>): Checked<M> {
  if (!isRecord(value)) return { problem: "it is no record" };
  const { tag, protocol } = value;
  if (protocol !== PROTOCOL) {
    const found = `it has version ${JSON.stringify(protocol)} of the protocol, not ${PROTOCOL}`;
    return { problem: `${found}: install worker and containers from one build` };
  }
  const shape = typeof tag === "string" && Object.hasOwn(shapes, tag) ? shapes[tag]! : undefined;
  if (shape === undefined) return { problem: `its tag is ${JSON.stringify(tag)}` };
  const wrong = Object.keys(shape).filter((field) => !shape[field]!(value[field]));
  if (wrong.length > 0) return { problem: `${tag} with a wrong ${wrong.join(", ")}` };
  return { message: value as M };
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean";
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(shape: Shape): Test {
  const fields = Object.keys(shape);
  return (value) =>
    Array.isArray(value) &&
    value.every((entry) => isRecord(entry) && fields.every((field) => shape[field]!(entry[field])));
}

function isRunSpec(value: unknown): boolean {
  if (!isRecord(value)) return false;
  if (value["tag"] === "module") return isText(value["module"]);
  if (value["tag"] === "command") return Array.isArray(value["command"]);
  return value["tag"] === "synthetic";
}
