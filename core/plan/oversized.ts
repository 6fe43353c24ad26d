/** Tasks whose container fits on no worker: what waits for one would wait for ever. */

import type { Bytes } from "../units.ts";
import type { TaskSpec, WorkflowSpec } from "../workflow/spec.ts";

/** In the order of the spec. `workerMemory`: what one worker has for containers. */
export function oversized({ tasks }: WorkflowSpec, workerMemory: Bytes): readonly TaskSpec[] {
  return tasks.filter(({ container }) => container.memory > workerMemory);
}
