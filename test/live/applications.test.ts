/**
 * The functions of fileprocessing, illegal_recognizer and video, in containers of the 256 MiB that
 * their workflows give them.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { decode } from "jpeg-js";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunSpec } from "../../core/workflow/spec.ts";
import type { Done, OutputData } from "../../live/container-protocol.ts";
import { isInstalled } from "../../live/programs.ts";
import { BUILTIN } from "../../workflows/function-modules.ts";
import { MARKDOWN_SIZE } from "../../workflows/functions/fileprocessing/start.ts";
import { type Asked, asRead, ContainerBench } from "../fixtures/container-bench.ts";

interface Context {
  readonly bench: ContainerBench;
  /** The container that the functions of a test run in, one after another. */
  readonly id: number;
}

const test = suite<Context>("applications");

test.before.each(async (context) => {
  const bench = new ContainerBench();
  Object.assign(context, { bench, id: await bench.boot() });
});
test.after.each(({ bench }) => bench.close());

/** Runs `builtin:NAME`; `writes`: names, a list's with `[]`. */
async function ran(
  { bench, id }: Context,
  name: string,
  { writes, ...asked }: Omit<Asked, "writes"> & { readonly writes: readonly string[] },
): Promise<Done> {
  const spec: RunSpec = { tag: "module", module: `${BUILTIN}${name}` };
  const data = writes.map((datum) => ({
    name: datum.replace("[]", ""),
    isList: datum.endsWith("[]"),
  }));
  return bench.done(id, spec, { ...asked, writes: data });
}

function output({ outputs }: Done, name: string): OutputData {
  return outputs.find((each) => each.name === name)!;
}

function bytesOf(done: Done, name: string): Buffer {
  return readFileSync(output(done, name).files[0]!.file);
}

