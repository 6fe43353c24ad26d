/** What the cluster can take now: whether who is needed is there, and what is too large for it. */

import { membersOf } from "../core/engine/roll.ts";
import type { Settings } from "../core/engine/settings.ts";
import { MASTER, type NodeId, nodeName } from "../core/node.ts";
import { oversized } from "../core/plan/oversized.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import type { NatsLink } from "./nats.ts";
import { RequestError } from "./request-error.ts";
import type { Roster } from "./roster.ts";

export interface AdmissionParts {
  readonly settings: Settings;
  readonly roster: () => Roster;
  readonly link: Pick<NatsLink, "connected" | "maxPayload">;
}

/** For what messages and records have besides a workflow or an invocation's facts. */
const ROOM_BYTES = 2_048;

export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Who has to be there before anything can run. */
  members(): readonly NodeId[] {
    return membersOf(this.#parts.settings);
  }

  /** What keeps an invocation of these plans from running; none: it can run. */
  unready(plans: readonly number[]): readonly string[] {
    if (!this.#parts.link.connected()) {
      return [
        "the gateway has no connection to NATS. It tries on: ask again, or start nats-server.",
      ];
    }
    const roster = this.#parts.roster();
    const away = new Set(
      roster.list().flatMap(({ node, lost, phase }) => (lost || phase !== "serving" ? [node] : [])),
    );
    // Others do what a worker that is lost or leaves was to do; there is no other master.
    const needed = this.members().filter((node) => node === MASTER || !away.has(node));
    if (needed.every((node) => node === MASTER)) {
      return ["all workers are lost, or are leaving. See their logs."];
    }
    const missing = needed.filter((node) => !roster.has([node], plans)).map(nodeName);
    return missing.map((name) => `${name} is not there, or not ready. See its log, and /health.`);
  }

  /** Throws if a task's container could start on no worker. */
  refuseUnrunnable(spec: WorkflowSpec): void {
    const { workerMemory } = this.#parts.settings;
    const problems = oversized(spec, workerMemory).map(({ name, container }) => {
      const found = `its container takes ${container.memory} bytes`;
      return `task ${name}: ${found}, a worker gives ${workerMemory}. Give it less memory.`;
    });
    if (problems.length > 0) throw new RequestError({ status: 400, problems });
  }

  /** Throws if no message can carry it. */
  refuseTooLong(what: string, value: object): void {
    const bytes = Buffer.byteLength(JSON.stringify(value));
    const most = this.#parts.link.maxPayload() - ROOM_BYTES;
    if (bytes <= most) return;
    const found = `${what} takes ${bytes} bytes in a message, NATS takes ${most}`;
    const problem = `${found}. Raise max_payload in the nats-server's configuration.`;
    throw new RequestError({ status: 413, problems: [problem] });
  }
}
