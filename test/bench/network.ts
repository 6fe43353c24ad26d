/**
 * Flows finished per CPU-second in closed loop: n flows under way, each one that is done opens
 * another; sizes are exponential. Run: node --import tsx test/bench/network.ts ["LOAD"] [--small]
 */

import { Network } from "../../sim/network.ts";
import { Streams } from "../../sim/streams.ts";
import { Checksum, cpuSeconds, tell } from "./figure.ts";

const ROUNDS = process.argv.includes("--small") ? 4_000 : 400_000;
/** Few enough to stay in the cache: a kernel opens flows that it has just made. */
const DRAWS = 2048;
const DRAWS_OF_MANY_HOSTS = 65_536;
const MEAN_BYTES = 1_000_000;

interface Load {
  readonly name: string;
  readonly hosts: number;
  readonly rate: number;
  readonly storeRate: number;
  readonly pair: (uniform: () => number) => { from: number; to: number };
}

const LOADS: readonly Load[] = [
  {
    name: "7 workers get from one store",
    hosts: 8,
    rate: 50e6,
    storeRate: 50e6,
    pair: (uniform) => ({ from: 0, to: 1 + Math.floor(uniform() * 7) }),
  },
  {
    name: "7 workers get from and put to one store",
    hosts: 8,
    rate: 50e6,
    storeRate: 50e6,
    pair: (uniform) => {
      const worker = 1 + Math.floor(uniform() * 7);
      return uniform() < 0.5 ? { from: 0, to: worker } : { from: worker, to: 0 };
    },
  },
  {
    name: "random pairs of 8 hosts",
    hosts: 8,
    rate: 50e6,
    storeRate: 50e6,
    pair: (uniform) => {
      const from = Math.floor(uniform() * 8);
      return { from, to: (from + 1 + Math.floor(uniform() * 7)) % 8 };
    },
  },
  {
    name: "1000 workers get from one store",
    hosts: 1001,
    rate: 50e6,
    storeRate: 50e9,
    pair: (uniform) => ({ from: 0, to: 1 + Math.floor(uniform() * 1000) }),
  },
  {
    name: "random pairs of 1000 hosts",
    hosts: 1000,
    rate: 50e6,
    storeRate: 50e6,
    pair: (uniform) => {
      const from = Math.floor(uniform() * 1000);
      return { from, to: (from + 1 + Math.floor(uniform() * 999)) % 1000 };
    },
  },
];

function closedLoop(load: Load, concurrent: number, wanted: number): void {
  const stream = new Streams("bench").stream(load.name);
  const draws = load.hosts > 100 ? DRAWS_OF_MANY_HOSTS : DRAWS;
  const flows = Array.from({ length: draws }, (_, index) => ({
    ...load.pair(() => stream.uniform()),
    bytes: 1 + Math.floor(stream.exponential(MEAN_BYTES)),
    target: index,
  }));
  const hosts = Array.from({ length: load.hosts }, (_, index) => {
    const rate = index === 0 ? load.storeRate : load.rate;
    return { up: rate, down: rate };
  });
  const network = new Network<number>({ hosts });
  let opened = 0;
  for (; opened < concurrent; opened++) network.open(0, flows[opened & (draws - 1)]!);
  let now = 0;
  const run = (rounds: number): void => {
    let finished = 0;
    while (finished < rounds) {
      now = network.nextTime();
      while (network.takeDone(now) !== undefined) {
        network.open(now, flows[opened++ & (draws - 1)]!);
        finished++;
      }
    }
  };
  run(wanted / 4);
  const cpu_s = cpuSeconds(() => run(wanted));
  const checksum = new Checksum();
  checksum.add(now);
  checksum.add(network.nextTime());
  tell({
    name: `network, ${load.name}, ${concurrent} at once, ${wanted} flows`,
    value: wanted / cpu_s / 1e6,
    unit: "M flows/s",
    better: "more",
    hash: checksum.text,
  });
}

const chosen = process.argv.slice(2).find((arg) => !arg.startsWith("--"));
for (const load of LOADS) {
  if (chosen !== undefined && load.name !== chosen) continue;
  for (const concurrent of [10, 100, 1_000, 10_000]) {
    closedLoop(load, concurrent, load.hosts > 100 ? ROUNDS / 20 : ROUNDS);
  }
}
