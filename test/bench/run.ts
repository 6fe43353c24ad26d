/**
 * Whole runs of the simulator: activations and kernel steps a CPU-second, peak memory, and the hash
 * of the event log (equal hashes: equal work). Each in a process of its own.
 *
 *   node --import tsx test/bench/run.ts            all of them, a line each
 *   node --import tsx test/bench/run.ts --small    the same, a hundredth of the load
 *   node --import tsx test/bench/run.ts genome     one
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PreparedScenario, type Scenario } from "../../sim/scenario-config.ts";
import { BENCHMARKS } from "../../workflows/load.ts";
import { CONFIGURATIONS, invocations, scenarioOf, seconds } from "../fixtures/scenario.ts";

interface Load {
  readonly about: string;
  readonly scenario: (share: number) => Scenario;
}

const HOUR_S = 3600;

const LOADS: Readonly<Record<string, Load>> = {
  wordcount: {
    about: "wordcount, 10,000 invocations, one client, WorkerSP with FaaStore",
    scenario: (share) => scenarioOf(["wordcount"], { load: invocations(10_000 * share) }),
  },
  genome: {
    about: "genome:1000, 20 invocations, 4 clients, MasterSP with a remote store",
    scenario: (share) => {
      const count = Math.ceil(20 * share);
      const load = { tag: "closed", clients: 4, duration: undefined, invocations: count } as const;
      return scenarioOf(["genome:1000"], { ...CONFIGURATIONS[3], load });
    },
  },
  together: {
    about: "all eight together, 6/min each for an hour, WorkerSP with FaaStore",
    scenario: (share) => {
      const extent = { tag: "duration", duration: seconds(HOUR_S * share) } as const;
      return scenarioOf(BENCHMARKS, {
        load: { tag: "open", arrivals: "fixed", rate: 0.1, extent },
      });
    },
  },
};

const SMALL = 0.01;

function measure(name: string, share: number): string {
  const load = LOADS[name];
  if (load === undefined) {
    return `${name} is not one of ${Object.keys(LOADS).join(", ")}. Nothing was measured.`;
  }
  const prepared = new PreparedScenario(load.scenario(share));
  const start = process.cpuUsage();
  const { hash, metrics, result } = prepared.simulate({ check: false, event: undefined });
  const { user, system } = process.cpuUsage(start);
  const cpu_s = (user + system) / 1e6;
  const activations = metrics.workflows.reduce((sum, workflow) => sum + workflow.activations, 0);
  const rate = (count: number): string => `${Math.round(count / cpu_s / 100) / 10} k/s`;
  return [
    `${load.about}${share === 1 ? "" : ` (x ${share})`}`,
    `  ${activations} activations, ${result.steps} steps in ${cpu_s.toFixed(2)} s of CPU:`,
    `  ${rate(activations)} activations, ${rate(result.steps)} steps,`,
    `  peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB, event log ${hash}`,
  ].join("\n");
}

function main(args: readonly string[]): void {
  const names = args.filter((arg) => !arg.startsWith("--"));
  const flags = args.filter((arg) => arg.startsWith("--"));
  const [name, ...more] = names.length > 0 ? names : Object.keys(LOADS);
  if (name !== undefined && more.length === 0) {
    console.log(measure(name, flags.includes("--small") ? SMALL : 1));
    return;
  }
  const file = fileURLToPath(import.meta.url);
  for (const each of [name!, ...more]) {
    spawnSync(process.execPath, ["--import", "tsx", file, each, ...flags], { stdio: "inherit" });
  }
}

main(process.argv.slice(2));
