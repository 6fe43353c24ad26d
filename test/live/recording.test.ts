/** The files that machines are recorded in: what a daemon cannot leave behind, and what a reader refuses. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Gateway } from "../../core/engine/gateway.ts";
import { type Settings, STORE_RETRIES } from "../../core/engine/settings.ts";
import type { Input } from "../../core/env.ts";
import type { Bytes, Micros } from "../../core/units.ts";
import { systemClock } from "../../live/clock.ts";
import type { Deployment } from "../../live/deployment.ts";
import { planOf } from "../../live/deployments.ts";
import { LiveEnv } from "../../live/live-env.ts";
import { MachineLoop } from "../../live/machine-loop.ts";
import { RecordingFile } from "../../live/recorder.ts";
import { replay } from "../../live/replay.ts";
import { parseWorkflow } from "../../workflows/load.ts";
import { faasflow } from "../fixtures/command.ts";

const ONE = "faasflow: 1\nname: one\ntimeout: 1 min\ntasks:\n  only: { sleep: 1 ms }\n";
const SETTINGS: Settings = {
  scheme: "worker-sp",
  workers: 1,
  workerMemory: 1_000_000_000 as Bytes,
  keepAlive: 1_000_000 as Micros,
  atLimit: "wait",
  dispatchTick: 0 as Micros,
  pollBeforeAssign: false,
  followPlan: true,
  batchTriggers: true,
  ...STORE_RETRIES,
};
const DEPLOYMENT: Deployment = {
  id: 0,
  version: 2,
  spec: specOf(ONE),
  partition: "faasflow-plus",
  storage: "faastore",
};
const PLAN = planOf(DEPLOYMENT, SETTINGS);
const DEPLOY: Input = { tag: "deploy", plan: PLAN };

function specOf(text: string) {
  const parsed = parseWorkflow(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.spec;
}

function arrival(invocation: number, plan = 0): Input {
  const value = { tag: "value", datum: 0, item: 0, value: Number.NaN } as const;
  return { tag: "arrival", at: 1 as Micros, invocation, plan, facts: [value] };
}

function answered(invocation: number): Input {
  const message = { tag: "answered", invocation, sinks: PLAN.graph.sinks } as const;
  return { tag: "message", from: 2, message };
}

interface Recorded {
  readonly file: string;
  readonly lines: readonly string[];
  readonly logged: readonly string[];
}

/** A gateway's machine, with nobody at the other end, is fed these; then what `use` makes of its file. */
function recorded<A>(
  options: { readonly inputs: readonly Input[]; readonly limit_bytes?: number },
  use: (recorded: Recorded) => A,
): A {
  const { inputs, limit_bytes = 1_000_000 } = options;
  const directory = mkdtempSync(join(tmpdir(), "faasflow-recordings-"));
  const logged: string[] = [];
  const recording = new RecordingFile({
    ...{ directory, limit_bytes },
    about: { node: "gateway", incarnation: "1", run: "r", settings: SETTINGS },
    deploymentOf: () => DEPLOYMENT,
    log: (_, text) => logged.push(text),
  });
  const ignore = (): void => undefined;
  const env = new LiveEnv({
    ...{ clock: systemClock(), send: ignore, record: ignore },
    ...{ feed: ignore, body: undefined },
  });
  const stage = recording.watch(env);
  const loop = new MachineLoop(new Gateway(stage, SETTINGS), stage);
  for (const input of inputs) {
    try {
      loop.feed(input);
    } catch {
      // A daemon ends then; its file is closed as its process exits.
    }
  }
  env.close();
  recording.close();
  const file = join(directory, readdirSync(directory)[0]!);
  try {
    return use({ file, lines: readFileSync(file, "utf8").trimEnd().split("\n"), logged });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const INPUTS = [DEPLOY, ...[0, 1, 2, 3].flatMap((id) => [arrival(id), answered(id)])];

function refusal(file: string): string {
  const { code, stderr } = faasflow("replay", file);
  return `${code} ${stderr.replaceAll(file, "FILE").trimEnd()}`;
}

test("facts that JSON has no word for, timers and their tokens come out the same", () => {
  recorded({ inputs: INPUTS }, ({ file, lines }) => {
    const { difference, turns, calls, ending } = replay(file);
    assert.equal([difference, turns, ending], [undefined, 9, "stopped"]);
    assert.is(calls, 4 * (3 + 3));
    assert.match(lines[2]!, /"value":\{"number":"NaN"\}/);
  });
});

test("at its limit a recording says so in its last line, is no larger, and comes out the same up to there", () => {
  const many = Array.from({ length: 200 }, (_, id) => [arrival(id), answered(id)]).flat();
  recorded({ inputs: [DEPLOY, ...many], limit_bytes: 20_000 }, ({ file, lines, logged }) => {
    assert.is(lines.at(-1), '{"end":"full"}');
    const { size } = statSync(file);
    assert.ok(size <= 20_000 && size > 18_000, `${size}`);
    const { difference, ending, turns } = replay(file);
    assert.equal([difference, ending], [undefined, "full"]);
    assert.is(turns, lines.length - 2);
    assert.match(logged.join(), /recording to .* has stopped: .*20000 bytes/);
  });
});

test("a line that a killed daemon did not write to its end is said and left out", () => {
  recorded({ inputs: INPUTS }, ({ file, lines }) => {
    writeFileSync(file, lines.slice(0, 9).join("\n").slice(0, -30));
    assert.equal(replay(file).ending, { cutLine: 9 });
    const { code, stdout } = faasflow("replay", file);
    assert.is(code, 0);
    assert.match(stdout, /7 inputs, .* all equal; the daemon was killed, in the middle of line 9/);
  });
});

test("the input at which a machine throws is recorded, and throws again", () => {
  recorded({ inputs: [DEPLOY, arrival(0, 7)] }, ({ file, lines }) => {
    assert.ok(JSON.parse(lines[2]!).threw);
    assert.is(replay(file).difference, undefined);
    writeFileSync(file, lines.join("\n").replace(',"threw":true', ""));
    const { difference } = replay(file);
    assert.is(difference?.turn.line, 3);
    assert.match(difference?.replayed ?? "", /it threw: .*plan 7 was not deployed/);
  });
});

test("a difference is told with both sides and the ten inputs before it; exit code 1", () => {
  const inputs = [...INPUTS, ...[4, 5, 6].flatMap((id) => [arrival(id), answered(id)])];
  recorded({ inputs }, ({ file, lines }) => {
    const changed = lines.map((line, index) =>
      index === 13 ? line.replace('["cancel",5]', '["cancel",4]') : line,
    );
    writeFileSync(file, `${changed.join("\n")}\n`);
    const [head, before, after, input, heading, ...ten] = refusal(file).split("\n");
    assert.is(head, "1 FILE:14: call 1 of gateway comes out otherwise");
    assert.equal([before, after], ["  recorded: cancel 4", "  replayed: cancel 5"]);
    assert.match(input!, /about the input: line 14, .*: message .*"invocation":5/);
    assert.is(heading, "  the 10 before it:");
    assert.equal(
      ten.slice(0, -1).map((line) => Number(/line (\d+),/.exec(line)?.[1])),
      [4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
    );
  });
});

test("all that is wrong in a file is told with its line; exit code 2", () => {
  recorded({ inputs: INPUTS }, ({ file, lines }) => {
    const wrong = [...lines];
    wrong[2] = wrong[2]!.replace("at_us", "at");
    wrong[3] = "x";
    wrong[4] = wrong[4]!.replace('["event"', '["evnt"');
    wrong[5] = wrong[5]!.replace('"answered"', '"replied"');
    writeFileSync(file, `${wrong.join("\n")}\n`);
    const text = refusal(file);
    assert.match(text, /^2 FILE:3: at: found an unknown field/);
    assert.match(text, /FILE:4: found "x"; expected a turn, a JSON object/);
    assert.match(text, /FILE:5: did\.0: found \["evnt".*expected a call, such as/);
    assert.match(text, /FILE:6: input\.message: found .*expected a message of this version/);
    writeFileSync(file, "nothing\n");
    assert.match(refusal(file), /^2 FILE:1: found "nothing"; expected the header/);
  });
});

test("flags that nothing reads, and a directory that cannot be, are refused", () => {
  const { code, stderr } = faasflow("live", "up", "--record-limit", "5MB", "--workers", "0");
  assert.is(code, 2);
  assert.match(stderr, /--workers: 0/);
  assert.match(stderr, /--record-limit: nothing reads it without --record DIR/);
  const file = faasflow("live", "up", "--record", "package.json/x");
  assert.is(file.code, 2);
  assert.match(file.stderr, /--record: .*Name a directory that can be written/);
});

test.run();
