/** `faasflow replay`: recordings of machines, played again and held against what was recorded. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { counted } from "../analysis/count-text.ts";
import { NONE } from "../core/events.ts";
import { UnreadableFile } from "../core/workflow/line-problems.ts";
import { command } from "../workflows/command.ts";
import { readProblem } from "../workflows/named-files.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import { isPackedEvent, unpacked } from "./packed-event.ts";
import { RECORDING_SUFFIX, type WrittenCall } from "./recording-format.ts";
import type { ReadTurn } from "./recording-reader.ts";
import { type Difference, type Replay, replay } from "./replay.ts";

/** Of an input before the one that came out otherwise. */
const LONGEST = 160;

export const replayCommand = command(
  "replay",
  {
    recordings: Argument.String("recording").pipe(
      Argument.variadic({ min: 1 }),
      Argument.withDescription("recordings, or directories that have some"),
    ),
  },
  Effect.fn("replay")(function* ({ recordings }) {
    const problems: string[] = [];
    const files = recordings.flatMap((path) => reading(problems, path, () => filesOf(path)) ?? []);
    const played: Replay[] = [];
    const failures: string[] = [];
    for (const file of files) {
      const outcome = reading(problems, file, () => replay(file));
      if (outcome === undefined) continue;
      played.push(outcome);
      const { difference } = outcome;
      if (difference === undefined) yield* Console.log(`${file}: ${equalText(outcome)}`);
      else failures.push(differenceText(file, outcome, difference));
    }
    if (played.length > 1 && failures.length === 0 && problems.length === 0) {
      const total = (count: (each: Replay) => number): number =>
        played.reduce((sum, each) => sum + count(each), 0);
      const text = playedText(
        total(({ turns }) => turns),
        total(({ calls }) => calls),
      );
      yield* Console.log(`${played.length} recordings: ${text}, all equal`);
    }
    if (failures.length > 0) yield* Console.error(failures.join("\n\n"));
    if (problems.length > 0) return yield* new UsageErrors({ problems });
    if (failures.length === 0) return;
    const message = `${failures.length} of ${played.length} recordings come out otherwise`;
    return yield* new CheckFailed({ message });
  }),
).pipe(
  Command.withDescription(
    "Play recordings again: each machine's calls and events must be the same, one by one",
  ),
  Command.withExamples([
    {
      command: "faasflow replay recordings",
      description: "of a directory that --record of live run, live up or a daemon filled",
    },
    { command: "faasflow replay recordings/worker-1-*", description: "of one worker's starts" },
  ]),
);

/** Texts sort by daemon. */
function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith(RECORDING_SUFFIX));
  if (names.length === 0) throw new Error(`no file in it ends in ${RECORDING_SUFFIX}`);
  return names.sort().map((name) => join(path, name)); // texts
}

/** Undefined: it cannot be read, and why is noted. */
function reading<T>(problems: string[], path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof UnreadableFile) problems.push(cause.message);
    else problems.push(readProblem(path, cause, "Name a recording, or a directory."));
    return undefined;
  }
}

function playedText(turns: number, calls: number): string {
  return `${counted(turns, "input")}, ${counted(calls, "call or event", "calls and events")}`;
}

function equalText({ turns, calls, ending }: Replay): string {
  const equal = `${playedText(turns, calls)}, all equal`;
  if (ending === "stopped") return equal;
  if (ending === "full") return `${equal}; the recording stopped at its limit`;
  const { cutLine } = ending;
  const cut = cutLine === undefined ? "" : `, in the middle of line ${cutLine}, which is left out`;
  return `${equal}; the daemon was killed${cut}`;
}

function differenceText(
  file: string,
  { header }: Replay,
  { turn, call, recorded, replayed, before }: Difference,
): string {
  return [
    `${file}:${turn.line}: call ${call} of ${header.node} comes out otherwise`,
    `  recorded: ${callShown(recorded)}`,
    `  replayed: ${callShown(replayed)}`,
    `  about the input: ${inputText(turn)}`,
    ...(before.length === 0 ? [] : [`  the ${before.length} before it:`]),
    ...before.map((each) => `    ${cut(inputText(each))}`),
  ].join("\n");
}

function inputText({ line, at_us, input }: ReadTurn): string {
  const { tag, ...rest } = input;
  const time = new Date(at_us / 1_000).toISOString();
  return `line ${line}, ${time}: ${tag} ${JSON.stringify(rest)}`;
}

function callShown(json: string | undefined): string {
  if (json === undefined) return "nothing more";
  if (!json.startsWith("[")) return json;
  const [name, ...rest] = JSON.parse(json) as WrittenCall;
  if (name !== "event" || !isPackedEvent(rest)) {
    return `${name} ${rest.map((each) => JSON.stringify(each)).join(" ")}`;
  }
  const fields = Object.entries(unpacked(rest)).filter(
    ([, value]) => value !== NONE && value !== "",
  );
  return `event ${JSON.stringify(Object.fromEntries(fields))}`;
}

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`;
}
