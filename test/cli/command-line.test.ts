/** The command line as a user meets it: exit codes, what goes where, help, and what is refused. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import packageJson from "../../package.json" with { type: "json" };
import { BENCHMARKS } from "../../workflows/load.ts";
import { type Finished, faasflow, faasflowHead, jsonRows } from "../fixtures/command.ts";
import { workflowFile } from "../fixtures/scenario.ts";

/** Nothing on standard output, no help page, no stack trace; the reason on standard error. */
function checkRefused(run: Finished, ...reasons: readonly RegExp[]): void {
  assert.is(run.code, 2, run.stderr);
  assert.is(run.stdout, "");
  for (const reason of reasons) assert.match(run.stderr, reason);
  assert.not.match(run.stderr, /^\s+at .*:\d+:\d+/m);
  assert.not.match(run.stderr, /^(DESCRIPTION|FLAGS)/m);
  assert.ok(run.stderr.length < 3_000, run.stderr);
}

const help = suite("help");

for (const command of [
  ["start"],
  ["simulate"],
  ["sweep"],
  ["sweep-worker"],
  ["advise"],
  ["plan"],
  ["check"],
  ["import"],
  ["experiment"],
  ["report"],
  ["trace", "from-events"],
  ["trace", "from-arrivals"],
]) {
  help(`of ${command.join(" ")} goes to standard output, with an example`, () => {
    const { code, stdout, stderr } = faasflow(...command, "--help");
    assert.is(code, 0);
    assert.is(stderr, "");
    assert.match(stdout, new RegExp(`^EXAMPLES[\\s\\S]+faasflow ${command.join(" ")}`, "m"));
  });
}

help("of the whole names every command", () => {
  const { code, stdout } = faasflow("--help");
  assert.is(code, 0);
  for (const name of ["start", "simulate", "plan", "check", "trace"]) {
    assert.match(stdout, new RegExp(`^  ${name}\\b`, "m"));
  }
});

help("has the package's version", () => {
  const { code, stdout } = faasflow("--version");
  assert.is(code, 0);
  assert.match(stdout, packageJson.version);
});

const refused = suite("refused");

refused("an unknown flag is named, with the nearest one", () => {
  checkRefused(
    faasflow("simulate", "genome", "--wokers", "3"),
    /--wokers.*Did you mean --workers\?/,
  );
});

refused("two unknown flags are both named", () => {
  checkRefused(faasflow("simulate", "genome", "--bogus", "--what"), /--bogus/, /--what/);
});

refused("an unknown command is named, with the nearest one", () => {
  checkRefused(faasflow("simulat"), /simulat.*Did you mean simulate\?/);
});

refused("no command, or a command without its subcommand, says what there is", () => {
  checkRefused(faasflow(), /start, simulate,.* plan, check, new, import, trace/);
  checkRefused(faasflow("trace"), /from-events, from-arrivals/);
});

refused("a flag without its value, an argument too many, one too few", () => {
  checkRefused(faasflow("simulate", "genome", "--seed"), /--seed/);
  checkRefused(faasflow("start", "genome"), /genome/);
  checkRefused(faasflow("plan"), /workflow/);
});

refused("every wrong value is told at once, each with what would be right", () => {
  const run = faasflow(
    ...["simulate", "genom", "--scheme", "x", "--storage", "y", "--partition", "z"],
    ...["--workers", "0", "--bandwidth", "fast", "--profile", "nope", "--rate", "6"],
    ...["--arrivals", "never", "--warm-up", "-1", "--fault", "crush=worker-1@1s"],
  );
  checkRefused(
    run,
    /"genom".*genome/,
    /--scheme: "x".*worker-sp, master-sp/,
    /--storage: "y".*faastore, remote/,
    /--partition: "z".*faasflow-plus/,
    /--workers: "0".*from 1/,
    /--bandwidth: "fast".*50MB\/s/,
    /"nope" is not a profile.*paper-testbed/,
    /--rate: "6".*6\/min/,
    /--arrivals: "never".*fixed, poisson/,
    /--warm-up: "-1".*whole number/,
    /crush.*Did you mean crash\?/,
  );
  assert.is(run.stderr.trim().split("\n").length, 11, run.stderr);
});

