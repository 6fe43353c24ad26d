/** The data of a spec by name: what reads, conditions and foreach may refer to. */

import type { DatumName, DatumSpec, WorkflowSpec } from "./spec.ts";

/** Every datum that the spec declares, by its full name. */
export type DataTable = ReadonlyMap<DatumName, DeclaredDatum>;

export interface DeclaredDatum {
  readonly spec: DatumSpec;
  /** Index of the task that writes it; -1 for an input. */
  readonly producer: number;
}

export function declaredData(spec: WorkflowSpec): DataTable {
  const data = new Map<DatumName, DeclaredDatum>();
  for (const input of spec.inputs) data.set(`input.${input.name}`, { spec: input, producer: -1 });
  for (const [producer, task] of spec.tasks.entries()) {
    for (const datum of task.writes)
      data.set(`${task.name}.${datum.name}`, { spec: datum, producer });
  }
  return data;
}
