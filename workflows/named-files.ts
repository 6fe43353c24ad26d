/**
 * Files that a person named on the command line. Whether one can be read or written is told with
 * the flag's name and a remedy, and told before the work begins: what takes minutes must not be lost
 * to a misspelt directory.
 */

import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { UsageErrors } from "./usage-errors.ts";

/** By the names of their flags, without the dashes. */
export type FileFlags = Readonly<Record<string, Option.Option<string>>>;

/**
 * Files that are to be written: each can be, and is none of `read` and no other one's, whatever path
 * or link it was named by. Nothing is made or changed.
 */
export function targetProblems(files: FileFlags, read: readonly string[]): readonly string[] {
  return [...problemsOf(files, (path) => unwritable(resolve(path))), ...clashes(files, read)];
}

/** Whether the name of a workflow or a profile is a path: others come with the package. */
export function isPath(name: string): boolean {
  return /[/\\]|\.(ya?ml|json)$/i.test(name);
}

export function pathsAmong(names: readonly string[]): readonly string[] {
  return names.filter(isPath);
}

/** Directories that are to be written to, and made if they are not there. */
export function folderProblems(folders: FileFlags): readonly string[] {
  return problemsOf(folders, (path) => unusable(resolve(path)));
}

/** Files that are to be read. `remedy`: a sentence. */
export function sourceProblems(files: FileFlags, remedy: string): readonly string[] {
  return problemsOf(files, (path) => unreadable(path, remedy));
}

/** As `sourceProblems`, of files that are read more than once: a pipe gives what it has once. */
export function rereadProblems(files: FileFlags, remedy: string): readonly string[] {
  return problemsOf(files, (path) => {
    const found = unreadable(path, remedy);
    return found ?? (statSync(path).isFile() ? undefined : NO_FILE);
  });
}

const NO_FILE =
  "this is a pipe or a device, and it is read twice. Save what it gives in a file, and name that.";

/**
 * Makes a directory and those above it, if they are not there. Throws as `fs` does. Not by `recursive`:
 * Node 20 tries for ever where a file system such as /proc takes no directories.
 */
export function makeFolder(path: string): void {
  const folder = resolve(path);
  const above = dirname(folder);
  if (!existsSync(above)) makeFolder(above);
  try {
    mkdirSync(folder);
  } catch (cause) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
    const { code } = cause as NodeJS.ErrnoException;
    throw code === "ENOENT" ? new Error(`${above} takes no directories`) : cause;
  }
}

/** Why a file could not be read. `place`: its path, after its flag if it has one. */
export function readProblem(place: string, cause: unknown, remedy: string): string {
  return `${place}: ${whyNot(cause)}. ${remedy}`;
}

/** Writes a file that was named by a flag, once there is something to write. */
export function writeNamed(
  flag: string,
  path: string,
  text: string,
): Effect.Effect<void, UsageErrors> {
  return writing(flag, path, () => writeFileSync(path, text));
}

/** As `writeNamed`, whatever it is that writes there. */
export function writing<A>(
  flag: string,
  path: string,
  write: () => A,
): Effect.Effect<A, UsageErrors> {
  return Effect.try({
    try: write,
    catch: (cause) => {
      const problem = `--${flag}: ${path}: ${whyNot(cause)}. Name another one.`;
      return new UsageErrors({ problems: [problem] });
    },
  });
}

/** In words; as `fs` says it where that is rare. */
export function whyNot(cause: unknown): string {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  return WHY[code] ?? message;
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "this is a directory",
  ENOTDIR: "a part of this path is a file, not a directory",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "its file system can only be read",
  ENOSPC: "no space is left on its disk",
  EFBIG: "it would be larger than a file may be",
};

function problemsOf(
  files: FileFlags,
  wrong: (path: string, flag: string) => string | undefined,
): readonly string[] {
  return Object.entries(files).flatMap(([flag, path]) => {
    const found = Option.isNone(path) ? undefined : wrong(path.value, flag);
    return found === undefined ? [] : [`--${flag}: ${Option.getOrThrow(path)}: ${found}`];
  });
}

function unreadable(path: string, remedy: string): string | undefined {
  const found = trying(() => {
    if (statSync(path).isDirectory()) return "this is a directory";
    accessSync(path, constants.R_OK);
    return undefined;
  });
  return found && `${found}. ${remedy}`;
}

/** What would be lost: a file that is read, or what another flag writes. */
function clashes(files: FileFlags, read: readonly string[]): readonly string[] {
  const sources = new Set(read.map(identity));
  const writers = new Map<string, string>();
  return problemsOf(files, (path, flag) => {
    const file = STREAM.test(resolve(path)) ? undefined : identity(path);
    if (file === undefined) return undefined;
    if (sources.has(file)) return "this is a file that is read. Name another one.";
    const writer = writers.get(file);
    if (writer !== undefined) return `--${writer} writes to this file, too. Name another one.`;
    writers.set(file, flag);
    return undefined;
  });
}

/** Open streams by name: more than one may write to them, as to a terminal. */
const STREAM = /^\/dev\/(std(in|out|err)|fd\/\d+)$|^\/proc\/(self|\d+)\/fd\/\d+$/;

/** The same for the same file. Undefined: a device, a pipe or a directory. */
function identity(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true });
    return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "ENOENT" ? placeOf(resolve(path)) : undefined;
  }
}

/** Where a file would be made that is not there yet; a link leads on to where it points. */
function placeOf(path: string): string {
  try {
    return placeOf(resolve(dirname(path), readlinkSync(path)));
  } catch {
    const folder = dirname(path);
    return join(existsSync(folder) ? realpathSync(folder) : folder, basename(path));
  }
}

function unwritable(path: string): string | undefined {
  const found = trying(() => {
    if (!existsSync(path)) {
      const folder = dirname(placeOf(path));
      if (!existsSync(folder)) return `there is no directory ${folder}`;
      if (!statSync(folder).isDirectory()) return `${folder} is a file, not a directory`;
      accessSync(folder, constants.W_OK);
      return undefined;
    }
    if (statSync(path).isDirectory()) return "this is a directory";
    accessSync(path, constants.W_OK);
    return undefined;
  });
  return found && `${found}. Name a file that can be written.`;
}

function unusable(path: string): string | undefined {
  let nearest = path;
  while (!isThere(nearest)) nearest = dirname(nearest);
  const found = trying(() => {
    if (!existsSync(nearest)) return `${nearest} is a link that leads nowhere`;
    if (!statSync(nearest).isDirectory()) return `${nearest} is a file, not a directory`;
    accessSync(nearest, constants.W_OK);
    return undefined;
  });
  return found && `${found}. Name a directory that can be written to.`;
}

/** Also a link to what is not there. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function trying(look: () => string | undefined): string | undefined {
  try {
    return look();
  } catch (cause) {
    return whyNot(cause);
  }
}