refused("flags that would have no effect", () => {
  checkRefused(
    faasflow("simulate", "genome", "--rate", "6/min", "--clients", "2"),
    /--clients: has no effect with --rate/,
  );
  checkRefused(faasflow("simulate", "genome", "--arrivals", "poisson"), /without --rate/);
  const both = ["--rate", "6/min", "--duration", "5s", "--invocations", "3"];
  checkRefused(faasflow("simulate", "genome", ...both), /--duration: has no effect/);
  const traced = ["--trace", "x", "--rate", "6/min", "--clients", "2"];
  checkRefused(faasflow("simulate", "genome", ...traced), /--rate.*--trace/, /--clients.*--trace/);
});

/** What `simulate` says of a workflow with so many tasks that each take so many GiB. */
function simulated(memories: readonly number[]): Finished {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-cli-"));
  const file = join(folder, "huge.yaml");
  const tasks = memories.map(
    (gib, id) => `  t${id}: { container: { memory: ${gib} GiB }, sleep: 1 ms }`,
  );
  writeFileSync(file, `faasflow: 1\nname: huge\ntasks:\n${tasks.join("\n")}\n`);
  const run = faasflow("simulate", file);
  rmSync(folder, { recursive: true });
  return run;
}

refused("containers that no worker of the profile could ever start, each task named", () => {
  const run = simulated([1_000, 1, 1_000]);
  checkRefused(run, /task t0: its container takes 1073741824000 bytes/, /task t2: its container/);
  assert.is(run.stderr.trim().split("\n").length, 2, run.stderr);
});

refused("of many such containers how many they are, and the largest", () => {
  const run = simulated([1, ...Array.from({ length: 30 }, (_, id) => (id === 20 ? 1_000 : 100))]);
  checkRefused(
    run,
    /task t8: its container/,
    /containers of 30 of 31 tasks are too large\. The largest, of t21, takes 1073741824000 bytes/,
  );
  assert.is(run.stderr.trim().split("\n").length, 9, run.stderr);
});

refused("faults that are written wrong, or would have no effect", () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    "crash=worker-9@1s": /worker-1 to worker-7/,
    "crash=worker-0@1s": /worker-1 to worker-7/,
    "crash=worker-1": /crash=worker-3@5s/,
    "crash=worker-1@soon": /worker-1@soon/,
    "slow=worker-2@9s..3s*0.5": /ends before it begins/,
    "slow=worker-2@1s..3s*0": /above 0/,
    "partition=worker-1": /partition=worker-1,worker-2@5s\.\.8s/,
    "loss=100%": /0% to 99\.9%/,
    "loss=1": /percentage/,
    "delay=5%": /delay=5%\*20ms/,
    flood: /not a fault/,
  };
  const flags = Object.keys(wrong).flatMap((fault) => ["--fault", fault]);
  const twice = ["--fault", "duplication=1%", "--fault", "duplication=2%"];
  const run = faasflow("simulate", "wordcount", ...flags, ...twice);
  checkRefused(run, ...Object.values(wrong), /duplication is given twice/);
});

refused("faults that only say how another one goes, without that one", () => {
  const flags = ["--fault", "detection=3s", "--fault", "no-redelivery"];
  checkRefused(
    faasflow("simulate", "wordcount", ...flags),
    /detection has no effect without a crash/,
    /no-redelivery has no effect without loss or partition/,
  );
});

refused("workflows that are unknown, missing, a directory, or named twice, all at once", () => {
  checkRefused(faasflow("simulate"), /no workflow is named.*genome/s);
  checkRefused(
    faasflow(
      "simulate",
      ...["nope", "genome:5", "no/such.yaml", "workflows/benchmarks/", "genome", "all"],
    ),
    /"nope"/,
    /10 to 10000/,
    /no\/such\.yaml: there is no such file/,
    /directory.*cycles/,
    /"genome" is given twice/,
  );
});

