/**
 * `npm run bench:peers [--rounds 7]`: our simulator beside SimGrid and SimPy, the same work in one
 * run on one machine, each program a process of its own, in turns. Prints medians of rates a CPU
 * second, and ratios. What is not installed is said and left out. Each has as many rounds as take it
 * about a second, so that ours is compiled for most of them.
 *
 * SimGrid: Debian's libsimgrid-dev 3.32, network model CM02, no cross-traffic. SimPy: Debian's
 * python3-simpy3, or whatever `import simpy` gives.
 */

import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PreparedScenario } from "../../../sim/scenario-config.ts";
import { bundle, bundleFolder } from "../bundle.ts";
import { formatGraph, peerGraph, specOfGraph } from "./graphs.ts";
import {
  hostsOf,
  PEER_BANDWIDTH,
  PEER_CORES,
  PEER_WORKERS,
  peerScenario,
} from "./peer-scenario.ts";

type Peer = "ours" | "simgrid" | "simpy";

interface Result {
  readonly work: number;
  readonly cpu_s: number;
  readonly best_s?: number;
  readonly makespan_s?: number;
  /** CPU seconds of the whole process. */
  readonly process_s: number;
}

interface Work {
  readonly name: string;
  readonly unit: string;
  readonly args: Readonly<Partial<Record<Peer, readonly string[]>>>;
  /** The figure that compares: more is better. */
  readonly rate: (result: Result) => number;
  /** At least so many times each of the others. */
  readonly goal: Readonly<Partial<Record<Peer, number>>>;
}

const PEERS: readonly Peer[] = ["ours", "simgrid", "simpy"];
const TASKS = 1_000;
const perCpuSecond = ({ work, cpu_s }: Result): number => work / cpu_s;

function main(args: readonly string[]): Promise<number> | number {
  const at = args.indexOf("--rounds");
  const rounds = at === -1 ? 7 : Number(args[at + 1]);
  if (!Number.isInteger(rounds) || rounds < 1) {
    console.error("--rounds: give a whole number from 1.");
    return 2;
  }
  return compare(rounds);
}

