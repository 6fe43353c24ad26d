/** `simulate --record`: what simulated machines are told and do, as live daemons record it. */

import { type NodeId, nodeName } from "../core/node.ts";
import type { Deployment } from "../live/deployment.ts";
import { type RecordChoice, type RecordedEnv, RecordingFile } from "../live/recorder.ts";
import type { PreparedScenario } from "./scenario-config.ts";
import type { SimEnv } from "./sim-env.ts";

export class SimRecordings {
  readonly #choice: RecordChoice;
  readonly #prepared: PreparedScenario;
  /** Of the machines that are there. */
  readonly #files: Map<NodeId, RecordingFile>;
  #starts: number;

  constructor(choice: RecordChoice, prepared: PreparedScenario) {
    this.#choice = choice;
    this.#prepared = prepared;
    this.#files = new Map();
    this.#starts = 0;
    // Each open file waits for the end of the process; with many workers that is no leak.
    process.setMaxListeners(process.getMaxListeners() + prepared.settings.workers);
  }

  /** A file a start of a machine; the one before it has crashed. */
  watch(node: NodeId, env: SimEnv): RecordedEnv {
    this.#files.get(node)?.close();
    const { settings } = this.#prepared;
    const incarnation = `${this.#starts++}`;
    const file = new RecordingFile({
      ...this.#choice,
      about: { node: nodeName(node), incarnation, run: "simulated", settings },
      deploymentOf: (plan) => this.#deploymentOf(plan),
      log: (_about, text) => process.stderr.write(`${text}\n`),
    });
    this.#files.set(node, file);
    return file.watch(env);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  #deploymentOf(id: number): Deployment {
    const { plans, planClusters, scenario } = this.#prepared;
    const { version, graph } = plans[id]!;
    const { partition, storage } = scenario;
    return { id, version, spec: graph.spec, partition, storage, cluster: planClusters[id]! };
  }
}
