/** How many cores all jobs of a machine have, and what of them daemons take without being seen. */

import type { Job } from "./estimate-jobs.ts";
import type { Load } from "./estimate-load.ts";
import { type Overheads, overheadsOf } from "./estimate-overhead.ts";
import { type Estimated, estimated, median } from "./estimate-robust.ts";
import { ALONE, awake, BUSY, computes, type Run, type State } from "./estimate-run.ts";
import type { Worked } from "./estimate-work.ts";

export const NOBODY_KNOWS: Estimated = { value: 1, spread: 0, count: 0 };

/**
 * What the logs say, less what daemons and strangers take all the while. If they do not: of each
 * run, what functions computed while there were too few cores, for the time that this took; the
 * median run. Without such functions the cold starts say, else nobody was seen to wait.
 */
export function coresOf(runs: readonly Run[], { functions, overheads }: State): Estimated {
  const told = estimated(runs.map(({ machine }) => machine).filter((cores) => cores < Infinity));
  if (told !== undefined) {
    const { value, count, spread } = overheads?.background ?? { ...told, value: 0 };
    return { value: told.value - value, spread, count };
  }
  const worked = ({ name, work }: Worked): number => work + (functions.get(name)?.setUp ?? 0);
  const found = runs.flatMap(({ jobs, load }) =>
    throughput(
      load,
      jobs.executions
        .filter((job) => computes(job, functions.get(job.name)))
        .map((job) => ({ ...job, work: worked(job) })),
    ),
  );
  const { value, ...rest } = estimated(found) ?? coresByColdStarts(runs);
  // One job alone has a core, so all together have no less.
  return { value: Math.max(1, value), ...rest };
}

/** Work done, for the turns it took: of jobs among too many; none if there are no such jobs. */
function throughput(
  load: Load,
  jobs: readonly { readonly from: number; readonly to: number; readonly work: number }[],
): readonly number[] {
  const busy = jobs.filter((job) => load.mean(job) >= BUSY);
  const turns = busy.reduce((sum, job) => sum + load.turns(job), 0);
  return turns === 0 ? [] : [busy.reduce((sum, { work }) => sum + work, 0) / turns];
}

/** As much work each as the ones that had a core to themselves. */
function coresByColdStarts(runs: readonly Run[]): Estimated {
  const alone = runs.flatMap(({ jobs, load }) =>
    jobs.coldStarts.filter((job) => load.mean(job) <= ALONE).map(({ from, to }) => to - from),
  );
  const work = median(alone);
  const found = runs.flatMap(({ jobs, load }) =>
    throughput(
      load,
      jobs.coldStarts.map(({ from, to }) => ({ from, to, work })),
    ),
  );
  const most = Math.max(1, ...runs.map(({ load }) => Math.ceil(load.most)));
  const nobodyWaited = { value: most, spread: 0, count: 0 };
  return alone.length === 0 ? nobodyWaited : (estimated(found) ?? nobodyWaited);
}

/** Of the logs that say how many cores the machine has. */
export function overheadsIn(runs: readonly Run[], { functions }: State): Overheads | undefined {
  const work = (execution: Worked): number | undefined => {
    const known = functions.get(execution.name);
    return computes(execution, known) ? execution.work + (known?.setUp ?? 0) : undefined;
  };
  const told = runs.filter(({ machine }) => machine < Infinity);
  const observed = told.map(({ jobs, machine, load }) => ({
    jobs,
    cores: machine,
    work,
    workOfCore: (window: Job) => load.workOfCore(window),
    awake: (execution: Worked) => awake(execution, functions.get(execution.name)),
  }));
  return overheadsOf(observed);
}