async function compare(rounds: number): Promise<number> {
  const folder = bundleFolder();
  try {
    const programs = await prepare(folder);
    console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "CPU"}`);
    console.log(`medians of ${rounds}, in turns; rates a CPU second`);
    for (const work of works(folder)) console.log(line(work, measure(work, programs, rounds)));
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Programs = ReadonlyMap<Peer, readonly string[]>;

/** How to start each of them; without those that are not there. */
async function prepare(folder: string): Promise<Programs> {
  const programs = new Map<Peer, readonly string[]>();
  const ours = join(folder, "ours.mjs");
  await bundle(source("ours.ts"), ours);
  programs.set("ours", [process.execPath, ours]);
  const simgrid = join(folder, "simgrid");
  const compiled = ["-O2", "-std=c++17", source("simgrid.cpp"), "-o", simgrid, "-lsimgrid"];
  if (spawnSync("g++", compiled, { stdio: "ignore" }).status === 0) {
    programs.set("simgrid", [simgrid]);
  } else console.log("SimGrid is left out: g++ or libsimgrid-dev is not installed.");
  const python = ["/usr/bin/python3", "python3"].find(
    (name) => spawnSync(name, ["-c", "import simpy"], { stdio: "ignore" }).status === 0,
  );
  if (python !== undefined) programs.set("simpy", [python, source("simpy-peer.py")]);
  else console.log("SimPy is left out: python3-simpy3 is not installed.");
  writeFileSync(join(folder, "montage.txt"), montage());
  return programs;
}

/** Through the store, tasks on the workers that our plan gives them. */
function montage(): string {
  const tasks = peerGraph("montage", TASKS);
  const { plans } = new PreparedScenario(peerScenario(specOfGraph("montage", tasks)));
  const [hosts, cores, bandwidth] = [PEER_WORKERS + 1, PEER_CORES, PEER_BANDWIDTH];
  const hostOf = hostsOf(plans[0]!);
  return formatGraph({ way: "store", hosts, cores, bandwidth, tasks, hostOf });
}

function source(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function works(folder: string): readonly Work[] {
  const file = join(folder, "montage.txt");
  const hold = ([pending, rounds, goal]: readonly [number, number, number]): Work => ({
    name: `event loop, ${pending} pending`,
    unit: "events",
    args: {
      ours: ["hold", `${pending}`, `${rounds * 4}`],
      simgrid: ["hold", `${pending}`, `${rounds}`],
      ...(pending > 1e5 ? {} : { simpy: ["hold", `${pending}`, `${rounds / 4}`] }),
    },
    rate: perCpuSecond,
    goal: { simgrid: goal },
  });
  const flows = (where: "store" | "pairs", atOnce: number, goal: number): Work => ({
    name: `flows, ${where === "store" ? "one store link" : "pairs of 8 hosts"}, ${atOnce} at once`,
    unit: "flows",
    args: {
      ours: ["flows", where, `${atOnce}`, "2000000"],
      simgrid: ["flows", where, `${atOnce}`, `${Math.round(400_000 / atOnce + 4_000)}`],
    },
    rate: perCpuSecond,
    goal: { simgrid: goal },
  });
  return [
    ...(
      [
        [1e2, 1e6, 5],
        [1e4, 1e6, 4],
        [1e6, 2e6, 8],
      ] as const
    ).map(hold),
    ...(
      [
        [10, 8],
        [100, 15],
        [1_000, 120],
      ] as const
    ).map(([at, goal]) => flows("store", at, goal)),
    ...(
      [
        [10, 3.5],
        [100, 6],
        [1_000, 40],
      ] as const
    ).map(([at, goal]) => flows("pairs", at, goal)),
    {
      name: `montage, ${TASKS} tasks, warm`,
      unit: "graphs",
      args: {
        ours: ["graph", "montage", `${TASKS}`, "100"],
        simgrid: ["graph", file, "3"],
        simpy: ["graph", file, "3"],
      },
      rate: ({ best_s }) => 1 / best_s!,
      goal: { simgrid: 35, simpy: 14 },
    },
    {
      name: `100 such graphs, whole process`,
      unit: "times 100 graphs",
      args: {
        ours: ["graph", "montage", `${TASKS}`, "100"],
        simgrid: ["graph", file, "100"],
        simpy: ["graph", file, "100"],
      },
      rate: ({ process_s }) => 1 / process_s,
      goal: { simgrid: 20, simpy: 8 },
    },
  ];
}

/** Median rate of each peer that takes part. */
function measure(work: Work, programs: Programs, rounds: number): ReadonlyMap<Peer, number> {
  const rates = new Map<Peer, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const peer of PEERS) {
      const program = programs.get(peer);
      const args = work.args[peer];
      if (program === undefined || args === undefined) continue;
      rates.set(peer, [...(rates.get(peer) ?? []), work.rate(run(peer, program, args))]);
    }
  }
  return new Map([...rates].map(([peer, values]) => [peer, median(values)]));
}

function run(peer: Peer, [program, ...first]: readonly string[], args: readonly string[]): Result {
  const model = [
    "--cfg=network/model:CM02",
    "--cfg=network/crosstraffic:0",
    "--log=root.thres:critical",
  ];
  const all = [...first, ...args, ...(peer === "simgrid" ? model : [])];
  const { stdout, status } = spawnSync(program!, all, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${peer} ${args.join(" ")} failed`);
  const last = stdout.trim().split("\n").at(-1)!;
  return JSON.parse(last) as Result;
}

function line(work: Work, rates: ReadonlyMap<Peer, number>): string {
  const ours = rates.get("ours")!;
  const others = PEERS.filter((peer) => peer !== "ours" && rates.has(peer)).map((peer) => {
    const wanted = work.goal[peer];
    const goal = wanted === undefined ? "" : ` (wanted ${wanted})`;
    return `${peer} ${short(rates.get(peer)!)}, ratio ${(ours / rates.get(peer)!).toFixed(1)}${goal}`;
  });
  return `${work.name}: ours ${short(ours)} ${work.unit}/s; ${others.join("; ")}`;
}

function short(rate: number): string {
  if (rate >= 1e6) return `${(rate / 1e6).toFixed(2)} M`;
  return rate >= 1e3 ? `${(rate / 1e3).toFixed(1)} k` : rate.toPrecision(3);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

process.exitCode = await main(process.argv.slice(2));
