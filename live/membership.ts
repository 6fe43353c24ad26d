/**
 * Who is in the cluster. Every daemon says so twice a second, with what it has; the gateway hears
 * them all, hands out settings and plans, and decides who is lost.
 *
 * Subjects, JSON: `faasflow.CLUSTER.presence` (daemon to gateway: `Presence`), and
 * `faasflow.CLUSTER.welcome.NODE` (gateway to daemon: `Welcome`), sent again until a presence shows
 * that everything in it has arrived. Both are volatile: what is lost is said again half a second later.
 */

import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type { Settings } from "../core/engine/settings.ts";
import { type NodeId, nodeName } from "../core/node.ts";
import type { PartitionMethod } from "../core/plan/plan.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { safeToken } from "./bus.ts";
import type { NatsLink } from "./nats.ts";

export const HEARTBEAT_MS = 500;
/** Silence after which a worker counts as lost. */
export const LOST_AFTER_MS = 3_000;

export interface Presence {
  readonly v: 1;
  readonly node: NodeId;
  /** Differs with each start of the daemon. */
  readonly incarnation: string;
  /** Ids of the plans it has. */
  readonly plans: readonly number[];
  readonly ready: boolean;
}

/** A plan as daemons pass it on: each works it out again, and all come to the same. */
export interface Deployment {
  readonly id: number;
  readonly version: number;
  readonly spec: WorkflowSpec;
  readonly partition: PartitionMethod;
  readonly storage: "faastore" | "remote";
}

export interface Welcome {
  readonly v: 1;
  readonly run: string;
  readonly settings: Settings;
  readonly deployments: readonly Deployment[];
}

const PresenceSchema = Schema.Struct({
  v: Schema.Literal(1),
  node: Schema.Natural,
  incarnation: Schema.String,
  plans: Schema.Array(Schema.Natural),
  ready: Schema.Boolean,
}) satisfies Schema.Decoder<Presence>;
const decodePresence = Schema.decodeUnknownResult(PresenceSchema);

/** The daemon's side: says that it is there, until `stop`. */
export function announce(
  link: NatsLink,
  cluster: string,
  presence: () => Presence,
): { readonly now: () => void; readonly stop: () => void } {
  const say = (): void => {
    link.publish(`faasflow.${safeToken(cluster)}.presence`, JSON.stringify(presence()));
  };
  const timer = setInterval(say, HEARTBEAT_MS);
  say();
  return { now: say, stop: () => clearInterval(timer) };
}

/** The daemon's side: what the gateway hands out, each time it does. */
export function onWelcome(
  link: NatsLink,
  at: { readonly cluster: string; readonly node: NodeId },
  handle: (welcome: Welcome) => void,
): () => void {
  return link.subscribe(
    `faasflow.${safeToken(at.cluster)}.welcome.${nodeName(at.node)}`,
    ({ data }) => {
      const welcome = parse(data) as Welcome | undefined;
      if (welcome?.v === 1) handle(welcome);
    },
  );
}

interface Member {
  incarnation: string;
  seenAt: number;
  plans: ReadonlySet<number>;
  ready: boolean;
  lost: boolean;
}

export interface RosterHost {
  welcome(): Welcome;
  /** Not heard of for too long, or started anew with an empty memory. */
  lost(node: NodeId): void;
  /** Heard of again. */
  back(node: NodeId): void;
}

/** The gateway's side. */
export class Roster {
  readonly #link: NatsLink;
  readonly #cluster: string;
  readonly #host: RosterHost;
  readonly #members: Map<NodeId, Member>;
  readonly #now: () => number;
  readonly #stops: (() => void)[];

  constructor(link: NatsLink, cluster: string, host: RosterHost) {
    this.#link = link;
    this.#cluster = cluster;
    this.#host = host;
    this.#members = new Map();
    this.#now = () => performance.now();
    const timer = setInterval(() => this.#look(), HEARTBEAT_MS);
    this.#stops = [
      link.subscribe(`faasflow.${safeToken(cluster)}.presence`, ({ data }) =>
        this.#hear(parse(data)),
      ),
      () => clearInterval(timer),
    ];
  }

  /** Whether each of these nodes is there and has each of these plans. */
  has(nodes: readonly NodeId[], plans: readonly number[]): boolean {
    return nodes.every((node) => {
      const member = this.#members.get(node);
      return (
        member?.ready === true && !member.lost && plans.every((plan) => member.plans.has(plan))
      );
    });
  }

  /** Everyone ever heard of. */
  list(): readonly { readonly node: NodeId; readonly ready: boolean; readonly lost: boolean }[] {
    return [...this.#members]
      .map(([node, { ready, lost }]) => ({ node, ready, lost }))
      .sort((a, b) => a.node - b.node);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #hear(data: unknown): void {
    const decoded = decodePresence(data);
    if (Result.isFailure(decoded)) return;
    const { node, incarnation, plans, ready } = decoded.success;
    const known = this.#members.get(node);
    if (known !== undefined && known.incarnation !== incarnation && !known.lost) {
      this.#host.lost(node);
    }
    const comesBack = known !== undefined && (known.lost || known.incarnation !== incarnation);
    const heard = { incarnation, plans: new Set(plans), ready, seenAt: this.#now() };
    // Back only once it has all it needs to take part again.
    const welcome = this.#host.welcome();
    const complete = ready && welcome.deployments.every(({ id }) => heard.plans.has(id));
    this.#members.set(node, { ...heard, lost: comesBack && !complete });
    if (comesBack && complete) this.#host.back(node);
    if (!complete) {
      const subject = `faasflow.${safeToken(this.#cluster)}.welcome.${nodeName(node)}`;
      this.#link.publish(subject, JSON.stringify(welcome));
    }
  }

  #look(): void {
    const limit = this.#now() - LOST_AFTER_MS;
    for (const [node, member] of this.#members) {
      if (member.lost || member.seenAt >= limit) continue;
      member.lost = true;
      this.#host.lost(node);
    }
  }
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString("utf8"));
  } catch {
    return undefined;
  }
}