refused("two files of one inner name, with what to change", () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-twice-"));
  const [one, other, video] = ["one", "other", "video"].map((name) => join(folder, `${name}.yaml`));
  for (const file of [one!, other!]) {
    writeFileSync(file, "faasflow: 1\nname: chain\ntasks: { a: {} }\n");
  }
  writeFileSync(video!, "faasflow: 1\nname: video\ntasks: { a: {} }\n");
  const run = faasflow("simulate", one!, other!, `${folder}/./one.yaml`, video!, "video");
  rmSync(folder, { recursive: true });
  assert.is(run.code, 2);
  assert.equal(run.stderr.trim().split("\n"), [
    `workflow "chain" is given twice, by ${one} and by ${other}. Change \`name\` in one of them.`,
    'workflow "chain" is given twice. Name each once.',
    `workflow "video" is given twice, by ${video} and by video. Change \`name\` in ${video}.`,
  ]);
});

refused("files that cannot be read or written", () => {
  for (const flag of ["--events", "--perfetto", "--csv"]) {
    const target = "no/such/folder/file";
    checkRefused(faasflow("simulate", "wordcount", flag, target), /no\/such\/folder\/file/);
  }
  checkRefused(faasflow("simulate", "wordcount", "--trace", "no-such.trace"), /no-such\.trace/);
  checkRefused(faasflow("trace", "from-events", "no-such.ndjson"), /no-such\.ndjson/);
  checkRefused(faasflow("trace", "from-arrivals", "no-such.csv"), /no-such\.csv.*Name another/);
  checkRefused(
    faasflow("plan", "genome", "--workers", "x", "--partition", "y"),
    /--workers/,
    /--partition/,
  );
});

const output = suite<{ folder: string }>("output");
output.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "faasflow-cli-"));
});
output.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

const METRICS: Readonly<Record<string, string>> = {
  e2e_mean: "s",
  e2e_p50: "s",
  e2e_p95: "s",
  e2e_p99: "s",
  schedule_overhead_mean: "s",
  data_overhead_mean: "s",
  bytes_local: "B",
  bytes_remote: "B",
  cold_starts: "1",
  invocations_finished: "1",
};

output(
  "--json prints one object with every metric of every workflow, and the event log's hash",
  () => {
    const flags = ["--scheme", "master-sp", "--storage", "remote", "--invocations", "2"];
    const run = faasflow("simulate", "wordcount", "video", ...flags, "--json", "--check");
    assert.is(run.code, 0, run.stderr);
    assert.is(run.stderr, "");
    assert.is(run.stdout.trim().split("\n").length, 1);
    const object = JSON.parse(run.stdout);
    assert.equal(Object.keys(object), ["rows"]);
    const rows = jsonRows(run);
    for (const workflow of ["wordcount", "video"]) {
      for (const [metric, unit] of Object.entries(METRICS)) {
        const row = rows.find((each) => each.workflow === workflow && each.metric === metric);
        assert.ok(row, `${workflow} ${metric}`);
        assert.equal([row.scheme, row.storage, row.unit], ["master-sp", "remote", unit]);
        assert.type(row.value, "number");
        assert.is(row.count, 2);
      }
    }
    const hashes = rows.filter(({ metric }) => metric === "event_log_hash");
    assert.is(hashes.length, 1);
    assert.match(`${hashes[0]!.value}`, /^[0-9a-f]{16}$/);
  },
);

output("the same command prints the same bytes", () => {
  const args = ["simulate", "genome", "--seed", "7", "--rate", "10/min", "--arrivals", "poisson"];
  const [one, two] = [faasflow(...args), faasflow(...args)];
  assert.is(one!.code, 0, one!.stderr);
  assert.is(one!.stdout, two!.stdout);
});

output("start prints a row a workflow, then the count of what was checked", () => {
  const { code, stdout, stderr } = faasflow("start");
  assert.is(code, 0, stderr);
  assert.is(stderr, "");
  for (const name of BENCHMARKS) assert.match(stdout, new RegExp(`^.?\\s*${name}\\b`, "m"));
  assert.match(stdout, /(\d+) of \1 invocations finished; their event logs break none/);
});