test("fileprocessing converts and rates a text of the published size within its memory", async (context) => {
  const started = await ran(context, "fileprocessing/start", {
    inputs: { filename: "a.md" },
    writes: ["file"],
  });
  assert.is(output(started, "file").files[0]!.bytes, MARKDOWN_SIZE);
  const reads = [asRead("start.file", output(started, "file"))];
  const converted = await ran(context, "fileprocessing/conversion", { reads, writes: ["html"] });
  const html = bytesOf(converted, "html").toString();
  assert.ok(html.startsWith("<h1>a.md</h1>\n<h2>Chapter 1</h2>\n<p>"));
  const markdown = bytesOf(started, "file").toString();
  const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  assert.is(count(html, /<h2>/g), count(markdown, /^## /gm));
  assert.is(count(html, /<blockquote>/g), count(markdown, /^> /gm));
  const rated = await ran(context, "fileprocessing/sentiment", { reads, writes: ["score"] });
  const score = Number(rated.values["score"]);
  assert.ok(score > -5 && score < 5 && score !== 0, `${score}`);
});

test("a good word lifts the sentiment of a text and a bad one lowers it", async (context) => {
  const score = async (text: string): Promise<unknown> => {
    const reads = [context.bench.data("start.file", [text])];
    const { values } = await ran(context, "fileprocessing/sentiment", { reads, writes: ["score"] });
    return values["score"];
  };
  // The word list gives "good" 3 and "bad" -3.
  assert.is(await score("# One\n\na good day"), 0.75);
  assert.is(await score("# One\n\na bad day"), -0.75);
});

/** The flags that the checks of illegal_recognizer put for a picture of this name. */
async function flags(context: Context, name: string): Promise<readonly string[]> {
  const folder = "illegal-recognizer";
  const uploaded = await ran(context, `${folder}/upload`, {
    inputs: { image_name: name, user_name: "me" },
    writes: ["output_prefix", "illegal_flag", "content"],
  });
  const reads = [asRead("upload.content", output(uploaded, "content"))];
  const check = (task: string): Promise<Done> =>
    ran(context, `${folder}/${task}`, {
      reads,
      writes: ["illegal_reason", "illegal_flag", `${task}_value`],
    });
  const adult = await check("adult");
  const violence = await check("violence");
  const text = await ran(context, `${folder}/extract`, { reads, writes: ["extracted_text"] });
  const translated = await ran(context, `${folder}/translate`, {
    reads: [asRead("extract.extracted_text", output(text, "extracted_text"))],
    writes: ["translated_text"],
  });
  const censored = await ran(context, `${folder}/word-censor`, {
    reads: [asRead("translate.translated_text", output(translated, "translated_text"))],
    writes: ["filter_count", "illegal_flag", "illegal_reason"],
  });
  const all = { adult, violence, word: censored };
  return Object.entries(all).flatMap(([task, { values }]) => (values["illegal_flag"] ? task : []));
}

for (const [name, found] of Object.entries({
  "legal.jpg": [],
  "illegal.jpg": ["adult"],
  "violent.jpg": ["violence"],
  "rude.jpg": ["word"],
})) {
  test(`illegal_recognizer finds ${found[0] ?? "nothing"} in ${name}`, async (context) => {
    assert.equal(await flags(context, name), found);
  });
}

test("the picture of a name has about the published size", async (context) => {
  const uploaded = await ran(context, "illegal-recognizer/upload", {
    inputs: { image_name: "legal.jpg", user_name: "me" },
    writes: ["output_prefix", "illegal_flag", "content"],
  });
  const { bytes } = output(uploaded, "content").files[0]!;
  assert.ok(Math.abs(bytes / 1_327_839 - 1) < 0.02, `${bytes}`);
});

test("mosaic gives each block one colour, also the fourth time in one container", async (context) => {
  const uploaded = await ran(context, "illegal-recognizer/upload", {
    inputs: { image_name: "illegal.jpg", user_name: "me" },
    writes: ["output_prefix", "illegal_flag", "content"],
  });
  const spec: RunSpec = { tag: "module", module: `${BUILTIN}illegal-recognizer/mosaic` };
  const { bench, id } = context;
  const asked: Asked = {
    inputs: { image_name: "illegal.jpg" },
    reads: [asRead("upload.content", output(uploaded, "content"))],
    writes: [
      { name: "mosaic_name", isList: false },
      { name: "content", isList: false },
    ],
  };
  for (let time = 1; time < 4; time++) await bench.done(id, spec, asked);
  const done = await bench.done(id, spec, asked);
  const before = decode(bytesOf(uploaded, "content"));
  const after = decode(bytesOf(done, "content"));
  assert.equal([after.width, after.height], [before.width, before.height]);
  assert.ok(spread(before, 100, 300) > 50, "there is grain before");
  assert.ok(spread(after, 100, 300) <= 4, "and none after");
});

/** How much red differs within the block of 40 pixels around a place. */
function spread(
  { data, width }: { readonly data: Uint8Array; readonly width: number },
  x: number,
  y: number,
): number {
  const [left, top] = [x - (x % 40), y - (y % 40)];
  const reds = Array.from(
    { length: 1600 },
    (_, index) => data[4 * ((top + Math.floor(index / 40)) * width + left + (index % 40))]!,
  );
  return Math.max(...reds) - Math.min(...reds);
}

const withFfmpeg = isInstalled("ffmpeg") ? test : test.skip;

withFfmpeg("video splits a clip in three, and the merged clip is as long", async (context) => {
  const uploaded = await ran(context, "video/upload", {
    writes: [
      ...["video_name", "user_name", "segment_time", "target_type", "output_prefix"],
      ...["preview_name", "clip", "gif"],
    ],
  });
  const read = (...names: string[]): Asked["reads"] =>
    names.map((name) => asRead(`upload.${name}`, output(uploaded, name)));
  const split = await ran(context, "video/split", {
    reads: read("segment_time", "clip")!,
    writes: ["split_keys", "pieces[]"],
  });
  const pieces = output(split, "pieces").files;
  assert.is(pieces.length, 3);
  const contents = [];
  for (const [index, piece] of pieces.entries()) {
    const part = { name: "split.pieces", parts: [{ ...piece, item: index + 1 }] };
    const reads = [...read("target_type")!, part];
    const done = await ran(context, "video/transcode", { reads, writes: ["content"] });
    contents.push(...output(done, "content").files);
  }
  const merged = await ran(context, "video/merge", {
    reads: [
      ...read("output_prefix", "target_type")!,
      asRead("transcode.content", { name: "content", files: contents }),
    ],
    writes: ["content"],
  });
  const simple = await ran(context, "video/simple-process", {
    reads: read("target_type", "clip")!,
    writes: ["content"],
  });
  const lengths = [merged, simple].map((done) => lengthOf(output(done, "content").files[0]!.file));
  assert.equal(lengths, [12, 12]);
});

test("without ffmpeg a function of video says what to install", async ({ bench }) => {
  const path = process.env["PATH"];
  process.env["PATH"] = bench.folder;
  try {
    const spec: RunSpec = { tag: "module", module: `${BUILTIN}video/upload` };
    const answer = await bench.run(await bench.boot(spec), spec);
    assert.ok(answer.tag === "failed");
    assert.match(answer.message, "ffmpeg is not installed on this worker. Install it");
  } finally {
    process.env["PATH"] = path;
  }
});

/** Seconds. */
function lengthOf(clip: string): number {
  const what = ["-show_entries", "format=duration", "-of", "csv=p=0"];
  return Number(execFileSync("ffprobe", ["-v", "error", ...what, clip], { encoding: "utf8" }));
}

test.run();
