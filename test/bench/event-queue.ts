/**
 * Events a CPU-second of the event queue in the hold model: n events pending, each one that is taken
 * schedules another after a random delay. Run: node --import tsx test/bench/event-queue.ts [--small]
 */

import { EventQueue } from "../../sim/event-queue.ts";
import { type Stream, Streams } from "../../sim/streams.ts";
import { Checksum, cpuSeconds, tell } from "./figure.ts";

const ROUNDS = process.argv.includes("--small") ? 40_000 : 4_000_000;
const DELAYS = 65_536;
const MEAN_DELAY_US = 1_000_000;

type Mix = "exponential" | "bimodal" | "log-uniform" | "zero";

/** Delays in microseconds. */
const MIXES: Readonly<Record<Mix, (stream: Stream) => number>> = {
  exponential: (stream) => stream.exponential(MEAN_DELAY_US),
  /** Requests, and timers that wait for them. */
  bimodal: (stream) =>
    stream.exponential(stream.uniform() < 0.9 ? MEAN_DELAY_US / 10_000 : 10 * MEAN_DELAY_US),
  "log-uniform": (stream) => 10 ** (9 * stream.uniform()),
  zero: () => -1,
};

interface Hold {
  readonly mix: Mix;
  readonly pending: number;
  /** Each event also sets a timer, and cancels it. */
  readonly timers: boolean;
}

const HOLDS: readonly Hold[] = [
  ...[false, true].flatMap((timers) =>
    [1e2, 1e4, 1e6].map((pending): Hold => ({ mix: "exponential", pending, timers })),
  ),
  { mix: "zero", pending: 100, timers: false },
  { mix: "bimodal", pending: 1e4, timers: false },
  { mix: "bimodal", pending: 1e6, timers: false },
  { mix: "log-uniform", pending: 1e4, timers: false },
  { mix: "log-uniform", pending: 1e6, timers: false },
];

function hold({ mix, pending, timers }: Hold): void {
  const stream = new Streams("bench").stream("delays");
  const delays = Float64Array.from({ length: DELAYS }, () => 1 + Math.floor(MIXES[mix](stream)));
  const queue = new EventQueue();
  for (let index = 0; index < pending; index++) {
    queue.schedule(delays[index % DELAYS]!, 1, index);
  }
  const run = (rounds: number): void => {
    for (let round = 0; round < rounds; round++) {
      queue.pop();
      const delay = delays[round & (DELAYS - 1)]!;
      queue.schedule(queue.time + delay, 1, queue.target);
      if (timers) queue.cancel(queue.schedule(queue.time + 20 * delay, 2, queue.target));
    }
  };
  run(ROUNDS / 4);
  const cpu_s = cpuSeconds(() => run(ROUNDS));
  report({ mix, pending, timers }, cpu_s, queue);
}

/** The hash is of what comes next. */
function report({ mix, pending, timers }: Hold, cpu_s: number, queue: EventQueue): void {
  const checksum = new Checksum();
  for (let count = 0; count < 100 && queue.pop(); count++) {
    checksum.add(queue.time);
    checksum.add(queue.target as number);
  }
  const also = timers ? "a timer cancelled at each" : "no timers";
  tell({
    name: `event queue, ${pending} pending, ${mix} delays, ${also}, ${ROUNDS} events`,
    value: ROUNDS / cpu_s / 1e6,
    unit: "M events/s",
    better: "more",
    hash: checksum.text,
  });
}

for (const each of HOLDS) hold(each);
