/** Recorded workflows of WfCommons: each version, each rule, and what is told of wrong ones. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compile } from "../../core/workflow/compile.ts";
import { OUTSIDE } from "../../core/workflow/graph.ts";
import { expected } from "../../core/workflow/spec.ts";
import { readForeign } from "../../workflows/foreign.ts";
import { importSummary } from "../../workflows/import-text.ts";
import {
  mosaic,
  recording,
  specOf,
  VERSIONS,
  wide,
  written,
} from "../fixtures/wfformat/recording.ts";
import { problems, same } from "./problems.ts";

const SECOND = 1_000_000;
const MIB = 1024 * 1024;

const version = suite("versions");

for (const each of VERSIONS) {
  version(`${each} gives the workflow that 1.3 gives`, () => {
    assert.equal(specOf(mosaic(each)), specOf(mosaic("1.3")));
  });
}

version("before 1.3 tasks are called jobs, also where one is wrong", () => {
  const old = mosaic("1.3").replace('"tasks"', '"jobs"');
  for (const each of ["1.0", "1.1", "1.2"]) {
    assert.equal(specOf(old.replace('"1.3"', `"${each}"`)), specOf(mosaic("1.3")));
  }
  const wrong = '{"name": "n", "schemaVersion": "1.0", "workflow": {"jobs": [{"name": 3}]}}';
  same(problems(wrong), [/^1:\d+ {2}workflow\.jobs\[0\]\.name: 3 is here/]);
});

version("tasks keep their names, times, cores, memory and order", () => {
  const { name, description, tasks } = specOf(mosaic("1.5"));
  assert.is(name, "mosaic");
  assert.is(description, "Two pictures of the sky become one");
  assert.equal(
    tasks.map(({ name, compute, sleep, cores, container: { memory, used } }) => {
      return [name, expected(compute), expected(sleep), cores, memory, used];
    }),
    [
      ["project_ID01", 2 * SECOND, 0.5 * SECOND, 1, 256 * MIB, 14_800_000],
      ["project_ID02", 3 * SECOND, 0, 1.5, 512 * MIB, 300_000_000],
      ["add_up_ID03", 5 * SECOND, 0, 4, 256 * MIB, 64 * MIB],
      ["plot_ID04", 0.5 * SECOND, 0, 1, 256 * MIB, 64 * MIB],
    ],
  );
});

version("a file is its writer's datum, one that nobody writes is a stored input", () => {
  const { inputs, tasks } = specOf(mosaic("1.4"));
  assert.equal(
    inputs.map(({ name, size, stored }) => [name, expected(size), stored]),
    [
      ["file_2mass_sky_fits", 1_529_220, true],
      ["grid_hdr", 277, true],
      ["dss_sky_fits", 1_541_940, true],
    ],
  );
  assert.equal(
    tasks.map(({ reads }) => reads),
    [
      ["input.file_2mass_sky_fits", "input.grid_hdr"],
      ["input.dss_sky_fits", "input.grid_hdr"],
      ["project_ID01.p2mass_sky_fits", "project_ID02.pdss_sky_fits"],
      ["project_ID01.p2mass_sky_fits"],
    ],
  );
  const [, , { writes }] = tasks as [never, never, (typeof tasks)[number]];
  assert.equal(
    writes.map(({ name, size }) => [name, expected(size)]),
    [
      ["mosaic_fits", 8_100_000],
      ["mosaic_log", 0],
    ],
  );
});

version("a parent without a file between is `after`", () => {
  const { tasks } = specOf(mosaic("1.6"));
  assert.equal(
    tasks.map(({ after }) => after),
    [[], [], [], ["add_up_ID03"]],
  );
});

version("only what is in a file says what it is", () => {
  assert.is(readForeign("faasflow: 1\nname: x\ntasks: {a: {}}"), undefined);
  assert.is(readForeign('{"faasflow": 1, "name": "x", "workflow": {"tasks": []}}'), undefined);
  assert.is(readForeign('{"workflow": "tasks"}'), undefined);
  assert.is(readForeign("{faasflow: 1, name: x, tasks: {workflow: {}}}"), undefined);
  assert.is(readForeign('{"faasflow": 1, "tasks": {"workflow": {"compute": NaN}}}'), undefined);
  assert.is(readForeign(`\n ${mosaic("1.4")}`)?.ok, true);
});

version("a byte order mark changes nothing, also of what is wrong", () => {
  assert.equal(specOf(`\uFEFF${mosaic("1.4")}`), specOf(mosaic("1.4")));
  const wrong = '{"name": "n",\n "schemaVersion": "2.0", "workflow": {"tasks": []}}';
  same(problems(`\uFEFF${wrong}`), [/^2:\d+ {2}schemaVersion: "2\.0" is no version/]);
});

version("the version may be a number, as it looks", () => {
  for (const each of ["1.4", "1.5"] as const) {
    const bare = mosaic(each).replace(`"${each}"`, each);
    assert.not.match(bare, `"${each}"`);
    assert.equal(specOf(bare), specOf(mosaic(each)));
  }
  const wrong = '{"name": "n", "schemaVersion": 2.7, "workflow": {"tasks": []}}';
  same(problems(wrong), [/schemaVersion: 2\.7 is no version of WfFormat .*Known are 1\.0 to 1\.6/]);
});

const rules = suite("rules");

/** Of each task, whose data it reads. */
function readsOf(text: string): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(specOf(text).tasks.map(({ name, reads }) => [name, reads]));
}

