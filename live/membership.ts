/**
 * Who is in the cluster. Every daemon says so twice a second, with what it has; the gateway hears
 * them all, hands out settings and plans, and decides who is lost.
 *
 * | subject, in JSON | from, to | what |
 * |---|---|---|
 * | `faasflow.CLUSTER.presence` | daemon, gateway | `Presence` |
 * | `faasflow.CLUSTER.welcome.NODE` | gateway, daemon | `Welcome`, until a presence shows that all of it has arrived |
 * | `faasflow.CLUSTER.farewell.NODE` | gateway, daemon | `Farewell`: nothing needs the leaving worker any more |
 *
 * All are volatile: what is lost is said again half a second later.
 */

import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type { Settings } from "../core/engine/settings.ts";
import { type NodeId, nodeName } from "../core/node.ts";
import type { Micros } from "../core/units.ts";
import { safeToken } from "./bus.ts";
import { type Clock, every } from "./clock.ts";
import { type Deployment, DeploymentSchema, SettingsSchema } from "./deployment.ts";
import type { NatsLink } from "./nats.ts";

const HEARTBEAT = 500_000 as Micros;
/** Silence after which a daemon counts as lost. */
const LOST_AFTER = 3_000_000 as Micros;

/** `leaving`: it was asked to end, and waits for its farewell; `gone`: its last word. */
export type Phase = "serving" | "leaving" | "gone";

export interface Presence {
  readonly v: 1;
  readonly node: NodeId;
  /** Differs with each start of the daemon. */
  readonly incarnation: string;
  /** Of the gateway that welcomed it; empty: none yet. */
  readonly run: string;
  readonly phase: Phase;
  /** Ids of the plans it has. */
  readonly plans: readonly number[];
  readonly ready: boolean;
}

export interface Welcome {
  readonly v: 1;
  /** Id of this gateway: with the next one, daemons begin anew. */
  readonly run: string;
  /** Of the first gateway of those that follow one another: names of data begin with it. */
  readonly dataRun: string;
  readonly settings: Settings;
  /** One that the daemon does not have yet; none if it has all. */
  readonly deployments: readonly Deployment[];
}

export interface Farewell {
  readonly v: 1;
  readonly incarnation: string;
}

const PresenceSchema = Schema.Struct({
  v: Schema.Literal(1),
  node: Schema.Natural,
  incarnation: Schema.String,
  run: Schema.String,
  phase: Schema.Literals(["serving", "leaving", "gone"]),
  plans: Schema.Array(Schema.Natural),
  ready: Schema.Boolean,
}) satisfies Schema.Decoder<Presence>;
const decodePresence = Schema.decodeUnknownResult(PresenceSchema);

const WelcomeSchema = Schema.Struct({
  v: Schema.Literal(1),
  run: Schema.String,
  dataRun: Schema.String,
  settings: SettingsSchema,
  deployments: Schema.Array(DeploymentSchema),
}) satisfies Schema.Decoder<Welcome>;
const decodeWelcome = Schema.decodeUnknownResult(WelcomeSchema);

export interface RosterParts {
  readonly link: NatsLink;
  readonly cluster: string;
  readonly clock: Clock;
}

/** The daemon's side: says that it is there, until `stop`. */
export function announce(
  { link, cluster, clock }: RosterParts,
  presence: () => Presence,
): { readonly now: () => void; readonly stop: () => void } {
  const say = (): void => {
    link.publish(`faasflow.${safeToken(cluster)}.presence`, JSON.stringify(presence()));
  };
  const stop = every(clock, HEARTBEAT, say);
  say();
  return { now: say, stop };
}

/** The daemon's side: what the gateway hands out, each time it does, or why it cannot be read. */
export function onWelcome(
  link: NatsLink,
  at: { readonly cluster: string; readonly node: NodeId },
  handle: { readonly welcome: (welcome: Welcome) => void; readonly wrong: (why: string) => void },
): () => void {
  return link.subscribe(subjectOf("welcome", at), ({ data }) => {
    const decoded = decodeWelcome(parse(data));
    if (Result.isSuccess(decoded)) handle.welcome(decoded.success);
    else handle.wrong(decoded.failure.message);
  });
}

/** The daemon's side, of one that is leaving: it may go. */
export function onFarewell(
  link: NatsLink,
  at: { readonly cluster: string; readonly node: NodeId; readonly incarnation: string },
  handle: () => void,
): () => void {
  return link.subscribe(subjectOf("farewell", at), ({ data }) => {
    const farewell = parse(data) as Farewell | undefined;
    if (farewell?.v === 1 && farewell.incarnation === at.incarnation) handle();
  });
}

interface Member {
  readonly incarnation: string;
  /** This incarnation took the place of one that took part. */
  readonly anew: boolean;
  readonly seenAt: number;
  readonly plans: ReadonlySet<number>;
  readonly ready: boolean;
  readonly phase: Phase;
  /** It takes no part (any more, or yet again). */
  lost: boolean;
}

export interface RosterHost {
  /** With all that is deployed. */
  welcome(): Welcome;
  /** Whether the cluster has such a node. */
  isMember(node: NodeId): boolean;
  /** A daemon that the cluster has no place for; told once. */
  stranger(node: NodeId): void;
  /** Not heard of for too long, gone before it might, or started anew with an empty memory. */
  lost(node: NodeId): void;
  /** Heard of again; `anew`: with an empty memory. */
  back(node: NodeId, how: { readonly anew: boolean }): void;
  /** It was asked to end: `letGo` says when it may. */
  leaving(node: NodeId): void;
}

/** Incarnation of a daemon that is expected and was not heard of yet. */
const UNHEARD = "";

