/**
 * Our side of `npm run bench:peers`, with the arguments and the output of `simgrid.cpp`:
 *
 *   hold PENDING ROUNDS | flows store|pairs AT_ONCE ROUNDS | graph SHAPE TASKS REPEATS
 *
 * `graph` runs with everything on: engines, containers, stores; at no cost, so that the makespan is
 * that of the graph.
 */

import type { Micros } from "../../../core/units.ts";
import { EventQueue } from "../../../sim/event-queue.ts";
import { Network } from "../../../sim/network.ts";
import { PreparedScenario } from "../../../sim/scenario-config.ts";
import { Streams } from "../../../sim/streams.ts";
import { peerGraph, type Shape, specOfGraph } from "./graphs.ts";
import { peerScenario } from "./peer-scenario.ts";

const DRAWS = 65_536;
const MEAN_DELAY_US = 1_000_000;
const MEAN_BYTES = 1_000_000;
const LINK = 50e6;

interface Result {
  readonly work: number;
  readonly cpu_s: number;
  readonly best_s?: number;
  readonly makespan_s?: number;
}

function hold(pending: number, rounds: number): Result {
  const stream = new Streams("peers").stream("delays");
  const delays = Float64Array.from({ length: DRAWS }, () =>
    Math.ceil(stream.exponential(MEAN_DELAY_US)),
  );
  const queue = new EventQueue();
  const target = {};
  for (let index = 0; index < pending; index++) {
    queue.schedule(delays[index & (DRAWS - 1)]!, 0, target);
  }
  const start = process.cpuUsage();
  for (let round = 0; round < rounds; round++) {
    queue.pop();
    queue.schedule(queue.time + delays[round & (DRAWS - 1)]!, 0, queue.target);
  }
  return { work: rounds, cpu_s: since(start) };
}

function flows(pairs: boolean, atOnce: number, rounds: number): Result {
  const stream = new Streams("peers").stream("flows");
  const host = (): number => Math.floor(stream.uniform() * 7);
  const draws = Array.from({ length: DRAWS }, () => {
    const from = pairs ? Math.floor(stream.uniform() * 8) : 0;
    const bytes = Math.ceil(stream.exponential(MEAN_BYTES));
    return { from, to: (from + 1 + host()) % 8, bytes, target: 0 };
  });
  const hosts = Array.from({ length: 8 }, () => ({ up: LINK, down: LINK }));
  const network = new Network<number>({ hosts });
  const start = process.cpuUsage();
  let opened = 0;
  for (; opened < atOnce; opened++) network.open(0, draws[opened & (DRAWS - 1)]!);
  for (let done = 0; done < rounds; ) {
    const now = network.nextTime();
    while (network.takeDone(now) !== undefined) {
      network.open(now, draws[opened++ & (DRAWS - 1)]!);
      done++;
    }
  }
  return { work: rounds, cpu_s: since(start) };
}

function graph(shape: Shape, count: number, repeats: number): Result {
  const spec = specOfGraph(shape, peerGraph(shape, count));
  const begin = process.cpuUsage();
  let best = Infinity;
  let end: Micros | undefined;
  const prepared = new PreparedScenario(peerScenario(spec));
  for (let repeat = 0; repeat < repeats; repeat++) {
    const start = process.cpuUsage();
    end = prepared.simulate({ check: false, event: undefined }).result.end;
    best = Math.min(best, since(start));
  }
  return { work: count * repeats, cpu_s: since(begin), best_s: best, makespan_s: end! / 1e6 };
}

/** CPU seconds. */
function since(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function main([what, ...args]: readonly string[]): Result {
  switch (what) {
    case "hold":
      return hold(Number(args[0]), Number(args[1]));
    case "flows":
      return flows(args[0] === "pairs", Number(args[1]), Number(args[2]));
    case "graph":
      return graph(args[0] as Shape, Number(args[1]), Number(args[2]));
    default:
      throw new Error(`${what}: give hold, flows or graph`);
  }
}

const result = main(process.argv.slice(2));
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ ...result, process_s: (user + system) / 1e6 }));
