/**
 * Events per second of the event queue in the hold model: n events pending, each one that is taken
 * schedules another after a random delay. Run: node --import tsx test/bench/event-queue.ts [--small]
 */

import { EventQueue } from "../../sim/event-queue.ts";
import { Streams } from "../../sim/streams.ts";

const ROUNDS = process.argv.includes("--small") ? 40_000 : 4_000_000;
const DELAYS = 65_536;
const MEAN_DELAY_US = 1_000_000;

const target = { name: "target" };

function hold(pending: number, cancelShare: number): number {
  const stream = new Streams("bench").stream("delays");
  const delays = Array.from(
    { length: DELAYS },
    () => 1 + Math.floor(stream.exponential(MEAN_DELAY_US)),
  );
  const queue = new EventQueue();
  for (let index = 0; index < pending; index++) {
    queue.schedule(delays[index % DELAYS]!, 1, target, index);
  }
  const cancelEvery = cancelShare > 0 ? Math.round(1 / cancelShare) : Infinity;
  const run = (rounds: number): void => {
    for (let round = 0; round < rounds; round++) {
      queue.pop();
      const delay = delays[round & (DELAYS - 1)]!;
      queue.schedule(queue.time + delay, 1, queue.target, round);
      if (round % cancelEvery === 0) {
        queue.cancel(queue.schedule(queue.time + 20 * delay, 2, target, round));
      }
    }
  };
  run(ROUNDS / 4);
  const start = process.cpuUsage();
  run(ROUNDS);
  const used = process.cpuUsage(start);
  return ROUNDS / (used.user + used.system);
}

function zeroDelay(): number {
  const queue = new EventQueue();
  for (let index = 0; index < 100; index++) queue.schedule(1, 1, target, index);
  const start = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    queue.pop();
    queue.schedule(queue.time, 1, queue.target, round);
  }
  const used = process.cpuUsage(start);
  return ROUNDS / (used.user + used.system);
}

console.log(`event queue, hold model, ${ROUNDS} events, exponential delays, one CPU`);
for (const cancelShare of [0, 1]) {
  for (const pending of [1e2, 1e4, 1e6]) {
    const rate = hold(pending, cancelShare);
    const cancels = cancelShare === 0 ? "no timers cancelled" : "a timer cancelled at each event";
    console.log(
      `${String(pending).padStart(8)} pending, ${cancels}: ${rate.toFixed(2)} M events/s`,
    );
  }
}
console.log(`     100 pending, all at the current time: ${zeroDelay().toFixed(2)} M events/s`);
