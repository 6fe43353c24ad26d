/** Foreign arrivals as a user meets them: made a trace, and the trace simulated. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { INVOCATIONS, MINUTES } from "../fixtures/arrivals.ts";
import { type Finished, faasflow, jsonRows } from "../fixtures/command.ts";

interface Context {
  folder: string;
  /** Writes a file with these lines, with CRLF, and gives its path. */
  file: (name: string, lines: readonly string[]) => string;
}

const arrivals = suite<Context>("trace from-arrivals");
arrivals.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "faasflow-arrivals-"));
  context.file = (name, lines) => {
    const path = join(context.folder, name);
    writeFileSync(path, `${lines.join("\r\n")}\r\n`);
    return path;
  };
});
arrivals.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const make = (...args: readonly string[]): Finished => faasflow("trace", "from-arrivals", ...args);

/** How many invocations of each workflow arrived and finished. */
function finished(run: Finished): Readonly<Record<string, number | string>> {
  assert.is(run.code, 0, run.stderr);
  const rows = jsonRows(run).filter(({ metric }) => metric === "invocations_finished");
  return Object.fromEntries(rows.map(({ workflow, value }) => [workflow, value]));
}

arrivals("counts a minute become a trace that both schemes simulate", ({ folder, file }) => {
  const out = join(folder, "x.trace");
  const flags = ["--workflow", "wordcount", "--workflow", "video", "--speed", "0.5", "--out", out];
  const made = make(file("day.csv", MINUTES), "--app", "a1", ...flags);
  assert.is(made.code, 0, made.stderr);
  assert.is(made.stderr, "");
  const expected = [
    `${out}: 67 arrivals in 360 s`,
    "  from: Azure Functions Trace 2019, invocations a minute, 67 there",
    "  rate: mean 11.2/min, peak \\d+/min in minute \\d",
    "  wordcount: 60 arrivals of 1 function, most of app a1 function f1",
    "  video: 7 arrivals of 1 function, most of app a1 function f3",
    "",
    "Next:",
    `  faasflow simulate wordcount video --trace ${out} --scheme master-sp`,
  ];
  assert.match(made.stdout, new RegExp(`^${expected.join("\n")}\n$`));
  for (const scheme of ["master-sp", "worker-sp"]) {
    const flag = ["--scheme", scheme, "--check", "--json"];
    const run = faasflow("simulate", "wordcount", "video", "--trace", out, ...flag);
    assert.equal(finished(run), { wordcount: 60, video: 7 });
  }
});

arrivals("invocations that ended become a trace on standard output", ({ folder, file }) => {
  const flags = ["--workflow", "wordcount", "--from", "5s", "--for", "2min"];
  const made = make(file("ended.txt", INVOCATIONS), ...flags);
  assert.is(made.code, 0, made.stderr);
  assert.match(
    made.stderr,
    /2 arrivals in 120 s\n.*2021, 5 there\n.*mean 1\.00\/min, peak 1\/min/s,
  );
  const [header, ...lines] = made.stdout.trimEnd().split("\n");
  assert.match(header!, /faasflow-trace/);
  assert.equal(lines, [
    '{"at_us":5000000,"workflow":"wordcount"}',
    '{"at_us":70000001,"workflow":"wordcount"}',
  ]);
  const trace = join(folder, "x.trace");
  writeFileSync(trace, made.stdout);
  const run = faasflow("simulate", "wordcount", "--trace", trace, "--json");
  assert.equal(finished(run), { wordcount: 2 });
});

arrivals("what began before the file's time is left out, and told", ({ file }) => {
  const early = file("early.csv", [INVOCATIONS[0]!, "a,f,1,4", "a,f,2,5", "b,g,9,1"]);
  const made = make(early, "--workflow", "video");
  assert.is(made.code, 0);
  assert.match(made.stderr, /early\.csv: left out 2 rows .* end_timestamp is less than duration/);
  assert.is(made.stdout.trim().split("\n").length, 2);
  const all = make(early, "--workflow", "video", "--app", "a");
  checkRefused(all, /early\.csv: all rows that are asked for \(2\) began before .*Check these two/);
});

arrivals("a list names its workflows, and has times with units", ({ folder, file }) => {
  const out = join(folder, "x.trace");
  const list = file("list.csv", ["at,workflow", "1 min,video", "59.5 s,wordcount"]);
  assert.is(make(list, "--out", out).code, 0);
  const lines = readFileSync(out, "utf8").trimEnd().split("\n").slice(1);
  assert.equal(lines, [
    '{"at_us":0,"workflow":"wordcount"}',
    '{"at_us":500000,"workflow":"video"}',
  ]);
  const run = faasflow("simulate", "wordcount", "video", "--trace", out, "--json");
  assert.equal(finished(run), { wordcount: 1, video: 1 });
});

arrivals("many lines come through a pipe whole", ({ file }) => {
  const list = file("list.csv", ["at_s", ...Array.from({ length: 25_000 }, (_, k) => `${k}`)]);
  const made = make(list, "--workflow", "genome");
  assert.is(made.code, 0, made.stderr);
  assert.is(made.stdout.trimEnd().split("\n").length, 25_001);
});

