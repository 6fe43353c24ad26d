/**
 * Events a CPU-second of the event queue in the hold model: n events pending, each one that is taken
 * schedules another after a random delay. Run: node --import tsx test/bench/event-queue.ts [--small]
 */

import { EventQueue } from "../../sim/event-queue.ts";
import { Streams } from "../../sim/streams.ts";
import { Checksum, cpuSeconds, tell } from "./figure.ts";

const ROUNDS = process.argv.includes("--small") ? 40_000 : 4_000_000;
const DELAYS = 65_536;
const MEAN_DELAY_US = 1_000_000;

const target = { name: "target" };

function hold(pending: number, cancelled: boolean): void {
  const stream = new Streams("bench").stream("delays");
  const delays = Float64Array.from(
    { length: DELAYS },
    () => 1 + Math.floor(stream.exponential(MEAN_DELAY_US)),
  );
  const queue = new EventQueue();
  for (let index = 0; index < pending; index++) {
    queue.schedule(delays[index % DELAYS]!, 1, target, index);
  }
  const run = (rounds: number): void => {
    for (let round = 0; round < rounds; round++) {
      queue.pop();
      const delay = delays[round & (DELAYS - 1)]!;
      queue.schedule(queue.time + delay, 1, queue.target, round);
      if (cancelled) queue.cancel(queue.schedule(queue.time + 20 * delay, 2, target, round));
    }
  };
  run(ROUNDS / 4);
  const cpu_s = cpuSeconds(() => run(ROUNDS));
  const timers = cancelled ? "a timer cancelled at each" : "no timers";
  report(`event queue, ${pending} pending, ${timers}`, cpu_s, queue);
}

function zeroDelay(): void {
  const queue = new EventQueue();
  for (let index = 0; index < 100; index++) queue.schedule(1, 1, target, index);
  const cpu_s = cpuSeconds(() => {
    for (let round = 0; round < ROUNDS; round++) {
      queue.pop();
      queue.schedule(queue.time, 1, queue.target, round);
    }
  });
  report("event queue, 100 pending, all at the current time", cpu_s, queue);
}

/** The hash is of what comes next. */
function report(what: string, cpu_s: number, queue: EventQueue): void {
  const checksum = new Checksum();
  for (let count = 0; count < 100 && queue.pop(); count++) {
    checksum.add(queue.time);
    checksum.add(queue.value);
  }
  const value = ROUNDS / cpu_s / 1e6;
  const name = `${what}, ${ROUNDS} events`;
  tell({ name, value, unit: "M events/s", better: "more", hash: checksum.text });
}

for (const cancelled of [false, true]) {
  for (const pending of [1e2, 1e4, 1e6]) hold(pending, cancelled);
}
zeroDelay();
