/**
 * Core time that nobody is seen to wait for: daemons beat, store events and acknowledge messages
 * beside what they do on an activation's way. It shows where functions wanted every core and did not
 * get all of it:
 *
 *   cores W - core time of the functions = background W + activation n + handling k
 *
 * of a window in which a core did the work W (the window's length, at full speed), with n activations
 * and k messages; the least absolute errors of all.
 */

import type { Job } from "./estimate-jobs.ts";
import { type Estimated, leastAbsolute, spreadOf } from "./estimate-robust.ts";
import type { Worked, WorkedJobs } from "./estimate-work.ts";

/** Core-microseconds, `background` a microsecond. */
export interface Overheads {
  readonly background: Estimated;
  /** An activation. */
  readonly activation: Estimated;
  /** A message between daemons. */
  readonly handling: Estimated;
}

export interface Observed {
  readonly jobs: WorkedJobs;
  readonly cores: number;
  /** What a core did in that time that was busy all the while. */
  readonly workOfCore: (window: Job) => number;
  /** Its core time, set-up included; undefined: not known to compute all the while, on one core. */
  readonly work: (execution: Worked) => number | undefined;
  /** Of any other: when it may want cores. */
  readonly awake: (execution: Worked) => Job;
}

interface Window extends Job {
  computed: number;
  activations: number;
  /** Activations of which there is a part. */
  touched: number;
  messages: number;
}

/** Undefined: functions never wanted every core. */
export function overheadsOf(runs: readonly Observed[]): Overheads | undefined {
  const rows = runs.flatMap((run) =>
    windowsOf(run).map(({ computed, activations, messages, ...window }) => {
      const time = run.workOfCore(window);
      return { x: [1, activations / time, messages / time], y: run.cores - computed / time };
    }),
  );
  const found = leastAbsolute(rows);
  if (found === undefined) return undefined;
  const { coefficients, rest } = found;
  const of = (index: number): Estimated => {
    const misses = rows.flatMap(({ x }, row) => (x[index]! > 0 ? rest[row]! / x[index]! : []));
    const spread = misses.length === 0 ? 0 : spreadOf(misses);
    return { value: coefficients[index]!, spread, count: misses.length };
  };
  return { background: of(0), activation: of(1), handling: of(2) };
}

/** A function that computes, from when to when. */
interface Computing extends Job {
  readonly work: number;
}

/** Where an activation's core time lies in it is not known: windows have most of each whole. */
const WHOLE = 0.75;

function windowsOf({ jobs, cores, work, awake }: Observed): readonly Window[] {
  const computing: Computing[] = [];
  const others: Job[] = [...jobs.coldStarts, ...jobs.transfers];
  for (const execution of jobs.executions) {
    const known = work(execution);
    if (known === undefined) others.push(awake(execution));
    else computing.push({ from: execution.from, to: execution.to, work: known });
  }
  const windows = busySpans({ computing, others, cores }).map(
    ({ from, to }): Window => ({ from, to, computed: 0, activations: 0, touched: 0, messages: 0 }),
  );
  for (const job of computing) {
    for (let at = firstAfter(windows, job.from); at < windows.length; at++) {
      const window = windows[at]!;
      if (window.from >= job.to) break;
      const overlap = Math.min(window.to, job.to) - Math.max(window.from, job.from);
      const part = overlap / (job.to - job.from);
      window.computed += part * job.work;
      window.activations += part;
      window.touched++;
    }
  }
  for (const time of jobs.messages) {
    const window = windows[firstAfter(windows, time)];
    // What was sent before, while cores were free, has been handled.
    if (window !== undefined && window.from < time) window.messages++;
  }
  return windows.filter(
    ({ activations, touched }) => activations >= WHOLE * Math.max(cores, touched),
  );
}

/** As long as no fewer functions than cores compute, and nothing else that wants cores is known. */
function busySpans({
  computing,
  others,
  cores,
}: {
  readonly computing: readonly Job[];
  readonly others: readonly Job[];
  readonly cores: number;
}): readonly Job[] {
  const changes = [
    ...computing.flatMap(({ from, to }) => [change(from, 1, 0), change(to, -1, 0)]),
    ...others.flatMap(({ from, to }) => [change(from, 0, 1), change(to, 0, -1)]),
  ].sort((a, b) => a.time - b.time);
  const spans: { from: number; to: number }[] = [];
  let functions = 0;
  let rest = 0;
  for (const [index, { time, ...by }] of changes.entries()) {
    functions += by.functions;
    rest += by.others;
    const to = changes[index + 1]?.time ?? time;
    if (to === time || rest > 0 || functions < cores) continue;
    const last = spans.at(-1);
    if (last?.to === time) last.to = to;
    else spans.push({ from: time, to });
  }
  return spans;
}

function change(time: number, functions: number, others: number) {
  return { time, functions, others };
}

/** Index of the first span that ends after the time; spans ascend and do not overlap. */
function firstAfter(spans: readonly Job[], time: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.to > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
