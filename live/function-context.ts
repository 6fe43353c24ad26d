/**
 * What a function is given. A module exports its function as default, or by the name `run`:
 *
 *     export default async (ctx) => {
 *       const text = await ctx.get("start.file");
 *       await ctx.put("count", { words: text.toString().split(/\s+/).length });
 *     };
 *
 * Names are those of the workflow file: a datum that is read is `TASK.DATUM` or `input.DATUM`, one
 * that is written is just `DATUM`. A function that ends without having put all it writes has failed.
 */

import * as fs from "node:fs";
import { join, resolve, sep } from "node:path";
import { isUint8Array } from "node:util/types";
import type { Value } from "../core/workflow/condition.ts";
import { itemPath } from "../core/workflow/item.ts";
import type {
  DataFile,
  OutputData,
  PartFile,
  ReadData,
  RunRequest,
  WriteData,
} from "./container-protocol.ts";

/** A string is written as UTF-8, bytes as they are, anything else as JSON. */
export type Content = string | Uint8Array | JsonContent;
type JsonContent =
  | number
  | boolean
  | null
  | readonly unknown[]
  | { readonly [key: string]: unknown };
/** What a condition can compare. */
export type SmallValue = Exclude<Value, undefined>;

export interface Part {
  /** Which item: `3`, or `2.0` in a foreach in a foreach; empty for the whole invocation. */
  readonly item: string;
  /** To be read only. */
  readonly path: string;
  readonly bytes: number;
  read(): Promise<Buffer>;
}

export interface FunctionContext {
  readonly task: string;
  /** Which item of the foreach this is: `3`, or `2.0`; empty outside of any. */
  readonly item: string;
  /** The inputs that the task reads, by name without `input.`; of a list, its items. */
  readonly input: Readonly<Record<string, unknown>>;
  /** A directory for temporary files; it goes when the activation has ended. */
  readonly scratch: string;
  /** The bytes of a datum that has one part here. */
  get(name: string): Promise<Buffer>;
  /** As `get`, for data too big to hold: the path of a file, to be read only. */
  path(name: string): string;
  /** Every part, by item: of a list, or of what each item of a foreach wrote. */
  parts(name: string): readonly Part[];
  /** Of a number, a truth value, null or a short string, conditions downstream learn the value. */
  put(name: string, content: Content): Promise<void>;
  /** A list: one item each. */
  putItems(name: string, contents: readonly Content[]): Promise<void>;
  /** A file is taken in; from `scratch` it is moved, from elsewhere copied. */
  putFile(name: string, path: string): Promise<void>;
  /** A datum that is one value, which conditions downstream compare. */
  value(name: string, value: SmallValue): Promise<void>;
  /** A line of the activation's log, where stdout and stderr go too. */
  log(...values: readonly unknown[]): void;
}

export type FunctionBody = (ctx: FunctionContext) => unknown;

const INPUT = "input.";

/** Longest string that conditions learn as a value. */
export const MAX_VALUE_LENGTH = 256;

/** The context of one activation, and what the function has put so far. */
export class ActivationContext implements FunctionContext {
  readonly task: string;
  readonly item: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly scratch: string;
  readonly #request: RunRequest;
  readonly #log: (values: readonly unknown[]) => void;
  readonly #files: Map<string, readonly DataFile[]>;
  readonly #values: Map<string, SmallValue>;
  #closed: boolean;

  constructor(request: RunRequest, log: (values: readonly unknown[]) => void) {
    this.task = request.task;
    this.item = itemPath(request.item);
    this.input = inputsIn(request.reads);
    this.scratch = request.scratch;
    this.#request = request;
    this.#log = log;
    this.#files = new Map();
    this.#values = new Map();
    this.#closed = false;
  }