function checkRefused(run: Finished, ...reasons: readonly RegExp[]): void {
  assert.is(run.code, 2, run.stderr);
  assert.is(run.stdout, "");
  for (const reason of reasons) assert.match(run.stderr, reason);
  assert.is(run.stderr.trim().split("\n").length, reasons.length, run.stderr);
}

arrivals("all that is wrong with flags and file is told at once", ({ file }) => {
  const wrong = file("wrong.csv", [INVOCATIONS[0]!, "a,f,x,1", "a,f,1"]);
  const flags = ["--from", "2", "--for", "0", "--speed", "-3", "--within", "late"];
  checkRefused(
    make(wrong, ...flags, "--workflow", "genom", "--out", wrong),
    /^--from: "2" has no unit/m,
    /^--for: "0"\. Give a time above 0/m,
    /^--speed: "-3"\. Give a number above 0/m,
    /^--within: "late"\. Choose one of poisson, even/m,
    /"genom".*genome/,
    /^--out: .*wrong\.csv: this is a file that is read/m,
    /^--within: has no effect, the file has the times/m,
    /wrong\.csv:2: end_timestamp: found "x"; expected a number of seconds/,
    /wrong\.csv:3: found 3 cells; expected 4/,
  );
});

arrivals("flags that the file gives nothing to do", ({ file }) => {
  const list = file("list.csv", ["at_s", "1"]);
  const flags = ["--app", "a", "--function", "f", "--within", "even", "--seed", "2"];
  checkRefused(
    make(list, ...flags),
    /^--app: has no effect, the file has no functions/m,
    /^--function: has no effect/m,
    /^--within: has no effect/m,
    /^--seed: has no effect, the file has the times themselves/m,
    /^--workflow: none is named/m,
  );
  const even = ["--workflow", "genome", "--within", "even", "--seed", "2"];
  checkRefused(make(file("day.csv", MINUTES), ...even), /^--seed: has no effect, --within even/m);
});

arrivals("workflows that would never arrive, or are named twice", ({ file }) => {
  const ended = file("ended.csv", INVOCATIONS);
  const three = ["genome", "video", "wordcount"].flatMap((name) => ["--workflow", name]);
  checkRefused(
    make(ended, ...three, "--app", "a1"),
    /^--workflow: wordcount would never arrive: what is asked for has 2 kinds of arrivals/m,
  );
  const twice = ["--workflow", "genome", "--workflow", "genome"];
  checkRefused(make(ended, ...twice), /^--workflow: "genome" is given twice/m);
});

arrivals("apps, functions and windows with nothing in them", ({ file }) => {
  const [ended, day] = [file("ended.csv", INVOCATIONS), file("day.csv", MINUTES)];
  const genome = ["--workflow", "genome"];
  checkRefused(make(ended, ...genome, "--app", "a3"), /^--app: "a3".*Did you mean "a1"\?/m);
  const inApp = ["--app", "a2", "--function", "f9"];
  checkRefused(make(ended, ...genome, ...inApp), /^--function: "f9" is not in this app.*"f1"/m);
  checkRefused(make(day, ...genome, "--function", "f4"), /never invoked/);
  checkRefused(
    make(day, ...genome, "--from", "3min"),
    /^--from, --for: nothing .* from 180 s on\. The file goes from 0 s to 180 s/m,
  );
  checkRefused(make(file("none.csv", ["at_s"]), ...genome), /none\.csv: no arrival is in it/);
});

arrivals("files that cannot be read or written", ({ folder, file }) => {
  const genome = ["--workflow", "genome"];
  checkRefused(make(folder, ...genome), /EISDIR.*Name another file/);
  checkRefused(
    make(file("x.csv", ["a,b"]), ...genome),
    /x\.csv:1: found "a,b"; expected the columns/,
  );
  const out = join(folder, "no", "x.trace");
  const list = file("list.csv", ["at_s", "1"]);
  checkRefused(
    make(list, ...genome, "--out", out),
    /^--out: .*there is no directory .*Name a file/m,
  );
});

arrivals(
  "times with a unit and dates in one list are refused, by the first of them",
  ({ file }) => {
    const [date, later] = ["2026-01-31T10:00:00Z", "2026-01-31 10:00:01.5+00:00"];
    const mixed = make(file("mixed.csv", ["at", "soon", "1 s", date, "2 s", later]));
    checkRefused(
      mixed,
      /mixed\.csv:2: at: found "soon"/,
      /mixed\.csv:4: at: found "2026-01-31T10:00:00Z"; expected a time such as `1.2 s`, as on line 3/,
      /mixed\.csv:6: at: found/,
    );
    assert.not.match(mixed.stderr, /mixed\.csv:[35]:/);
    const dates = make(file("dates.csv", ["at", date, later, "3 s"]));
    checkRefused(dates, /dates\.csv:4: at: found "3 s"; expected a date and time, as on line 2/);
  },
);

arrivals.run();
