/**
 * The body of a command function: any program, data over stdin and stdout.
 *
 * stdin holds every part of all that the task reads, one after another. stdout is the first datum
 * that it writes; stderr goes to the log. `FAASFLOW_CONTEXT` names a JSON file that says the rest:
 * task, item, input, for each datum read the files of its parts, and for each datum written the file
 * to write (of a list: the directory, one file an item, ordered by name). A datum of up to 256
 * bytes is also a value for conditions: JSON, or else the text. Exit code 0 is success.
 */

import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { itemPath } from "../core/workflow/item.ts";
import type { DataFile, Done, OutputData, RunRequest } from "./container-protocol.ts";
import { inputsIn, MAX_VALUE_LENGTH, type SmallValue } from "./function-context.ts";

const STDERR_GRACE_MS = 200;

/** Gives what it wrote; `log` gets stderr. Its CPU time is no part of the container's own. */
export async function runCommand(
  request: RunRequest,
  command: readonly string[],
  log: (text: Buffer) => void,
): Promise<Pick<Done, "outputs" | "values">> {
  const { scratch, writes } = request;
  const stdout = join(scratch, "stdout");
  const context = join(scratch, "context.json");
  fs.writeFileSync(context, JSON.stringify(contextOf(request)));
  for (const [index, { isList }] of writes.entries()) {
    if (isList) fs.mkdirSync(join(scratch, `out-${index}`));
  }
  const end = await runProgram(request, command, { stdout, context, log });
  if (end !== undefined) throw new Error(`${command.join(" ")}: ${end}`);
  const outputs = writes.map(({ name, isList }, index): OutputData => {
    const path = join(scratch, `out-${index}`);
    if (isList) return { name, files: filesIn(path) };
    if (index === 0 && !fs.existsSync(path)) fs.renameSync(stdout, path);
    if (fs.existsSync(path)) return { name, files: [dataFile(path)] };
    throw new Error(
      `${command.join(" ")} ended without writing ${name}. stdout is the first datum only: let it \
write the file that FAASFLOW_CONTEXT names for ${name}, or take it out of \`writes\`.`,
    );
  });
  return { outputs, values: valuesOf(request, outputs) };
}

async function runProgram(
  request: RunRequest,
  [program, ...args]: readonly string[],
  io: {
    readonly stdout: string;
    readonly context: string;
    readonly log: (text: Buffer) => void;
  },
): Promise<string | undefined> {
  const out = fs.openSync(io.stdout, "w");
  // In the container's process group, which ends as a whole.
  const child = spawn(program!, args, {
    stdio: ["pipe", out, "pipe"],
    env: { ...process.env, FAASFLOW_CONTEXT: io.context },
  });
  fs.closeSync(out);
  const ended = endOf(child);
  child.stderr!.on("data", io.log);
  const files = request.reads.flatMap(({ parts }) => parts.map(({ file }) => file));
  try {
    await pipeline(Readable.from(chunksOf(files)), child.stdin!);
  } catch (cause) {
    // A program need not read its stdin to the end; how it ends is what counts.
    if ((cause as NodeJS.ErrnoException).syscall === "open") {
      child.kill("SIGKILL");
      throw cause;
    }
  }
  return ended;
}

/** What went wrong, once the program has ended. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      const missing = "there is no such program. Install it on every worker, or name its path";
      resolve(error.code === "ENOENT" ? missing : `it cannot be started: ${error.message}`);
    });
    const end = (code: number | null, signal: string | null): void => {
      if (code === 0) resolve(undefined);
      else resolve(`it ended with ${signal ?? `exit code ${code}`}; what it said is in the log`);
    };
    child.on("close", end);
    // What it left running may hold its stderr for ever.
    child.on("exit", (code, signal) => setTimeout(end, STDERR_GRACE_MS, code, signal));
  });
}

async function* chunksOf(files: readonly string[]): AsyncGenerator<Buffer> {
  for (const file of files) yield* fs.createReadStream(file);
}

function contextOf({ task, item, reads, writes, scratch }: RunRequest): object {
  return {
    task,
    item: itemPath(item),
    input: inputsIn(reads),
    scratch,
    reads: reads.map(({ name, parts }) => ({
      name,
      parts: parts.map((part) => ({ item: itemPath(part.item), path: part.file })),
    })),
    writes: writes.map(({ name, isList }, index) => ({
      name,
      [isList ? "directory" : "path"]: join(scratch, `out-${index}`),
    })),
  };
}

/** `2` before `10`. */
function filesIn(folder: string): readonly DataFile[] {
  const key = (name: string): string =>
    name.replaceAll(/\d+/g, (digits) => digits.padStart(12, "0"));
  return fs
    .readdirSync(folder)
    .map((name) => ({ name, key: key(name) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ name }) => dataFile(join(folder, name)));
}

function dataFile(file: string): DataFile {
  return { file, bytes: fs.statSync(file).size };
}

function valuesOf({ writes }: RunRequest, outputs: readonly OutputData[]): Done["values"] {
  const values: Record<string, SmallValue> = {};
  for (const [index, { name, files }] of outputs.entries()) {
    if (writes[index]!.isList || files[0]!.bytes > MAX_VALUE_LENGTH) continue;
    values[name] = valueIn(fs.readFileSync(files[0]!.file, "utf8").trim());
  }
  return values;
}

function valueIn(text: string): SmallValue {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? text : (value as SmallValue);
  } catch {
    return text;
  }
}
