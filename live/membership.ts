/**
 * Who is in the cluster. Every daemon says so twice a second, with what it has; the gateway hears
 * them all, hands out settings and plans, and decides who is lost. Here is what they say, and the
 * daemon's side; the gateway's is `roster.ts`.
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

export const HEARTBEAT = 500_000 as Micros;

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

export interface MembershipParts {
  readonly link: NatsLink;
  readonly cluster: string;
  readonly clock: Clock;
}

/** The daemon's side: says that it is there, until `stop`. */
export function announce(
  { link, cluster, clock }: MembershipParts,
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

/** The gateway's side: what daemons say, as far as it can be read. */
export function onPresence(
  { link, cluster }: Pick<MembershipParts, "link" | "cluster">,
  hear: (presence: Presence) => void,
): () => void {
  return link.subscribe(`faasflow.${safeToken(cluster)}.presence`, ({ data }) => {
    const decoded = decodePresence(parse(data));
    if (Result.isSuccess(decoded)) hear(decoded.success);
  });
}

export function sendWelcome(link: NatsLink, to: MemberAddress, welcome: Welcome): void {
  link.publish(subjectOf("welcome", to), JSON.stringify(welcome));
}

export function sendFarewell(link: NatsLink, to: MemberAddress, farewell: Farewell): void {
  link.publish(subjectOf("farewell", to), JSON.stringify(farewell));
}

interface MemberAddress {
  readonly cluster: string;
  readonly node: NodeId;
}

function subjectOf(what: "welcome" | "farewell", { cluster, node }: MemberAddress): string {
  return `faasflow.${safeToken(cluster)}.${what}.${nodeName(node)}`;
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString("utf8"));
  } catch {
    return undefined;
  }
}