for (const each of ["1.3", "1.5"] as const) {
  rules(`${each}: of several versions of a file a task reads the last before it`, () => {
    const tasks = [
      { name: "make", outputs: ["f"] },
      { name: "early", parents: ["make"], children: ["change"], inputs: ["f"] },
      { name: "change", inputs: ["f"], outputs: ["f"] },
      { name: "late", parents: ["change"], inputs: ["f"] },
    ];
    assert.equal(readsOf(recording(each, tasks, { f: 7 })), {
      ...{ make: [], early: ["make.f"], change: ["make.f"], late: ["change.f"] },
    });
  });
}

rules("what is written only later, or by the reader itself, is an input", () => {
  const tasks = [
    { name: "first", inputs: ["f", "own"], outputs: ["own"] },
    { name: "second", parents: ["first"], outputs: ["f"] },
  ];
  const reads = readsOf(recording("1.4", tasks, { f: 7, own: 1 }));
  assert.equal(reads, { first: ["input.f", "input.own"], second: [] });
});

rules("an edge that only children or only a file tells of is one", () => {
  const tasks = [
    { name: "a", children: ["b"] },
    { name: "b", outputs: ["f"] },
    { name: "c", inputs: ["f"] },
  ];
  const { spec, edges } = compile(specOf(recording("1.5", tasks, { f: 1 })));
  assert.equal(spec.tasks[1]!.after, ["a"]);
  assert.equal(
    edges.filter(({ from }) => from !== OUTSIDE).map(({ from, to }) => [from, to]),
    [
      [0, 1],
      [1, 2],
    ],
  );
});

rules("names that ours cannot be are made fit, and none is there twice", () => {
  const names = ["a-b", "a.b", "1st", "input", "", "ä", "a_b_2", "SRA:FETCH (x.gz)"];
  const files = names.map((name) => `/x/${name}`);
  const tasks = names.map((name) => ({ name, outputs: files }));
  const { tasks: made } = specOf(
    recording("1.3", tasks, Object.fromEntries(files.map((file) => [file, 1]))),
  );
  assert.equal(
    made.map(({ name }) => name),
    ["a_b", "a_b_2", "task_1st", "input_2", "task", "task_2", "a_b_2_2", "SRA_FETCH_x_gz"],
  );
  assert.equal(
    made[0]!.writes.map(({ name }) => name),
    ["a_b", "a_b_2", "file_1st", "input", "x", "file", "a_b_2_2", "SRA_FETCH_x_gz"],
  );
});

rules("parents are called by name, by id, or by both", () => {
  const tasks = ["name_7", "7", "twice_8"].map((parent, index) => ({
    ...{ name: "twice", id: `${7 + index}`, runtime: 1, parents: index === 0 ? [] : [parent] },
  }));
  const text = JSON.stringify({
    ...{
      name: "n",
      schemaVersion: "1.4",
      workflow: { tasks: [{ name: "name_7", runtime: 1 }, ...tasks] },
    },
  });
  assert.equal(
    specOf(text).tasks.map(({ name, after }) => [name, after]),
    [
      ["name_7", []],
      ["twice_7", []],
      ["twice_8", ["twice_7"]],
      ["twice_9", ["twice_8"]],
    ],
  );
});

const wrong = suite("wrong recordings");

wrong("a version that is not known, or none", () => {
  const text = (schemaVersion?: string): string =>
    JSON.stringify({ name: "n", schemaVersion, workflow: { tasks: [] } });
  same(problems(text("1.7")), [
    /^1:\d+ {2}schemaVersion: "1.7" is no version of WfFormat .* Known are 1\.0 to 1\.6/,
  ]);
  same(problems(text()), ["1:1  schemaVersion: this field is missing."]);
  same(problems(text("1.3")), [/^1:\d+ {2}workflow: there is no task/]);
});

