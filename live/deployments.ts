/** The workflows that a gateway serves, every version with its plan. */

import { PAPER_CLUSTER } from "../core/plan/contract.ts";
import type { PartitionMethod, Plan, StorageMethod } from "../core/plan/plan.ts";
import { makePlan } from "../core/plan/planner.ts";
import { compile } from "../core/workflow/compile.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import type { Deployment } from "./deployment.ts";

/** How new ones are planned. */
export interface DeploymentChoice {
  readonly storage: StorageMethod;
  readonly partition: PartitionMethod;
  readonly workers: number;
}

export class Deployments {
  readonly #choice: DeploymentChoice;
  /** Told of each, old ones first. */
  readonly #deployed: (deployment: Deployment, plan: Plan) => void;
  readonly #all: Deployment[];
  readonly #plans: Plan[];
  readonly #latest: Map<string, number>;

  constructor(choice: DeploymentChoice, deployed: (deployment: Deployment, plan: Plan) => void) {
    this.#choice = choice;
    this.#deployed = deployed;
    this.#all = [];
    this.#plans = [];
    this.#latest = new Map();
  }

  get all(): readonly Deployment[] {
    return this.#all;
  }

  get plans(): readonly Plan[] {
    return this.#plans;
  }

  get workflows(): readonly string[] {
    return [...this.#latest.keys()];
  }

  /** The plan of new invocations of the workflow; undefined: it is not deployed. */
  latest(workflow: string): Plan | undefined {
    const id = this.#latest.get(workflow);
    return id === undefined ? undefined : this.#plans[id];
  }

  /**
   * A new version of the workflow: it serves new invocations, old ones end on theirs. The same
   * workflow once more is no new version.
   */
  deploy(spec: WorkflowSpec): Deployment {
    const { storage, partition } = this.#choice;
    const id = this.#all.length;
    const before = this.#all.filter((each) => each.spec.name === spec.name);
    const deployment: Deployment = { id, version: before.length + 1, spec, partition, storage };
    const latest = before.at(-1);
    if (latest !== undefined && isSame(latest, deployment)) return latest;
    this.add(deployment);
    return deployment;
  }

  /** The next one, as it is. */
  add(deployment: Deployment): void {
    const plan = planOf(deployment, this.#choice);
    this.#all.push(deployment);
    this.#plans.push(plan);
    this.#latest.set(deployment.spec.name, deployment.id);
    this.#deployed(deployment, plan);
  }
}

function isSame(one: Deployment, other: Deployment): boolean {
  const text = ({ spec, storage, partition }: Deployment): string =>
    JSON.stringify([spec, storage, partition]);
  return text(one) === text(other);
}

/** The same on every daemon: a plan depends on nothing but what is deployed. */
export function planOf(deployment: Deployment, { workers }: { readonly workers: number }): Plan {
  const { id, version, spec, partition, storage } = deployment;
  const cluster = deployment.cluster ?? { ...PAPER_CLUSTER, workers };
  const graph = compile(spec);
  return makePlan({ id, version, graph, method: partition, storage, cluster });
}