  get values(): Readonly<Record<string, SmallValue>> {
    return Object.fromEntries(this.#values);
  }

  /** What was put, in the order of the spec; throws if something is missing. */
  outputs(): readonly OutputData[] {
    const { writes } = this.#request;
    const missing = writes.filter(({ name }) => !this.#files.has(name));
    if (missing.length > 0) {
      const calls = missing.map(({ name, isList }) =>
        isList ? `ctx.putItems("${name}", [...])` : `ctx.put("${name}", ...)`,
      );
      throw new Error(
        `${this.#who()} ended without writing ${missing.map(({ name }) => name).join(", ")}. \
Call ${calls.join(" and ")}, and wait for it, or take it out of the task's \`writes\`.`,
      );
    }
    return writes.map(({ name }) => ({ name, files: this.#files.get(name)! }));
  }

  /** What a body of an earlier activation still does has no effect on files. */
  close(): void {
    this.#closed = true;
  }

  async get(name: string): Promise<Buffer> {
    return fs.readFileSync(this.path(name));
  }

  path(name: string): string {
    const { parts } = this.#read(name);
    if (parts.length === 1) return parts[0]!.file;
    const found =
      parts.length === 0
        ? `${name} has no data in this invocation: its producer was skipped`
        : `${name} has ${parts.length} parts`;
    throw new Error(`${found}. Use ctx.parts("${name}"), which gives a list.`);
  }

  parts(name: string): readonly Part[] {
    return this.#read(name).parts.map(({ item, file, bytes }: PartFile) => ({
      item: itemPath(item),
      path: file,
      bytes,
      read: async () => fs.readFileSync(file),
    }));
  }

  async put(name: string, content: Content): Promise<void> {
    this.#note(this.#single(name), [this.#write(name, 0, content)]);
    if (isSmall(content)) this.#values.set(name, content);
  }

  async putItems(name: string, contents: readonly Content[]): Promise<void> {
    const write = this.#written(name);
    if (!write.isList) {
      throw new Error(`${name} is no list. Give it \`items\` in \`writes\`, or use ctx.put.`);
    }
    if (!Array.isArray(contents)) {
      throw new Error(`ctx.putItems("${name}", ...) wants an array, one entry an item.`);
    }
    this.#note(
      write,
      contents.map((content, part) => this.#write(name, part, content)),
    );
  }

  async putFile(name: string, path: string): Promise<void> {
    const write = this.#single(name);
    const target = this.#target(name, 0);
    const from = resolve(this.scratch, path);
    if (from.startsWith(resolve(this.scratch) + sep)) fs.renameSync(from, target);
    else fs.copyFileSync(from, target);
    this.#note(write, [{ file: target, bytes: fs.statSync(target).size }]);
  }

  async value(name: string, value: SmallValue): Promise<void> {
    if (!isSmall(value)) {
      throw new Error(
        `The value of ${name} is no number, truth value, null or string of at most \
${MAX_VALUE_LENGTH} characters. Use ctx.put for data.`,
      );
    }
    await this.put(name, typeof value === "string" ? value : JSON.stringify(value));
    this.#values.set(name, value);
  }

  log(...values: readonly unknown[]): void {
    this.#log(values);
  }

  #read(name: string): ReadData {
    const { reads } = this.#request;
    const found = reads.find((read) => read.name === name);
    if (found !== undefined) return found;
    throw new Error(
      `${this.#who()} does not read ${JSON.stringify(name)}. ${known(reads, "reads")} \
Name one of them, or add it to the task's \`reads\`.`,
    );
  }

  #written(name: string): WriteData {
    const { writes } = this.#request;
    const found = writes.find((write) => write.name === name);
    if (found !== undefined) return found;
    throw new Error(
      `${this.#who()} does not write ${JSON.stringify(name)}. ${known(writes, "writes")} \
Name one of them, or add it to the task's \`writes\`.`,
    );
  }

  #single(name: string): WriteData {
    const write = this.#written(name);
    if (!write.isList) return write;
    throw new Error(`${name} is a list: use ctx.putItems("${name}", [...]).`);
  }

  #write(name: string, part: number, content: Content): DataFile {
    const data =
      typeof content === "string" || isUint8Array(content) ? content : json(name, content);
    const file = this.#target(name, part);
    fs.writeFileSync(file, data);
    return { file, bytes: Buffer.byteLength(data) };
  }

  /** Names of data may hold anything, so files go by number. */
  #target(name: string, part: number): string {
    if (this.#closed) {
      throw new Error(`${this.#who()} has ended: wait for all it does before it returns.`);
    }
    const index = this.#request.writes.findIndex((write) => write.name === name);
    return join(this.scratch, `out-${index}-${part}`);
  }

  #note(write: WriteData, files: readonly DataFile[]): void {
    this.#files.set(write.name, files);
  }

  #who(): string {
    return `The function of task ${this.task}`;
  }
}

/** The values of what is read as `input.NAME`, which is JSON. */
export function inputsIn(reads: readonly ReadData[]): Readonly<Record<string, unknown>> {
  const values = reads.flatMap(({ name, isList, parts }) => {
    if (!name.startsWith(INPUT) || parts.length === 0) return [];
    const items = parts.map(({ file }): unknown => JSON.parse(fs.readFileSync(file, "utf8")));
    return [[name.slice(INPUT.length), isList ? items : items[0]]];
  });
  return Object.fromEntries(values);
}

function known(data: readonly { readonly name: string }[], verb: string): string {
  if (data.length === 0) return `It ${verb} nothing.`;
  return `It ${verb} ${data.map(({ name }) => name).join(", ")}.`;
}

function json(name: string, content: unknown): string {
  const text: string | undefined = JSON.stringify(content);
  if (text !== undefined) return text;
  throw new Error(
    `What is put as ${name} is ${typeof content}: give a string, bytes or JSON data.`,
  );
}

function isSmall(content: unknown): content is SmallValue {
  if (typeof content === "string") return content.length <= MAX_VALUE_LENGTH;
  return typeof content === "number" || typeof content === "boolean" || content === null;
}