wrong("what is almost JSON is told as such, with its line", () => {
  const text = (value: string): string =>
    `{"name": "n", "schemaVersion": "1.4",\n "workflow": {"tasks": [\n  {"name": "NaN", "runtime": ${value}}]}}`;
  const nan = "3:30  not JSON: NaN is here. JSON has texts in double quotes, numbers";
  same(problems(text("NaN")), [nan]);
  same(problems(`\uFEFF${text("NaN")}`), [/^3:30 {2}not JSON: NaN is here/]);
  same(problems(text("-Infinity")), ["3:30  not JSON: -Infinity is here."]);
  same(problems(text("'long'")), ["3:30  not JSON: 'long' is here."]);
  same(problems(text("1,")), ["3:31  not JSON: , is here. Take the comma away"]);
  same(problems(text('"a\\x41"')), [/^ not JSON: .*Check brackets, commas and quotes/]);
  same(problems(text("1").slice(0, -9)), [/^3:\d+ {2}not JSON: .*if the file was cut off/]);
});

wrong("fields of a wrong kind, all at once, each with its line", () => {
  const text = `{"name": "n", "schemaVersion": "1.4", "workflow": {"tasks": [
{"name": "a", "parents": "b", "avgCPU": -1, "runtimeInSeconds": "long"},
{"parents": [3], "files": [{"link": "both", "name": "f", "sizeInBytes": -2}]}
]}}`;
  same(problems(text), [
    '2:26  workflow.tasks[0].parents: "b" is here. Write a list',
    "2:41  workflow.tasks[0].avgCPU: -1 is here. Write a percentage, from 0 to 100000",
    '2:65  workflow.tasks[0].runtimeInSeconds: "long" is here. Write a time in seconds',
    "3:1  workflow.tasks[1].name: this field is missing.",
    "3:14  workflow.tasks[1].parents[0]: 3 is here. Write a text",
    '3:37  workflow.tasks[1].files[0].link: "both" is here. Write "input" or "output"',
    "3:73  workflow.tasks[1].files[0].sizeInBytes: -2 is here. Write a number of bytes",
  ]);
});

wrong("parents that are not there, tasks that are there twice, circles, all at once", () => {
  const tasks = [
    { name: "alpha", parents: ["omega"], outputs: ["f"] },
    { name: "beta", parents: ["alhpa"], inputs: ["f"], outputs: ["g"] },
    { name: "omega", inputs: ["g"] },
    { name: "omega" },
  ];
  const found = problems(recording("1.6", tasks, { f: 1, g: 2 }));
  assert.match(found.join("\n"), /2 tasks are called "omega"\. Say which one is meant/);
  assert.match(
    found.join("\n"),
    /parents\[0\]: no task is called "alhpa"\. Did you mean "alpha"\?/,
  );
  assert.match(found.join("\n"), /specification\.tasks\[3\]: the task "omega" is there twice/);
  assert.is(found.length, 3);
  const circle = [
    { name: "alpha", inputs: ["h"], outputs: ["f"] },
    { name: "beta", inputs: ["f"], outputs: ["g"] },
    { name: "omega", parents: ["beta"], outputs: ["h"] },
  ];
  same(problems(recording("1.6", circle, { f: 1, g: 2, h: 3 })), [
    /these wait for each other in a circle: alpha -> beta -> omega -> alpha\. Take one/,
  ]);
  same(problems(recording("1.3", [{ name: "a", parents: ["a"] }])), [/in a circle: a -> a\./]);
});

wrong("a file or a measurement that is there twice with two values, with all else", () => {
  const tasks = [
    { name: "a", inputs: ["f"] },
    { name: "b", parents: ["none"] },
  ];
  const twice = (files: readonly object[], runs: readonly object[]): readonly string[] => {
    const told = JSON.parse(recording("1.5", tasks, { f: 5 }));
    told.workflow.specification.files.push(...files);
    told.workflow.execution.tasks.push(...runs);
    return problems(JSON.stringify(told));
  };
  const noTask = /parents\[0\]: no task is called "none"/;
  const again = [{ id: "f", sizeInBytes: 5 }];
  same(twice(again, [{ id: "a", runtimeInSeconds: 1, avgCPU: null }]), [noTask]);
  const run = { id: "a", runtimeInSeconds: 7 };
  same(twice([...again, { id: "f", sizeInBytes: 1 }], [run]), [
    noTask,
    /^1:\d+ {2}workflow\.specification\.files\[2\]: the file "f" is there again with another size\. Leave/,
    /^1:\d+ {2}workflow\.execution\.tasks\[2\]: the task "a" is there again with other measurements\./,
  ]);
});

