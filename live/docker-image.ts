/**
 * The image that containers of functions have, where nobody names another: Node and the libraries it
 * needs, as they are on this machine, and nothing else. It is named by a hash of its content, so that
 * an engine is given it once. The project's own program and the functions are no part of it: they are
 * mounted, which also serves a user's own image.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { invariant } from "../core/invariant.ts";
import { type DockerEngine, EngineError } from "./docker-engine.ts";

const REPOSITORY = "faasflow-node";
const TAG_LENGTH = 16;
const NODE = "/usr/bin/node";

interface ImageFile {
  /** In the image. */
  readonly path: string;
  /** On this machine. */
  readonly source: string;
}

/** Its name; it is made and loaded if the engine has it not yet. Cost: some 0.3 s, then 2 s more. */
export async function nodeImage(engine: DockerEngine): Promise<string> {
  const files = imageFiles();
  const tag = (await hashOf(files)).slice(0, TAG_LENGTH);
  const name = `${REPOSITORY}:${tag}`;
  if (await engine.hasImage(name)) return name;
  await engine.importImage(REPOSITORY, tag, Readable.from(tarOf(files)));
  return name;
}

/** Whether the name is that of an image made here. */
export function isNodeImage(name: string): boolean {
  return name.startsWith(`${REPOSITORY}:`);
}

/** Node's own file and those that the dynamic linker would load for it. */
function imageFiles(): readonly ImageFile[] {
  const node = process.execPath;
  let text: string;
  try {
    text = execFileSync("ldd", [node], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    const message = `which libraries ${node} needs cannot be told (\`ldd\` failed). Name an image \
that has Node 20.19 or newer, as in --image node:22-slim.`;
    throw new EngineError(0, message);
  }
  const libraries = [...text.matchAll(/(?:^|\s)(\/\S+) \(0x/g)].map(([, path]) => path!);
  return [{ path: NODE, source: node }, ...libraries.map((path) => ({ path, source: path }))];
}

async function hashOf(files: readonly ImageFile[]): Promise<string> {
  const hash = createHash("sha256");
  for (const { path, source } of files) {
    hash.update(`${path}\n`);
    await pipeline(createReadStream(source), hash, { end: false });
  }
  return hash.digest("hex");
}

const BLOCK = 512;
const NAME_LIMIT = 100;

/** A tar (ustar) of the files and the directories above them, all of them root's. */
async function* tarOf(files: readonly ImageFile[]): AsyncGenerator<Buffer> {
  const folders = new Set(files.flatMap(({ path }) => foldersAbove(path)));
  for (const folder of folders) yield header({ path: `${folder}/`, bytes: 0, tag: "folder" });
  for (const { path, source } of files) {
    const { size } = statSync(realpathSync(source));
    yield header({ path, bytes: size, tag: "file" });
    yield* createReadStream(source) as AsyncIterable<Buffer>;
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** Outermost first. */
function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === "/" ? [] : [...foldersAbove(folder), folder];
}

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly tag: "file" | "folder";
}

function header({ path, bytes, tag }: Entry): Buffer {
  const name = path.slice(1);
  invariant(Buffer.byteLength(name) <= NAME_LIMIT, `${path} is too long a name for a tar`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number): void => {
    block.write(value.toString(8).padStart(width - 1, "0"), at, "latin1");
  };
  block.write(name, 0);
  octal(0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes, 124, 12);
  // All from the same moment: a hash of the content names the image.
  octal(0, 136, 12);
  // Blanks, while the sum of all bytes is taken.
  block.write(" ".repeat(8), 148);
  block.write(tag === "folder" ? "5" : "0", 156);
  block.write("ustar\u000000", 257, "latin1");
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}
