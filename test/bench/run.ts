/**
 * Whole runs of the simulator: activations and kernel steps a CPU-second. The hash is of the event
 * log. Each in a process of its own, which makes them cold.
 *
 *   node --import tsx test/bench/run.ts            all of them
 *   node --import tsx test/bench/run.ts --small    the same, a thousandth of the load
 *   node --import tsx test/bench/run.ts genome     one
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import { BENCHMARKS } from "../../workflows/load.ts";
import {
  CONFIGURATIONS,
  invocations,
  profileOf,
  scenarioOf,
  seconds,
} from "../fixtures/scenario.ts";
import { tell } from "./figure.ts";

interface Load {
  readonly about: string;
  readonly scenario: (share: number) => Scenario;
}

const DAY_S = 86_400;

const LOADS: Readonly<Record<string, Load>> = {
  wordcount: {
    about: "wordcount, 100,000 invocations, one client, WorkerSP with FaaStore",
    scenario: (share) => scenarioOf(["wordcount"], { load: invocations(100_000 * share) }),
  },
  ideal: {
    about: "wordcount, 100,000 invocations, one client, WorkerSP with FaaStore, nothing costs time",
    scenario: (share) =>
      scenarioOf(["wordcount"], {
        profile: profileOf("ideal"),
        load: invocations(100_000 * share),
      }),
  },
  genome: {
    about: "genome:1000, 100 invocations, 4 clients, MasterSP with a remote store",
    scenario: (share) => {
      const count = Math.ceil(100 * share);
      const load = { tag: "closed", clients: 4, duration: undefined, invocations: count } as const;
      return scenarioOf(["genome:1000"], { ...CONFIGURATIONS[3], load });
    },
  },
  together: {
    about: "all eight together, 6/min each for a day, WorkerSP with FaaStore",
    scenario: (share) => {
      const extent = { tag: "duration", duration: seconds(DAY_S * share) } as const;
      return scenarioOf(BENCHMARKS, {
        load: { tag: "open", arrivals: "fixed", rate: 0.1, extent },
      });
    },
  },
};

/** Of the load, with --small. */
const SMALL = 0.001;

function measure(name: string, share: number): void {
  const { about, scenario } = LOADS[name]!;
  const prepared = new PreparedScenario(scenario(share));
  const start = process.cpuUsage();
  const { hash, metrics, result } = prepared.simulate({ check: false, event: undefined });
  const { user, system } = process.cpuUsage(start);
  const cpu_s = (user + system) / 1e6;
  const activations = metrics.workflows.reduce((sum, workflow) => sum + workflow.activations, 0);
  const part = share === 1 ? "" : `, x ${share}`;
  const whole = `run, ${about}${part}`;
  const counts = { activations, steps: result.steps };
  for (const [unit, count] of Object.entries(counts)) {
    const value = count / cpu_s / 1e3;
    tell({ name: whole, value, unit: `k ${unit}/s`, better: "more", hash });
  }
}

function main(args: readonly string[]): void {
  const names = args.filter((arg) => !arg.startsWith("--"));
  const flags = args.filter((arg) => arg.startsWith("--"));
  const unknown = names.filter((name) => !Object.hasOwn(LOADS, name));
  if (unknown.length > 0) {
    console.error(
      `${unknown.join(", ")}: no such run. There are ${Object.keys(LOADS).join(", ")}.`,
    );
    process.exitCode = 2;
    return;
  }
  const [name, ...more] = names.length > 0 ? names : Object.keys(LOADS);
  if (name !== undefined && more.length === 0) {
    measure(name, flags.includes("--small") ? SMALL : 1);
    return;
  }
  const file = fileURLToPath(import.meta.url);
  for (const each of [name!, ...more]) {
    const one = [...process.execArgv, file, each, ...flags];
    const run = spawnSync(process.execPath, one, { stdio: "inherit" });
    if (run.status !== 0) process.exitCode = 1;
  }
}

main(process.argv.slice(2));
