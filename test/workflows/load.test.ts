/** Files with mistakes: every mistake comes out, each with its line, its place and a remedy. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadWorkflow, parseWorkflow, resolveWorkflow } from "../../workflows/load.ts";
import { of, problems, same } from "./problems.ts";

const text = suite("text");

text("a file that is no workflow at all says so", () => {
  same(problems(""), [" the file is empty."]);
  same(problems(" \n\n"), [" the file is empty."]);
  same(problems("# only a comment"), [
    ' there is only "# only a comment" where a workflow should be',
  ]);
  same(problems("null"), [' there is only "null" where a workflow should be.']);
  same(problems("- a"), [" there is a list where a workflow should be."]);
  same(problems("a\u0000b"), [" this is a binary file."]);
});

text("JSON that is cut off or has a slip is one problem, with its place", () => {
  const whole = '{"faasflow": 1,\n "name": "x",\n "tasks": {"a": {"sleep": [1, "2 s"]}}}';
  for (let end = 2; end < whole.length; end++) {
    const before = whole.slice(0, end);
    const told = problems(before);
    assert.is(told.length, 1, before);
    if (!/^\s*\{\s*"/.test(before)) continue;
    assert.match(told[0]!, /^[1-4]:\d+ {2}not JSON: .*if the file was cut off/, before);
  }
  same(problems('{"name": "x",\n "tasks": {"a": 1 "b": 2}}'), [/^2:1\d .*not JSON/]);
  same(problems('{"name": "x",\n "tasks": [1, 2'), [/^2:1\d .*not JSON/]);
  same(problems('{"name": "x"},\n'), [/^1:14 .*not JSON/]);
});

text("what is not YAML has its line", () => {
  same(problems("a: [1,\nb: 2"), [/^2:1 .*not YAML/]);
  same(problems("faasflow: 1\nname: x\n\ttasks: 3"), [/^3:1 .*Tabs .*Indent with spaces/]);
  same(problems('{"faasflow": 1,\n "name": }}'), [/^2:1[01] .*not JSON/]);
});

text("several documents, tags, alias bombs and deep nests are refused", () => {
  same(problems("a: 1\n---\nb: 2"), ["2:1  a second document begins."]);
  same(of("tasks: {a: !custom 3}"), [/^3:12 .*tag/, /^3:20 {2}tasks.a: "3" is here/]);
  const bomb = ["a: &a [1,1,1]"];
  for (const [to, from] of ["ba", "cb", "dc"]) {
    bomb.push(`${to}: &${to} [${`*${from},`.repeat(50)}]`);
  }
  same(problems(bomb.join("\n")), [" its aliases cannot be followed"]);
  same(problems("[".repeat(50_000)), [" this nests too deeply to be read."]);
});

text("a key that is there twice is found at its second place", () => {
  same(of("tasks:", "  a: {}", "  b: {}", "  a: {cores: 2}"), ['6:3  the key "a" is there twice']);
});

text("an alias stands for what it names", () => {
  const result = parseWorkflow(
    "faasflow: 1\nname: x\ntasks:\n  a: &one {compute: 5 ms}\n  b: *one\n",
  );
  assert.ok(result.ok && result.spec.tasks[1]!.compute.tag === "fixed");
  same(of("tasks:", "  a: &one {compute: 5}", "  b: *one"), [
    "4:21  tasks.a.compute: 5 has no unit.",
    /^(4:21|5:6) {2}tasks.b.compute: 5 has no unit/,
  ]);
});

const shape = suite("shape");

shape("fields that are missing, unknown or of a wrong kind, all at once", () => {
  same(
    problems("faasflow: 2\nnaem: x\ntasks: {a: {raeds: [], cores: many, compute: {unifrom: 3}}}"),
    [
      "1:1  name: this field is missing. Write `name: ...`.",
      "1:11  faasflow: 2 is here. Write 1",
      '2:1  naem: there is no field "naem" here. Did you mean "name"?',
      '3:13  tasks.a.raeds: there is no field "raeds" here. Did you mean "reads"?',
      '3:31  tasks.a.cores: "many" is here. Write a number.',
      '3:47  tasks.a.compute.unifrom: there is no field "unifrom" here. Did you mean "uniform"?',
    ],
  );
});

shape("units that do not fit", () => {
  same(
    of(
      "timeout: 5",
      "tasks:",
      "  a:",
      "    compute: 3 MB",
      "    sleep: {uniform: [1 s, -2 s]}",
      "    container: {memory: 5 s, used: half}",
      "    writes: {x: 4 parsec, y: {size: 1, items: {count: 3 B}}, z: {}}",
    ),
    [
      "3:10  timeout: 5 has no unit.",
      '6:14  tasks.a.compute: "MB" is not a unit of time.',
      '7:28  tasks.a.sleep.uniform[1]: "-2 s" is negative.',
      '8:25  tasks.a.container.memory: "s" is not a unit of size.',
      '8:36  tasks.a.container.used: "half" is not a size. Write a percentage or a size',
      '9:17  tasks.a.writes.x: "parsec" is not a unit of size.',
      '9:55  tasks.a.writes.y.items.count: "B" is not a unit of count.',
      "9:62  tasks.a.writes.z: there is no size.",
    ],
  );
});

shape("a step is one thing", () => {
  same(of("tasks: {a: {}}", "steps: [{}, 5, {sequence: [a], foreach: {}}, {paralel: [a]}]"), [
    "4:9  steps[0]: nothing is said.",
    "4:13  steps[1]: 5 is here. Write the name of a task",
    /foreach/,
    /foreach/,
    /paralel.*Did you mean "parallel"/,
  ]);
});

shape("wrong fields do not hide what else is wrong", () => {
  same(of("tasks:", "  a: {compute: 5, colour: red}", "  b: {reads: [a.x]}"), [
    "4:16  tasks.a.compute: 5 has no unit.",
    '4:19  tasks.a.colour: there is no field "colour" here.',
    '5:15  tasks.b.reads[0]: "a.x" is not written by any task.',
  ]);
});

const names = suite("names");

names("what does not exist is named, with what was meant", () => {
  same(
    of(
      "inputs: {photo: 8, spare: 8}",
      "tasks:",
      "  split: {reads: [input.foto], writes: {pieces: {size: 1 MB, items: 3}}}",
      "  merge: {reads: [split.piecez, pieces], after: [splti]}",
      "steps:",
      "  - split",
      "  - megre",
      "  - foreach: {over: split.pices, steps: [merge]}",
      "  - switch: {cases: [{when: splitt.pieces > 3, steps: []}]}",
    ),
    [
      "3:17  inputs.photo: nothing reads this input.",
      "3:27  inputs.spare: nothing reads this input.",
      '5:19  tasks.split.reads[0]: "input.foto" is not among the inputs. Did you mean "input.photo"?',
      '6:19  tasks.merge.reads[0]: "split.piecez" is not written by any task. Did you mean "split.pieces"?',
      '6:33  tasks.merge.reads[1]: "pieces" is not the name of a datum',
      '6:50  tasks.merge.after[0]: no task is named "splti". Did you mean "split"?',
      '9:5  steps[1]: no task is named "megre". Did you mean "merge"?',
      '10:21  steps[2].foreach.over: "split.pices" is not written by any task.',
      '11:29  steps[3].switch.cases[0].when: "splitt.pieces" is not written by any task.',
    ],
  );
});

names("names that cannot be, and names taken twice", () => {
  same(
    of(
      "tasks: {input: {}, a-b: {}, one: {reads: [two.x, two.x], after: [two, two]}, two: {writes: {x: 1, 2y: 1}}}",
      "steps:",
      "  - parallel: [input, a-b, two]",
      "  - switch: {name: one, cases: [{when: two.x == 1, steps: [one]}]}",
      "  - switch: {name: s p, cases: [{when: two.x == 1, steps: []}]}",
    ),
    [
      '3:9  tasks.input: "input" has a meaning of its own',
      '3:20  tasks.a-b: "a-b" is no name.',
      '3:50  tasks.one.reads[1]: "two.x" is named twice.',
      /3:66 .*after\[0\]: two is outside of the switch case that one is in/,
      '3:71  tasks.one.after[1]: "two" is named twice.',
      /3:71 .*after\[1\]: two is outside/,
      /^3:10\d .*tasks.two.writes.2y: "2y" is no name/,
      '6:20  steps[1].switch.name: the name "one" is taken by a task.',
      '7:20  steps[2].switch.name: "s p" is no name.',
    ],
  );
});

const numbers = suite("numbers");

numbers("amounts out of their range", () => {
  same(
    of(
      "defaults: {container: {memory: 10 MiB, used: 20 MiB}}",
      "tasks:",
      "  a: {cores: 0, retries: -1, timeout: 0}",
      "  b: {container: {limit: 0, instances: -1, scale: -1}, sleep: {uniform: [5 s, 3 s]}}",
      "  c: {writes: {x: {size: 1, items: 70000}, y: {items: {count: 3, sizes: [1, 2]}}}}",
      "  d: {writes: {x: {size: 1, stored: false}}, compute: {empirical: []}}",
    ),
    [
      "3:46  defaults.container.used: the function uses 20971520 B of a container of 10485760 B.",
      "5:14  tasks.a.cores: 0 is not positive.",
      "5:26  tasks.a.retries: -1 is not a whole number from 0 up.",
      "5:39  tasks.a.timeout: 0 is not positive.",
      "6:26  tasks.b.container.limit: 0 is not a whole number from 1 up.",
      "6:40  tasks.b.container.instances: -1 is not positive.",
      "6:51  tasks.b.container.scale: -1 is negative.",
      "6:64  tasks.b.sleep.uniform: 5000000 is more than 3000000.",
      "7:36  tasks.c.writes.x.items: 70000 items. A list has at most 65535",
      "7:66  tasks.c.writes.y.items.sizes: 2 sizes for up to 3 items.",
      "8:37  tasks.d.writes.x.stored: a task writes it, so it is stored.",
      "8:56  tasks.d.compute.empirical: there is no value to draw from.",
    ],
  );
});

numbers("probabilities beyond 1", () => {
  same(
    of(
      "tasks: {a: {writes: {x: 1}}}",
      "steps:",
      "  - a",
      "  - switch:",
      "      cases:",
      "        - {when: a.x == 1, probability: 0.7, steps: []}",
      "        - {when: a.x == 2, probability: 0.7, steps: []}",
      "        - {when: a.x == 3, probability: -0.1, steps: []}",
    ),
    [
      "7:7  steps[1].switch.cases: the probabilities sum to 1.3.",
      "10:41  steps[1].switch.cases[2].probability: -0.1 is not a probability.",
    ],
  );
});

numbers("a value is for an input that is stored; a list's value is a list", () => {
  same(
    of(
      "inputs:",
      "  a: {size: 8, value: [1, {b: null}]}",
      "  b: {size: 8, items: 2, value: 7}",
      "  c: {size: 8, stored: false, value: 7}",
      "  d: {size: 8, value: .nan}",
      "tasks:",
      "  t: {reads: [input.a, input.b, input.c, input.d], writes: {x: {size: 8, value: 7}}}",
    ),
    [
      "5:33  inputs.b.value: the input is a list, its value is not.",
      "6:38  inputs.c.value: an input that is not stored has no value.",
      "7:23  inputs.d.value: NaN is here.",
      "9:81  tasks.t.writes.x.value: a task writes it, so its function says what it holds.",
    ],
  );
});

const good = suite("good");

good("a sound file gives its spec, with units, defaults and names filled in", () => {
  const result = parseWorkflow(
    [
      "faasflow: 1",
      "name: good",
      "timeout: 1 min",
      "inputs: {photo: {size: 2 MB, content: binary}}",
      "defaults: {cores: 2, container: {memory: 100 MiB, limit: 7}, retries: 5}",
      "tasks:",
      "  cut:",
      "    compute: {lognormal: {median: 20 ms, sigma: 0.5}}",
      "    reads: [input.photo]",
      "    writes: {parts: {size: 1 kB, items: 4}, score: 8}",
      "  paint: {reads: [cut.parts], writes: {part: {uniform: [1 kB, 2 kB]}}, retries: {delay: 1 s}}",
      "  glue: {reads: [paint.part], container: {used: 10%}}",
      "  warn:",
      "steps:",
      "  - cut",
      "  - foreach: {over: cut.parts, steps: [paint]}",
      "  - switch:",
      "      cases: [{when: cut.score > 3, steps: [[glue]]}]",
    ].join("\n"),
  );
  assert.is(result.ok, false, "a list is no step outside of parallel");
});

good("defaults, shorthands and numbering", () => {
  const result = parseWorkflow(
    [
      '{"faasflow": 1, "name": "json", "timeout": "1 min",',
      ' "defaults": {"cores": 2, "container": {"memory": "100 MiB", "limit": 7}, "retries": 5},',
      ' "tasks": {',
      '  "cut": {"compute": {"lognormal": {"median": "20 ms", "sigma": 0.5}},',
      '    "writes": {"parts": {"items": {"sizes": [1, 2, "3 kB", 4]}}, "score": 8}},',
      '  "paint": {"reads": ["cut.parts"], "writes": {"x": {"uniform": [1, 2]}},',
      '    "retries": {"delay": "1 s"}},',
      '  "glue": {"reads": ["paint.x"], "container": {"used": "10%"}}},',
      ' "steps": ["cut", {"foreach": {"over": "cut.parts", "steps": ["paint"]}},',
      '   {"switch": {"cases": [{"when": "cut.score > 3", "steps": ["glue"]}]}}]}',
    ].join("\n"),
  );
  assert.ok(result.ok);
  const [cut, paint, glue] = result.spec.tasks;
  assert.is(result.spec.timeout, 60_000_000);
  assert.equal(cut!.compute, { tag: "lognormal", median: 20_000, sigma: 0.5 });
  assert.equal(cut!.writes[0]!.items, {
    count: { tag: "fixed", value: 4 },
    sizes: [1, 2, 3000, 4],
  });
  assert.equal(paint!.writes[0]!.size, { tag: "uniform", min: 1, max: 2 });
  assert.equal(paint!.retries, { limit: 5, delay: 1_000_000, backoff: 2 });
  assert.is(paint!.container.instances, 4, "as many as the list has items");
  assert.equal(
    { ...glue!.container },
    { memory: 104_857_600, used: 10_485_760, limit: 7, instances: 1, scale: 3 },
  );
  assert.is(glue!.cores, 2);
  assert.equal(
    result.spec.steps.map((step) => ("name" in step ? step.name : step.tag)),
    ["task", "foreach-1", "switch-1"],
  );
});

const files = suite("files");

function failure(nameOrPath: string, resolve = resolveWorkflow): string {
  const result = Effect.runSync(Effect.result(resolve(nameOrPath)));
  return Result.isFailure(result) ? result.failure.message : "no problem";
}

files("directories, missing files and bytes that are no text", () => {
  const folder = mkdtempSync(join(tmpdir(), "workflow-"));
  try {
    writeFileSync(join(folder, "bytes.yaml"), Uint8Array.of(0x61, 0xff, 0xfe, 0x62));
    writeFileSync(join(folder, "short.yaml"), "faasflow: 1\n");
    assert.match(failure(folder), /this is a directory\. In it there are bytes\.yaml, short\.yaml/);
    assert.match(failure(join(folder, "none.yaml")), "there is no such file");
    assert.match(failure(join(folder, "bytes.yaml")), "this is not UTF-8 text");
    assert.is(failure(join(folder, "short.yaml"), loadWorkflow).split("\n").length, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

files("a name that does not exist says what does", () => {
  assert.match(failure("genom"), 'Did you mean "genome"? There are cycles, epigenomics, genome');
  assert.match(failure("video:50"), 'no workflow is named "video:50"');
  assert.match(failure("genome:9"), "Write 10 to 10000");
  assert.match(failure("genome:x"), '"x" is not a number of tasks');
});

files("a name with a number is a generated workflow, the same for the same seed", () => {
  const spec = Effect.runSync(resolveWorkflow("genome:500"));
  assert.is(spec.tasks.length, 500);
  assert.equal(Effect.runSync(resolveWorkflow("genome:500:1")), spec);
  assert.not.equal(Effect.runSync(resolveWorkflow("genome:500:2")), spec);
});

for (const each of [text, shape, names, numbers, good, files]) each.run();
