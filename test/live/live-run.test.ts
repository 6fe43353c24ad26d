/** `faasflow live run` as a user meets it: why a function failed, what results look like, what is refused. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LIVE_WORKER } from "../../core/engine/settings.ts";
import { type Finished, faasflow } from "../fixtures/command.ts";

const folder = mkdtempSync(join(tmpdir(), "faasflow-live-run-"));

/** Tasks of their own, each with a module; and one that is synthetic. */
const WORKFLOWS = {
  throws: { body: "console.log('hello'); throw new Error('bye');", task: "retries: 0" },
  exits: { body: "process.exit(3);", task: "retries: 1" },
  forgets: { body: "", task: "retries: 0, writes: { out: { size: 10 B } }" },
  writes: {
    body: "await ctx.put('long', 'abcdé'.repeat(200)); await ctx.put('short', 'one\\ntwo\\n');",
    task: "writes: { long: { size: 1 kB, content: text }, short: { size: 8 B, content: text } }",
    more: "  filler: { compute: 1 ms, writes: { fill: { size: 3 kB } } }\n",
  },
} as const;

const run = suite("live run");
run.before(() => {
  for (const [name, { body, task, ...rest }] of Object.entries(WORKFLOWS)) {
    writeFileSync(join(folder, `${name}.mjs`), `export default async (ctx) => { ${body} };\n`);
    const more = "more" in rest ? rest.more : "";
    const tasks = `  task: { run: ./${name}.mjs, ${task} }\n${more}`;
    writeFileSync(join(folder, `${name}.yaml`), `faasflow: 1\nname: ${name}\ntasks:\n${tasks}`);
  }
});
run.after(() => rmSync(folder, { recursive: true, force: true }));

function live(name: keyof typeof WORKFLOWS, ...flags: readonly string[]): Finished {
  return faasflow("live", "run", join(folder, `${name}.yaml`), "--workers", "1", ...flags);
}

run("what a function that throws wrote, and why it failed, is told once; no empty table", () => {
  const { code, stdout, stderr } = live("throws", "--invocations", "2");
  assert.is(code, 1);
  assert.is(stdout, "");
  assert.match(stderr, /^invocation 0: failed: error in task task\n {2}task \(worker-1\): hello$/m);
  assert.match(stderr, /^ {2}task \(worker-1\): Error: bye$/m);
  assert.match(stderr, /^ {2}task \(worker-1\): {5}at default .*throws\.mjs:1/m);
  assert.not.match(stderr, /container-main|node:internal/);
  assert.match(stderr, /^invocation 1: failed: .*\n {2}as before$/m);
});

run("a function that ends its process, or forgets an output, says so, each attempt", () => {
  const { stderr } = live("exits", "--invocations", "1");
  assert.match(stderr, /task \(worker-1\): Error: The function called process\.exit\(3\)/);
  assert.match(stderr, /task \(worker-1, attempt 2\): Error: The function called process\.exit/);
  const forgot = live("forgets", "--invocations", "1");
  assert.match(forgot.stderr, /The function of task task ended without writing out/);
});

run("results are those of functions, cut with an ellipsis; nothing is said of seeds", () => {
  const events = join(folder, "events.ndjson");
  const { code, stdout, stderr } = live("writes", "--invocations", "1", "--events", events);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^task\.long \(1200 bytes\): (abcdé)+[abcd]*…$/m);
  assert.match(stdout, /^task\.short \(8 bytes\): one\n {2}two$/m);
  assert.not.match(stdout, /filler\.fill|faasflow filler|\uFFFD|seed|event log/);
  assert.match(stdout, / 1 worker, .*\n[\s\S]*; its invariants were checked, none is broken$/m);
  const log = readFileSync(events, "utf8");
  assert.match(log, /"kind":"finish"/);
  const { config } = JSON.parse(log.split("\n")[0]!);
  assert.is(config.worker_memory, LIVE_WORKER.workerMemory);
  assert.is(config.keep_alive_us, LIVE_WORKER.keepAlive);
});

const refused = suite("live run refuses");

