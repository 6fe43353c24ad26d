/**
 * The workflow that `faasflow new` writes: small, but with what most workflows need: an input, a
 * list, a foreach over it, a result. Its functions are plain JavaScript modules beside the file; they
 * end in .mjs, which Node takes for a module wherever they lie.
 */

export interface NewFile {
  /** From the folder that the workflow file is in. */
  readonly path: string;
  readonly text: string;
}

/** The workflow file comes first. `name`: letters, digits, `_` and `-`. */
export function newWorkflow(name: string): readonly NewFile[] {
  return [
    { path: `${name}.yaml`, text: workflowText(name) },
    { path: `${name}/split.mjs`, text: SPLIT },
    { path: `${name}/count.mjs`, text: COUNT },
    { path: `${name}/report.mjs`, text: REPORT },
  ];
}

function workflowText(name: string): string {
  return `# ${name}: counts the words of each line of a text, and reports the longest line.
#
#   faasflow check ${name}.yaml        what is wrong with this file
#   faasflow simulate ${name}.yaml     on a simulated cluster: compute times and sizes as stated here
#   faasflow live run ${name}.yaml     on a real one, on this machine: the functions run

faasflow: 1
name: ${name}
description: Counts the words of each line of a text, and reports the longest line

inputs:
  # \`value\` is for invocations that give none: faasflow live run ... --input text='Hello, world!'
  text: { size: 60, value: "One line of text.\\nAnother one, a bit longer.\\nThe last." }

tasks:
  split:
    run: ./${name}/split.mjs
    compute: 2 ms
    reads: [input.text]
    writes:
      lines: { size: 20, items: 3, content: text }
  count:
    run: ./${name}/count.mjs
    compute: 2 ms
    reads: [split.lines]
    writes:
      words: 1
  report:
    run: ./${name}/report.mjs
    compute: 2 ms
    reads: [split.lines, count.words]
    writes:
      summary: { size: 60, content: text }

steps:
  - split
  - foreach:
      over: split.lines
      steps: [count]
  - report
`;
}

const SPLIT = `/**
 * First function: one item a line of the text. A task's inputs are in \`ctx.input\`; \`ctx.putItems\`
 * writes a list.
 */
export default async (ctx) => {
  const lines = String(ctx.input.text).split("\\n");
  await ctx.putItems("lines", lines);
};
`;

const COUNT = `/**
 * Second function, once an item of \`split.lines\`: how many words its line has. \`ctx.get\` gives the
 * bytes of a datum; a small value that is put can be compared in conditions of a switch, such as
 * \`count.words > 3\`.
 */
export default async (ctx) => {
  const line = (await ctx.get("split.lines")).toString();
  await ctx.put("words", line.match(/\\S+/g)?.length ?? 0);
};
`;

const REPORT = `/**
 * Last function: reads all lines and all counts. \`ctx.parts\` gives every part of a datum, in the
 * order of the items; what \`ctx.log\` says is in the log of the worker.
 */
export default async (ctx) => {
  const lines = await read(ctx.parts("split.lines"));
  const counts = (await read(ctx.parts("count.words"))).map(Number);
  const most = Math.max(...counts);
  const longest = lines[counts.indexOf(most)];
  const sum = counts.reduce((total, count) => total + count, 0);
  await ctx.put("summary", \`\${sum} words in \${lines.length} lines, most in: \${longest}\\n\`);
  ctx.log("done", ctx.task);
};

async function read(parts) {
  return Promise.all(parts.map(async (part) => (await part.read()).toString()));
}
`;
