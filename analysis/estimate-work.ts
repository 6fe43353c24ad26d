/** What functions have done, however fast the core was that they had meanwhile. */

import type { Execution, Jobs } from "./estimate-jobs.ts";
import { type SpeedChange, Steps } from "./processor-speed.ts";

/** Of a function that has run. */
export interface Worked extends Execution {
  /** The core time that it would have taken at the usual pace. */
  readonly work: number;
}

export interface WorkedJobs extends Jobs {
  readonly executions: readonly Worked[];
}

/** `paces`: as parts of the usual one. */
export function workedJobs(jobs: Jobs, paces: readonly SpeedChange[]): WorkedJobs {
  const pace = new Steps(paces);
  const executions = jobs.executions.map((job) => ({ ...job, work: job.cpu * pace.mean(job) }));
  return { ...jobs, executions };
}