wrong("a file of a thousand writers that are in no order: some of them are named", () => {
  const writers = Array.from({ length: 1_000 }, (_, id) => ({ name: `w${id}`, outputs: ["f"] }));
  same(problems(recording("1.4", [...writers, { name: "reader", inputs: ["f"] }], { f: 1 })), [
    /"reader" reads "f", which "w0" and .*"w7" and 992 more write: nobody can tell/,
  ]);
});

wrong("a file of two writers that are in no order", () => {
  const tasks = [
    { name: "one", outputs: ["f"] },
    { name: "two", outputs: ["f"] },
    { name: "reader", inputs: ["f"] },
  ];
  same(problems(recording("1.4", tasks, { f: 1 })), [
    /tasks\[2\]: "reader" reads "f", which "one" and "two" write: nobody can tell/,
  ]);
});

wrong("runtimes and sizes that are nowhere are one problem each, and can be assumed", () => {
  const text = `{"name": "n", "schemaVersion": "1.5", "workflow": {"specification": {"tasks": [
{"name": "a", "id": "a", "parents": [], "children": [], "outputFiles": ["f", "g"]},
{"name": "b", "id": "b", "parents": ["a"], "children": [], "inputFiles": ["f"]}
], "files": [{"id": "f", "sizeInBytes": 5}]}}}`;
  same(problems(text), [
    /^2:1 .*2 tasks have no runtime, the first is "a"\. .*faasflow import FILE --runtime 10s/,
    /^2:1 .*1 file has no size, the first is "g"\. .*--size 1MB/,
  ]);
  const foreign = readForeign(text, { runtime_s: 10, bytes: 3 });
  assert.ok(foreign?.ok);
  assert.equal(foreign.file.tasks, {
    a: { compute: "10 s", writes: { f: 5, g: 3 } },
    b: { compute: "10 s", reads: ["a.f"] },
  });
  assert.match(
    importSummary(foreign).join("\n"),
    /without a runtime .*: 2\n.*without a size .*: 1/,
  );
});

wrong("of more than a hundred problems the rest is counted", () => {
  const tasks = Array.from({ length: 120 }, (_, id) => ({ name: `t${id}`, parents: ["none"] }));
  const found = problems(recording("1.4", tasks));
  assert.is(found.length, 101);
  assert.match(found.at(-1)!, "there are 20 more problems");
});

const text = suite("import");

text("the file says where it is from, what is in it and what is not", () => {
  const lines = written(mosaic("1.5")).split("\n");
  assert.equal(lines.slice(0, 19), [
    "# mosaic: a run by Pegasus 5.0, imported from told.json (WfFormat 1.5).",
    "#",
    "# tasks: 4, edges: 4",
    "# data written: 5, 16481520 B; inputs: 3, 3071437 B",
    "# makespan as recorded: 9.5 s",
    "# edges to the reader of a file from a writer that is not called its parent: 1",
    "# edges from a parent without a file between (`after`): 1",
    "# files left out that no task reads or writes: 1",
    "# measurements left out, of tasks that are not there: 1",
    "#",
    "# compute is runtime x average load of the CPU, sleep what is left of the runtime; nothing is",
    "# scaled by the speed of the machine that it ran on. Inputs are files that no task writes.",
    "# Left out: commands, machines, priorities, energy, bytes counted by the system.",
    "",
    "faasflow: 1",
    "name: mosaic",
    "description: Two pictures of the sky become one",
    "",
    "inputs:",
  ]);
  const at = lines.indexOf("  add_up_ID03:");
  assert.equal(lines.slice(at, at + 6), [
    "  add_up_ID03:",
    "    compute: 5 s",
    "    cores: 4",
    "    reads: [project_ID01.p2mass_sky_fits, project_ID02.pdss_sky_fits]",
    "    writes:",
    "      mosaic_fits: 8100000",
  ]);
});

text("a thousand tasks are the thousand tasks of the file", () => {
  const told = wide(1000);
  const graph = compile(specOf(told));
  assert.is(graph.taskCount, 1000);
  assert.is(graph.edges.filter(({ from }) => from !== OUTSIDE).length, 2 * 998);
  assert.equal(specOf(written(told)), graph.spec);
});

version.run();
rules.run();
wrong.run();
text.run();