output("start --json has both sides of every workflow", () => {
  const run = faasflow("start", "--json");
  assert.is(run.code, 0, run.stderr);
  const means = jsonRows(run).filter(({ metric }) => metric === "e2e_mean");
  assert.is(means.length, 2 * BENCHMARKS.length);
});

output("every fault can be written as its help says, and the run ends", () => {
  const faults = [
    ...["crash=worker-3@1s", "crash=worker-4@500ms+2s", "slow=worker-2@0s..60s*0.5"],
    ...["partition=worker-1,worker-2@1s..2s", "loss=1%", "duplication=1.5%", "delay=5%*20ms"],
    ...["store-errors=1%", "execution-errors=1%", "detection=1s"],
  ];
  const flags = faults.flatMap((fault) => ["--fault", fault]);
  const run = faasflow("simulate", "genome", "--invocations", "4", "--check", ...flags);
  assert.is(run.code, 0, run.stderr);
});

output("messages lost for good end in code 1, with the reason on standard error", () => {
  const faults = ["--fault", "loss=20%", "--fault", "no-redelivery"];
  const { code, stdout, stderr } = faasflow("simulate", "genome", ...faults);
  assert.is(code, 1);
  assert.match(stdout, /genome/);
  assert.match(stderr, /never finished.*lost for good/);
});

output("simulate writes the files that it is asked for", ({ folder }) => {
  const files = ["events", "perfetto", "csv"].map((name) => [`--${name}`, join(folder, name)]);
  const run = faasflow("simulate", "video", "--invocations", "1", ...files.flat());
  assert.is(run.code, 0, run.stderr);
  const [events, perfetto, csv] = files.map(([, file]) => readFileSync(file!, "utf8"));
  assert.ok(
    events!
      .trim()
      .split("\n")
      .every((line) => typeof JSON.parse(line) === "object"),
  );
  assert.ok(JSON.parse(perfetto!));
  assert.match(csv!, /^workflow,scheme,storage,metric,unit,value,count$/m);
});

output("plan prints groups, and writes DOT and SVG", ({ folder }) => {
  const [dot, svg] = [join(folder, "plan.dot"), join(folder, "plan.svg")];
  const run = faasflow("plan", "illegal_recognizer", "--dot", dot, "--svg", svg);
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stdout, /critical path/i);
  assert.match(readFileSync(dot, "utf8"), /^digraph/m);
  assert.match(readFileSync(svg, "utf8"), /<svg[\s\S]+<\/svg>/);
});

output("check tells good files from bad ones, each problem with its line", ({ folder }) => {
  const good = faasflow("check", workflowFile("by-chance"), "genome");
  assert.is(good.code, 0, good.stderr);
  assert.is(good.stdout.trim().split("\n").length, 2);
  const file = join(folder, "bad.yaml");
  writeFileSync(
    file,
    "faasflow: 1\nname: bad\ntasks:\n  a: { compute: 5 parsecs, reeds: [] }\nsteps: [b]\n",
  );
  const bad = faasflow("check", file, "wordcount");
  assert.is(bad.code, 2);
  assert.match(bad.stdout, /^wordcount: .* is fine/);
  assert.match(bad.stderr, /bad\.yaml:4:\d+.*parsecs/);
  assert.match(bad.stderr, /bad\.yaml:4:\d+.*reeds/);
});

output("check --schema prints a JSON Schema and nothing else", () => {
  const { code, stdout } = faasflow("check", "--schema");
  assert.is(code, 0);
  assert.is(JSON.parse(stdout).type, "object");
});

output("a reader that has read enough ends it without a word", () => {
  for (const args of [
    ["simulate", "genome"],
    ["check", "--schema"],
  ]) {
    const { stderr } = faasflowHead(...args);
    assert.is(stderr, "", args.join(" "));
  }
});

help.run();
refused.run();
output.run();
