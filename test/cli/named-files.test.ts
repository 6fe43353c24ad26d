/**
 * A file that cannot be read or written is told by its flag and with a remedy, before anything runs:
 * exit code 2, nothing on standard output, no stack trace.
 */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Option from "effect/Option";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  folderProblems,
  makeFolder,
  pathsAmong,
  rereadProblems,
  sourceProblems,
  targetProblems,
} from "../../workflows/named-files.ts";
import { builtCli, type Finished, faasflow } from "../fixtures/command.ts";

const folder = mkdtempSync(join(tmpdir(), "faasflow-files-"));
const FILE = join(folder, "file");
const STUDY = join(folder, "study.yaml");
const NOWHERE = join(folder, "nowhere", "x");
test.before(() => {
  writeFileSync(FILE, "");
  writeFileSync(`${FILE}.yaml`, "");
  writeFileSync(STUDY, "study: one\nproduct: { workflow: wordcount, invocations: 1 }\n");
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

function refused(args: readonly string[], ...reasons: readonly string[]): void {
  const { code, stdout, stderr } = faasflow(...args);
  assert.is(code, 2, stderr);
  assert.is(stdout, "");
  for (const reason of reasons) assert.ok(stderr.includes(reason), `${reason}\n${stderr}`);
  assert.not.match(stderr, /^\s+at .*:\d+:\d+|E[A-Z]{4,}:/m);
}

const ABSENT = `${NOWHERE}: there is no directory ${join(folder, "nowhere")}. Name a file`;

for (const [command, flags] of [
  ["calibrate --published", ["--out"]],
  ["calibrate --live no.ndjson", ["--out"]],
  ["compare --live no.ndjson --sim ideal", ["--html"]],
  ["experiment e2e", ["--csv", "--html"]],
  ["live run wordcount", ["--events", "--perfetto"]],
  ["plan wordcount", ["--dot", "--svg"]],
  ["report", ["--html"]],
  ["simulate wordcount", ["--events", "--perfetto", "--csv"]],
] as const) {
  test(`${command}: each file that cannot be written is told at once`, () => {
    const given = flags.flatMap((flag) => [flag, NOWHERE]);
    refused([...command.split(" "), ...given], ...flags.map((flag) => `${flag}: ${ABSENT}`));
  });
}

test("directories that cannot be made are told", () => {
  const below = `${FILE} is a file, not a directory. Name a directory`;
  refused(["sweep", STUDY, "--out", FILE], `--out: ${FILE}: ${below}`);
  refused(["sweep", STUDY, "--out", join(FILE, "x")], below);
  refused(["experiment", "e2e", "--svg", FILE], `--svg: ${FILE}: ${below}`);
  refused(
    ["storage", "--dir", FILE, "--port", "99999"],
    `--dir: ${FILE}: ${below}`,
    "--port: 99999",
  );
});

test("a link that leads nowhere is told before the work begins", () => {
  const within = mkdtempSync(join(folder, "links-"));
  const link = join(within, "hanging");
  symlinkSync(NOWHERE, link);
  const found = `${link} is a link that leads nowhere. Name a directory`;
  refused(["experiment", "e2e", "--svg", link], `--svg: ${link}: ${found}`);
  refused(["experiment", "e2e", "--svg", join(link, "x")], `--svg: ${link}/x: ${found}`);
  const absent = `there is no directory ${join(folder, "nowhere")}`;
  const [problem] = targetProblems({ a: Option.some(link) }, []);
  assert.is(problem, `--a: ${link}: ${absent}. Name a file that can be written.`);
});

const NONE = "no.such: there is no such file. ";

test("files that cannot be read are told, with what to name instead", () => {
  refused(["simulate", "wordcount", "--trace", "no.such"], `--trace: ${NONE}Name a trace`);
  refused(["simulate", "wordcount", "--trace", folder], `--trace: ${folder}: this is a directory`);
  refused(["report", "no.such"], `${NONE}Name what \`faasflow experiment --json\` printed`);
  refused(["compare", "--live", "no.such", "--sim", "ideal"], `--live: ${NONE}Name an event log`);
  refused(["calibrate", "--live", "no.such"], `--live: ${NONE}Name an event log`);
  refused(["sweep", "no.such"], `${NONE}Give the path of a study`);
  refused(["replay", "no.such"], `${NONE}Name a recording`);
  const profile = ["simulate", "wordcount", "--profile", folder];
  refused(profile, `${folder}: this is a directory. Name the file of a profile`);
});

test("a trace is read twice: a pipe or a device is refused, a file by way of a link is not", () => {
  const once = "this is a pipe or a device, and it is read twice. Save what it gives in a file";
  refused(["simulate", "genome", "--trace", "/dev/null"], `--trace: /dev/null: ${once}`);
  const words = [process.execPath, builtCli(), "simulate", "genome", "--trace"].join(" ");
  const script = `${words} <(echo)`;
  const { status, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  assert.is(status, 2);
  assert.ok(stderr.includes(once), stderr);
  const link = join(mkdtempSync(join(folder, "links-")), "trace");
  symlinkSync(FILE, link);
  assert.equal(rereadProblems({ trace: Option.some(link) }, ""), []);
});

test("they are told with all else that is wrong", () => {
  const files = ["--trace", "no.such", "--csv", NOWHERE];
  refused(
    ["simulate", "genom", "--seed", "1", ...files],
    '"genom"',
    "--trace: ",
    `--csv: ${ABSENT}`,
  );
  refused(
    ["plan", "wordcount", "--workers", "0", "--svg", NOWHERE],
    "--workers",
    `--svg: ${ABSENT}`,
  );
});

for (const [command, ...flags] of [
  ["trace from-events FILE", "--out"],
  ["trace from-arrivals FILE --workflow genome", "--out"],
  ["simulate genome --trace FILE", "--events", "--perfetto"],
  ["simulate FILE.yaml", "--csv"],
  ["simulate genome --profile FILE.yaml", "--csv"],
  ["plan FILE.yaml", "--svg", "--dot"],
  ["live run FILE.yaml", "--events"],
  ["report FILE", "--html"],
  ["report --profile FILE.yaml", "--html"],
  ["calibrate --live FILE", "--out"],
  ["calibrate --published --profile FILE.yaml", "--out"],
  ["compare --live FILE --sim ideal", "--html"],
  ["compare --live FILE --sim FILE.yaml", "--html"],
  ["experiment e2e --workflows genome,FILE.yaml", "--csv"],
] as const) {
  test(`${command} ${flags.join(" ")}: what is read is not written over`, () => {
    const target = command
      .match(/FILE(\.yaml)?/g)!
      .at(-1)!
      .replace("FILE", FILE);
    const args = command.split(" ").map((word) => word.replace("FILE", FILE));
    const given = flags.flatMap((flag) => [flag, target]);
    const found = `${target}: this is a file that is read. Name`;
    refused([...args, ...given], ...flags.map((flag) => `${flag}: ${found}`));
    assert.is(readFileSync(target, "utf8"), "");
  });
}

test("a file is itself by whatever path or link, and whether it is there or not", () => {
  const within = mkdtempSync(join(folder, "links-"));
  const at = (name: string): string => join(within, name);
  writeFileSync(at("there"), "");
  linkSync(at("there"), at("hard"));
  for (const [name, to] of Object.entries({ soft: "there", self: ".", hanging: "absent" })) {
    symlinkSync(to, at(name));
  }
  const wrong = (a: string, b: string) =>
    targetProblems({ a: Option.some(at(a)), b: Option.some(at(b)) }, []);
  for (const name of ["there", "hard", "soft", "self/there", "self/self/soft"]) {
    const problem = "this is a file that is read. Name another one.";
    const found = targetProblems({ a: Option.some(at(name)) }, [at("there")]);
    assert.equal(found, [`--a: ${at(name)}: ${problem}`]);
    assert.is(wrong("there", name).length, 1);
  }
  for (const name of ["absent", "self/absent", "hanging", "self/hanging"]) {
    const problem = "--a writes to this file, too. Name another one.";
    assert.equal(wrong("absent", name), [`--b: ${at(name)}: ${problem}`]);
  }
  assert.equal(wrong("absent", "there"), []);
});

test("devices and streams may be named twice, also where a file stands for them", () => {
  for (const device of ["/dev/null", "/dev/stdout"]) {
    const twice = { a: Option.some(device), b: Option.some(device) };
    assert.equal(targetProblems(twice, [device]), []);
  }
  const command = [builtCli(), "plan", "wordcount", "--dot", "/dev/stdout", "--svg", "/dev/stdout"];
  const output = openSync(FILE, "w");
  try {
    const { status } = spawnSync(process.execPath, command, { stdio: ["ignore", output, "pipe"] });
    assert.is(status, 0);
  } finally {
    closeSync(output);
    writeFileSync(FILE, "");
  }
});

test("a name of what comes with the package is no file, though there is one of that name", () => {
  assert.equal(pathsAmong(["genome", "genome:500", "ideal"]), []);
  const paths = ["./genome", "a.yaml", "A.YML", "a.json"];
  assert.equal(pathsAmong(paths), paths);
});

test("a directory is made with those above it, and one that is there is fine", () => {
  const deep = join(folder, "links-made", "a", "b");
  makeFolder(deep);
  makeFolder(deep);
  assert.ok(statSync(deep).isDirectory());
  assert.throws(() => makeFolder(FILE), /EEXIST/);
  assert.throws(() => makeFolder(join(FILE, "x")), /EEXIST|ENOTDIR/);
});

test("a file system that takes no directories is told, and not asked again for ever", () => {
  if (process.platform !== "linux") return;
  const within = "/proc takes no directories";
  const asked = { timeout: 20_000, encoding: "utf8" } as const;
  for (const args of [
    ["simulate", "wordcount", "--record", "/proc/y"],
    ["new", "x", "--dir", "/proc/y"],
    ["sweep", STUDY, "--out", "/proc/y/z"],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [builtCli(), ...args], {
      ...asked,
      killSignal: "SIGKILL",
    });
    assert.is(status, 2, stderr);
    assert.ok(stderr.includes(within), stderr);
  }
});

test("to look whether a file can be written makes none, and leaves one that is there", () => {
  const absent = join(folder, "absent");
  assert.equal(targetProblems({ a: Option.some(absent), b: Option.some(FILE) }, []), []);
  assert.equal(folderProblems({ a: Option.some(join(absent, "deeper")) }), []);
  assert.equal(targetProblems({ a: Option.none() }, []), []);
  assert.not(existsSync(absent));
  const files = readdirSync(folder).filter((name) => !name.startsWith("links-"));
  assert.equal(files.sort(), ["file", "file.yaml", "study.yaml"]);
});

test("what permissions forbid is told", () => {
  if (process.getuid?.() === 0) return;
  chmodSync(FILE, 0);
  try {
    const found = [/permission is denied/, /permission is denied/];
    const [read] = sourceProblems({ a: Option.some(FILE) }, "Name another.");
    const [write] = targetProblems({ a: Option.some(FILE) }, []);
    assert.match(read!, found[0]!);
    assert.match(write!, found[1]!);
  } finally {
    chmodSync(FILE, 0o600);
  }
});

/** As `faasflow`, with this after it on a shell's line, and no file larger than 1 KiB. */
function cramped(rest: string, ...args: readonly string[]): Finished {
  const words = [process.execPath, builtCli(), ...args].map((word) => `'${word}'`).join(" ");
  const script = `ulimit -f 1; ${words} ${rest}`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  return { code: status, stdout, stderr };
}

test("a trace or an event log that only fits in part is told of, and not left as if whole", () => {
  const times = `${FILE}-times.csv`;
  writeFileSync(times, `at_ms\n${Array.from({ length: 200 }, (_, index) => index).join("\n")}\n`);
  const trace = ["trace", "from-arrivals", times, "--workflow", "wordcount", "--out", `${FILE}-1`];
  const log = ["simulate", "wordcount", "--events", `${FILE}-2`];
  for (const args of [trace, log]) {
    const { code, stdout, stderr } = cramped("", ...args);
    assert.equal([code, stdout], [2, ""], stderr);
    assert.match(stderr, /it would be larger than a file may be|this run: .*EFBIG/);
  }
});

test("a standard output that cannot be written is told of, however short the command", () => {
  for (const args of [
    ["check", "--schema"],
    ["simulate", "wordcount", "--json"],
  ]) {
    const { code, stderr } = cramped(`> '${FILE}-3'`, ...args);
    assert.is(code, 2, stderr);
    assert.is(
      stderr,
      "standard output: it would be larger than a file may be. Let it go where there is room.\n",
    );
  }
});

test.run();
