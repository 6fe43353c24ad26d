/**
 * How far a profile is from the published figures: each figure of a workflow under a system, ours
 * beside it.
 *
 * The compute times of the applications are not the profile's: of each, one factor on all its tasks'
 * times is such that its latency under WorkerSP with FaaStore is the published one. So that latency
 * tells nothing of the profile, and every other figure does.
 */

import * as Effect from "effect/Effect";
import { sidesOf } from "../analysis/experiment.ts";
import { PAPER_WORKFLOWS, publishedValue, type System } from "../analysis/published.ts";
import type { Micros } from "../core/units.ts";
import type { Quantity, WorkflowSpec } from "../core/workflow/spec.ts";
import { expected } from "../core/workflow/spec.ts";
import { resolveWorkflow } from "../workflows/load.ts";
import { NO_FAULTS } from "./faults.ts";
import type { Profile } from "./profile.ts";
import { PreparedScenario } from "./scenario-config.ts";

export const METRICS = ["e2e_mean", "schedule_overhead_mean", "data_overhead_mean"] as const;
export type FittedMetric = (typeof METRICS)[number];

const SIDES = sidesOf({ partition: "faasflow" });
export const SYSTEMS: readonly System[] = SIDES.map(({ system }) => system);

/** One published figure and ours; seconds. */
export interface FittedCell {
  readonly workflow: string;
  readonly system: System;
  readonly metric: FittedMetric;
  readonly published: number;
  readonly ours: number;
}

export interface Comparison {
  readonly cells: readonly FittedCell[];
  /** Of each application: what its tasks' compute times are to be multiplied by. */
  readonly computeFactors: ReadonlyMap<string, number>;
}

/**
 * A closed loop of one client, as the figures were measured, but shorter: in a cluster without chance
 * its runs are soon alike.
 */
const INVOCATIONS = 4;
const WARM_UP = 2;

/** ln(ours / published). */
export function logError({ ours, published }: FittedCell): number {
  return Math.log(Math.max(ours, 1e-6) / published);
}

export class PublishedFigures {
  readonly #specs: ReadonlyMap<string, WorkflowSpec>;

  constructor() {
    this.#specs = new Map(
      PAPER_WORKFLOWS.map((name) => [name, Effect.runSync(resolveWorkflow(name))]),
    );
  }

  compare(profile: Profile, systems: readonly System[] = SYSTEMS): Comparison {
    const computeFactors = new Map<string, number>();
    const cells: FittedCell[] = [];
    for (const [workflow, spec] of this.#specs) {
      const factor = computes(spec) ? this.#factor(workflow, spec, profile) : undefined;
      if (factor !== undefined) computeFactors.set(workflow, factor);
      const scaled = factor === undefined ? spec : withCompute(spec, factor);
      for (const system of systems) {
        const measured = measure(scaled, system, profile);
        for (const metric of METRICS) {
          const published = publishedValue({ workflow, system, metric })!;
          cells.push({ workflow, system, metric, published, ours: measured[metric] });
        }
      }
    }
    return { cells, computeFactors };
  }

  /** Secant steps on the latency, which grows with the factor. */
  #factor(workflow: string, spec: WorkflowSpec, profile: Profile): number {
    const system = "WorkerSP+FaaStore";
    const wanted = publishedValue({ workflow, system, metric: "e2e_mean" })!;
    const off = (factor: number): number =>
      measure(withCompute(spec, factor), system, profile).e2e_mean - wanted;
    let [last, factor] = [1.1, 1];
    let before = off(last);
    for (let step = 0; step < MOST_STEPS; step++) {
      const now = off(factor);
      if (Math.abs(now) <= CLOSE * wanted || now === before) break;
      const next = factor - (now * (factor - last)) / (now - before);
      [last, before, factor] = [factor, now, Math.min(10, Math.max(0.1, next))];
    }
    return factor;
  }
}

const MOST_STEPS = 6;
/** A tick more or less in a second is not worth another step. */
const CLOSE = 0.002;

function measure(
  spec: WorkflowSpec,
  system: System,
  profile: Profile,
): Readonly<Record<FittedMetric, number>> {
  const { scheme, storage, partition } = SIDES.find((side) => side.system === system)!;
  const { rows } = new PreparedScenario({
    references: [spec.name],
    specs: [spec],
    scheme,
    storage,
    partition,
    workers: profile.cluster.workers,
    profile,
    load: { tag: "closed", clients: 1, duration: undefined, invocations: INVOCATIONS },
    seed: "1",
    faults: NO_FAULTS,
    warmUp: WARM_UP,
  }).simulate({ check: false, event: undefined });
  const rowOf = (metric: FittedMetric): number =>
    Number(rows.find((row) => row.metric === metric)!.value);
  return {
    e2e_mean: rowOf("e2e_mean"),
    schedule_overhead_mean: rowOf("schedule_overhead_mean"),
    data_overhead_mean: rowOf("data_overhead_mean"),
  };
}

function computes(spec: WorkflowSpec): boolean {
  return spec.tasks.some((task) => expected(task.compute) > 0);
}

/** All compute times of the workflow, which are fixed ones, times the factor. */
function withCompute(spec: WorkflowSpec, factor: number): WorkflowSpec {
  const scaled = (compute: Quantity): Quantity =>
    compute.tag === "fixed"
      ? { ...compute, value: Math.round(compute.value * factor) as Micros }
      : compute;
  return {
    ...spec,
    tasks: spec.tasks.map((task) => ({ ...task, compute: scaled(task.compute) })),
  };
}
