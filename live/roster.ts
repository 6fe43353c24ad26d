/**
 * The gateway's side of membership: who is there, who has all it needs, who is lost, who may go. Who comes
 * and goes is told to its host, which tells the machines.
 */

import type { NodeId } from "../core/node.ts";
import type { Micros } from "../core/units.ts";
import { every } from "./clock.ts";
import type { Deployment } from "./deployment.ts";
import {
  HEARTBEAT,
  type MembershipParts,
  onPresence,
  type Phase,
  type Presence,
  sendFarewell,
  sendWelcome,
  type Welcome,
} from "./membership.ts";
import type { NatsLink } from "./nats.ts";

/** Silence after which a daemon counts as lost. */
const LOST_AFTER = 3_000_000 as Micros;

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
    { link, cluster, clock }: MembershipParts,
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
      onPresence({ link, cluster }, (presence) => this.#hear(presence)),
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
    this.#farewell(node, member.incarnation);
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

  #hear(presence: Presence): void {
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
    if (phase === "leaving") this.#farewell(node, incarnation);
    if (this.#strangers.has(node)) return;
    this.#strangers.add(node);
    this.#host.stranger(node);
  }

  /** One that still serves another gateway: it is told that there is a new one. */
  #take({ node, phase, incarnation }: Presence, welcome: Welcome): void {
    if (phase === "serving") this.#welcome(node, { ...welcome, deployments: [] });
    if (phase === "leaving") this.#farewell(node, incarnation);
  }

  #welcome(node: NodeId, welcome: Welcome): void {
    sendWelcome(this.#link, { cluster: this.#cluster, node }, welcome);
  }

  #farewell(node: NodeId, incarnation: string): void {
    sendFarewell(this.#link, { cluster: this.#cluster, node }, { v: 1, incarnation });
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
    for (const deployments of parts) this.#welcome(node, { ...welcome, deployments });
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