function checkRefused({ code, stdout, stderr }: Finished, ...reasons: readonly RegExp[]): void {
  assert.is(code, 2, stderr);
  assert.is(stdout, "");
  assert.not.match(stderr, /starting/);
  for (const reason of reasons) assert.match(stderr, reason);
}

refused("all that is wrong at once, before it starts anything", () => {
  checkRefused(
    faasflow(
      ...["live", "run", "genom", "--workers", "0", "--invocations", "0", "--bandwidth", "x"],
      ...[
        "--document",
        "shared",
        "--image",
        "y",
        "--events",
        "/nosuch/x",
        "--record-limit",
        "64MB",
      ],
    ),
    /no workflow is named "genom"/,
    /--invocations: 0/,
    /--events: \/nosuch\/x: there is no directory/,
    /--workers: 0/,
    /--bandwidth: "x"/,
    /--image: nothing reads it/,
    /--document: nothing reads it/,
    /--record-limit: nothing reads it/,
  );
});

refused("functions that are not there, as `check` does, where `simulate` needs none", () => {
  const lost = mkdtempSync(join(tmpdir(), "faasflow-lost-"));
  try {
    const file = join(lost, "lost.yaml");
    writeFileSync(join(lost, "here.mjs"), "export default () => {};\n");
    writeFileSync(
      file,
      [
        ...["faasflow: 1", "name: lost", "tasks:", "  a: { run: ./here.mjs }"],
        ...["  b: { run: ./not/there.mjs }", "  c: { run: builtin:wordcount/count, core: 1 }"],
      ].join("\n"),
    );
    const reasons = [
      /lost\.yaml:5:13 {2}tasks\.b\.run: the module "\.\/not\/there\.mjs" is not there: no file is at \/.*\/not\/there\.mjs\. Write/,
      /lost\.yaml:6:\d+ {2}tasks\.c\.core: there is no field/,
    ];
    checkRefused(faasflow("check", file), ...reasons);
    const live = faasflow("live", "run", file, "--invocations", "0");
    checkRefused(live, ...reasons, /--invocations: 0/);
    writeFileSync(file, "faasflow: 1\nname: lost\ntasks: { b: { run: ./not/there.mjs } }\n");
    checkRefused(faasflow("check", file), /lost\.yaml:3:\d+ {2}tasks\.b\.run: the module/);
    const simulated = faasflow("simulate", file, "--invocations", "1");
    assert.is(simulated.code, 0, simulated.stderr);
  } finally {
    rmSync(lost, { recursive: true });
  }
});

refused("a store and a Docker engine that are not there, both, before it starts anything", () => {
  const host = process.env["DOCKER_HOST"];
  process.env["DOCKER_HOST"] = "unix:///nowhere/docker.sock";
  try {
    const flags = ["--containers", "docker", "--store", "embedded=http://127.0.0.1:9"];
    checkRefused(
      faasflow("live", "run", "genome", ...flags),
      /^--store: .*:9 /m,
      /no Docker engine/,
    );
  } finally {
    if (host === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = host;
  }
});

refused("a generated workflow, whatever its size, with what could be named instead", () => {
  for (const name of ["genome:5", "genome:500"]) {
    const reason = /generated workflows are for the simulator\. Name a benchmark, such as genome/;
    checkRefused(faasflow("live", "run", name), reason);
    checkRefused(faasflow("invoke", name, "--url", "http://127.0.0.1:9"), reason);
  }
});

refused("a limit without its unit, in whole sentences", () => {
  const { stderr } = faasflow("live", "run", "genome", "--record", folder, "--record-limit", "3");
  assert.match(stderr, /"3"\. Give a size of at least 10kB with its unit, such as 64MB\.\n/);
});

refused("wrong values of several flags, all at once", () => {
  const flags = { "--workers": "many", "--hosts": "three", "--containers": "tins" };
  const reasons = Object.entries(flags).map(
    ([flag, value]) => new RegExp(`^${flag}: "${value}"\\. Give `, "m"),
  );
  for (const command of ["run", "up"]) {
    checkRefused(faasflow("live", command, ...Object.entries(flags).flat()), ...reasons);
  }
  checkRefused(faasflow("compare"), /^Missing required flag: --live\.$/m, /--sim\.$/m);
});

run.run();
refused.run();
