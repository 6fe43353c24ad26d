/** `faasflow start`: what WorkerSP with FaaStore is worth, on all eight benchmarks. */

import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { comparisonText } from "../analysis/comparison.ts";
import type { CsvRow } from "../analysis/csv.ts";
import type { MetricRow } from "../analysis/metric-rows.ts";
import type { Micros } from "../core/units.ts";
import { quoted } from "../core/workflow/problem.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { liveDemo } from "../live/live-command.ts";
import { command } from "../workflows/command.ts";
import { BENCHMARKS, resolveWorkflow } from "../workflows/load.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import { NO_FAULTS } from "./faults.ts";
import type { Profile } from "./profile.ts";
import { loadProfile } from "./profile-config.ts";
import { PreparedScenario, type Scenario } from "./scenario-config.ts";

/** The load of the published figures: one client for 120 s, its first two requests left out. */
const PROTOCOL = { duration: 120_000_000 as Micros, clients: 1, warmUp: 2 };

const SIDES = [
  {
    name: "MasterSP, remote store",
    scheme: "master-sp",
    storage: "remote",
    partition: "raw",
  },
  {
    name: "WorkerSP, FaaStore (partition faasflow-plus)",
    scheme: "worker-sp",
    storage: "faastore",
    partition: "faasflow-plus",
  },
] as const;

export const startCommand = command(
  "start",
  {
    what: Argument.String("what").pipe(
      Argument.optional,
      Argument.withDescription("live: a real cluster on this machine instead, running wordcount"),
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDefault(false),
      Flag.withDescription("print one JSON object, nothing else"),
    ),
  },
  Effect.fn("start")(function* ({ what, json }) {
    if (Option.isSome(what)) {
      const problems = [
        ...(what.value === "live" ? [] : [`${quoted(what.value)} is nothing to start. Give live.`]),
        ...(json ? ["--json: has no effect with live. Leave it out."] : []),
      ];
      if (problems.length > 0) return yield* new UsageErrors({ problems });
      return yield* liveDemo;
    }
    const profile = yield* loadProfile("paper-testbed");
    const specs: WorkflowSpec[] = [];
    for (const name of BENCHMARKS) specs.push(yield* resolveWorkflow(name));
    const sides = SIDES.map((side) => ({ name: side.name, ...runSide(side, specs, profile) }));
    const rows = sides.flatMap((side) => side.rows);
    if (json) yield* Console.log(JSON.stringify({ rows }));
    else yield* Console.log(startText(sides, profile));
    const violations = sides.flatMap((side) => side.violations);
    if (violations.length > 0) yield* new CheckFailed({ message: violations.join("\n") });
  }),
).pipe(
  Command.withDescription(
    "Compare WorkerSP and FaaStore with MasterSP and a remote store, simulated",
  ),
  Command.withExamples([
    { command: "faasflow start", description: "all eight workflows, a table" },
    { command: "faasflow start live", description: "1+7 daemons, words counted" },
  ]),
);

interface Side {
  readonly name: string;
  readonly rows: readonly CsvRow[];
  readonly violations: readonly string[];
  readonly started: number;
  readonly finished: number;
  readonly broken: number;
}

/** Each workflow alone on the cluster, one after another. */
function runSide(
  side: (typeof SIDES)[number],
  specs: readonly WorkflowSpec[],
  profile: Profile,
): Omit<Side, "name"> {
  const outcomes = specs.map((spec) => {
    const scenario: Scenario = {
      references: [spec.name],
      specs: [spec],
      scheme: side.scheme,
      storage: side.storage,
      partition: side.partition,
      workers: profile.cluster.workers,
      profile,
      load: {
        tag: "closed",
        clients: PROTOCOL.clients,
        duration: PROTOCOL.duration,
        invocations: undefined,
      },
      seed: "1",
      faults: NO_FAULTS,
      warmUp: PROTOCOL.warmUp,
    };
    return new PreparedScenario(scenario).simulate({ check: true, event: undefined });
  });
  return {
    rows: outcomes.flatMap((outcome) => outcome.rows),
    violations: outcomes.flatMap(({ violations }) => violations.map(({ text }) => text)),
    broken: outcomes.reduce((sum, { violations }) => sum + violations.length, 0),
    started: outcomes.reduce((sum, { result }) => sum + result.started, 0),
    finished: outcomes.reduce((sum, { result }) => sum + result.finished, 0),
  };
}

function startText(sides: readonly Side[], profile: Profile): string {
  const [master, worker] = sides.map(({ name, rows }) => ({
    name,
    rows: rows.filter((row): row is MetricRow => typeof row.value === "number"),
  }));
  const { cluster, name } = profile;
  const total = (count: "started" | "finished" | "broken"): number =>
    sides.reduce((sum, side) => sum + side[count], 0);
  return [
    `Eight serverless workflows on a simulated 1+${cluster.workers} cluster (profile ${name}):`,
    "each alone, one client for 120 s in a closed loop, as the published figures were measured.",
    "",
    comparisonText(master!, worker!),
    "",
    `${total("finished")} of ${total("started")} invocations finished; ` +
      `their event logs break ${total("broken") || "none"} of the invariants.`,
    "Next: npx faasflow simulate video --bandwidth 50MB/s --rate 6/min   or   npx faasflow --help",
  ].join("\n");
}