/** The gateway's side. */
export class Roster {
  readonly #link: NatsLink;
  readonly #cluster: string;
  readonly #host: RosterHost;
  readonly #members: Map<NodeId, Member>;
  readonly #strangers: Set<NodeId>;
  readonly #now: () => number;
  readonly #stops: (() => void)[];
  #lookedAt: number;
  /** When it last had no connection, or did not run. */
  #deafAt: number;

  /** `expected`: took part under the gateway before this one; lost if they are not heard of. */
  constructor(
    { link, cluster, clock }: RosterParts,
    host: RosterHost,
    expected: readonly NodeId[] = [],
  ) {
    this.#link = link;
    this.#cluster = cluster;
    this.#host = host;
    this.#strangers = new Set();
    this.#now = () => clock.now();
    this.#lookedAt = this.#now();
    this.#deafAt = this.#lookedAt;
    const unheard: Member = {
      incarnation: UNHEARD,
      anew: true,
      seenAt: this.#lookedAt,
      lost: false,
      plans: new Set<number>(),
      ready: false,
      phase: "serving",
    };
    this.#members = new Map(expected.map((node) => [node, { ...unheard }]));
    this.#stops = [
      link.subscribe(`faasflow.${safeToken(cluster)}.presence`, ({ data }) =>
        this.#hear(parse(data)),
      ),
      every(clock, HEARTBEAT, () => this.#look()),
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

  /** Nothing needs the leaving worker any more. */
  letGo(node: NodeId): void {
    const member = this.#members.get(node);
    if (member === undefined) return;
    member.lost = true;
    this.#send("farewell", node, { v: 1, incarnation: member.incarnation });
  }

  /** Everyone ever heard of. */
  list(): readonly (Pick<Member, "ready" | "lost" | "phase"> & { readonly node: NodeId })[] {
    return [...this.#members]
      .map(([node, { ready, lost, phase }]) => ({ node, ready, lost, phase }))
      .sort((a, b) => a.node - b.node);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #hear(data: unknown): void {
    const decoded = decodePresence(data);
    if (Result.isFailure(decoded)) return;
    const presence = decoded.success;
    const { node, incarnation, phase } = presence;
    if (!this.#host.isMember(node)) {
      this.#refuse(presence);
      return;
    }
    const welcome = this.#host.welcome();
    if (presence.run !== "" && presence.run !== welcome.run) {
      this.#take(presence, welcome);
      return;
    }
    const known = this.#members.get(node);
    const isNew = known !== undefined && ![incarnation, UNHEARD].includes(known.incarnation);
    if (isNew && !known.lost) this.#host.lost(node);
    const member: Member = {
      incarnation,
      anew: isNew || (known?.anew === true && known.lost),
      plans: new Set(presence.plans),
      ready: presence.ready && presence.run === welcome.run,
      phase,
      seenAt: this.#now(),
      lost: isNew || (known?.lost ?? phase !== "serving"),
    };
    this.#members.set(node, member);
    if (phase === "serving") this.#receive(node, member, welcome);
    else this.#end(node, member, known);
  }

  /** It waits for a welcome until the cluster is made larger. */
  #refuse({ node, phase, incarnation }: Presence): void {
    if (phase === "leaving") this.#send("farewell", node, { v: 1, incarnation });
    if (this.#strangers.has(node)) return;
    this.#strangers.add(node);
    this.#host.stranger(node);
  }

  /** One that still serves another gateway: it is told that there is a new one. */
  #take({ node, phase, incarnation }: Presence, welcome: Welcome): void {
    if (phase === "serving") this.#send("welcome", node, { ...welcome, deployments: [] });
    if (phase === "leaving") this.#send("farewell", node, { v: 1, incarnation });
  }

  #send(what: "welcome" | "farewell", node: NodeId, message: Welcome | Farewell): void {
    const subject = subjectOf(what, { cluster: this.#cluster, node });
    this.#link.publish(subject, JSON.stringify(message));
  }

  /** It takes part, for the first time or again, once it has all it needs. */
  #receive(node: NodeId, member: Member, welcome: Welcome): void {
    const lacking = welcome.deployments.filter(({ id }) => !member.plans.has(id));
    if (!member.ready || lacking.length > 0) {
      this.#hand(node, welcome, lacking);
      return;
    }
    if (!member.lost) return;
    member.lost = false;
    this.#host.back(node, { anew: member.anew });
  }

  /** One a message: all together may be more than a message can be. */
  #hand(node: NodeId, welcome: Welcome, lacking: readonly Deployment[]): void {
    const parts = lacking.length === 0 ? [[]] : lacking.map((deployment) => [deployment]);
    for (const deployments of parts) this.#send("welcome", node, { ...welcome, deployments });
  }

  #end(node: NodeId, member: Member, before: Member | undefined): void {
    if (member.phase === "gone") {
      if (!member.lost) this.#host.lost(node);
      member.lost = true;
    } else if (member.lost) this.letGo(node);
    else if (before?.phase === "serving") this.#host.leaving(node);
  }

  #look(): void {
    const now = this.#now();
    // Who cannot hear must not conclude anything from silence.
    const wasAsleep = now - this.#lookedAt > LOST_AFTER / 2;
    if (wasAsleep || !this.#link.connected()) this.#deafAt = now;
    this.#lookedAt = now;
    for (const [node, member] of this.#members) {
      if (member.lost || now - Math.max(member.seenAt, this.#deafAt) <= LOST_AFTER) continue;
      member.lost = true;
      this.#host.lost(node);
    }
  }
}

function subjectOf(
  what: "welcome" | "farewell",
  { cluster, node }: { readonly cluster: string; readonly node: NodeId },
): string {
  return `faasflow.${safeToken(cluster)}.${what}.${nodeName(node)}`;
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString("utf8"));
  } catch {
    return undefined;
  }
}
