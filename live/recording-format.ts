/**
 * What a recording has: all that a machine was told, and all that it did about it. NDJSON:
 *
 * ```json
 * {"format":"faasflow-recording","version":1,"node":"worker-1","incarnation":"9f2c","run":"4e1a","settings":{}}
 * {"at_us":1700,"input":{"tag":"ready","container":3},"did":[["get",{}],["event",1700,2,"ready"]]}
 * {"end":"stopped"}
 * ```
 *
 * First a header, then a line a turn (an input, handled to its end), then how it ended; a daemon that
 * is killed has no last line. `did` has the machine's calls in their order, each with its arguments;
 * an event's are those of `packed-event.ts`. A plan is recorded as its deployment: who reads it works
 * it out again, as daemons do.
 */

import * as Schema from "effect/Schema";
import type { Settings } from "../core/engine/settings.ts";
import type {
  BootRequest,
  DropRequest,
  GetRequest,
  Input,
  PutRequest,
  StartRequest,
  Timer,
} from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { type NodeId, nodeNamed } from "../core/node.ts";
import type { Message } from "../core/protocol.ts";
import type { Micros } from "../core/units.ts";
import { type Deployment, DeploymentSchema, SettingsSchema } from "./deployment.ts";
import { packed } from "./packed-event.ts";
import {
  BytesSchema,
  ControlSchema,
  Facts,
  inJson,
  MessageSchema,
  MicrosSchema,
  ReasonSchema,
  type SameTags,
} from "./wire.ts";

export const RECORDING_FORMAT = "faasflow-recording";
export const RECORDING_VERSION = 2;
export const RECORDING_SUFFIX = ".recording";

export interface RecordingHeader {
  readonly format: typeof RECORDING_FORMAT;
  readonly version: typeof RECORDING_VERSION;
  /** `gateway`, `master`, `worker-1`, ... */
  readonly node: string;
  /** Differs with each start of the daemon. */
  readonly incarnation: string;
  readonly run: string;
  readonly settings: Settings;
}

/** One call of a machine to its `Env`. */
export type Call =
  | readonly ["send", NodeId, Message]
  /** Delay, timer, and the token that the world gave for it. */
  | readonly ["timer", Micros, Timer, number]
  | readonly ["cancel", number]
  | readonly ["boot", BootRequest]
  | readonly ["stop", number]
  | readonly ["get", GetRequest]
  | readonly ["start", StartRequest]
  | readonly ["put", PutRequest]
  | readonly ["drop", DropRequest]
  | readonly ["event", Event];

const CALLS: ReadonlySet<unknown> = new Set<Call[0]>([
  ...(["send", "timer", "cancel", "boot", "stop"] as const),
  ...(["get", "start", "put", "drop", "event"] as const),
]);

/** An input, and what the machine did while it handled it. */
export interface Turn {
  readonly at: Micros;
  readonly input: Input;
  readonly did: readonly Call[];
  /** The machine threw: it did no more than that. */
  readonly threw: boolean;
}

/** How a recording ends, if its daemon could still say so. */
export type Ending = "stopped" | "full";

/** A call as its line has it. */
export type WrittenCall = readonly unknown[];

export type WrittenInput =
  | Exclude<Input, { tag: "deploy" }>
  | { readonly tag: "deploy"; readonly deployment: Deployment };

export interface WrittenTurn {
  readonly at_us: Micros;
  readonly input: WrittenInput;
  readonly did: readonly WrittenCall[];
  readonly threw?: true;
}

/** `deploymentOf` gives what the plan of that id was worked out from. */
export function turnLine(
  { at, input, did, threw }: Turn,
  deploymentOf: (plan: number) => Deployment,
): string {
  const written = {
    at_us: at,
    input: writtenInput(input, deploymentOf),
    did: did.map(writtenCall),
  };
  return JSON.stringify(threw ? { ...written, threw } : written);
}

/** Parsed, it is a call as a line has it. */
export function callText(call: Call): string {
  return JSON.stringify(writtenCall(call));
}

function writtenCall(call: Call): WrittenCall {
  if (call[0] === "event") return ["event", ...packed(call[1])];
  if (call[0] === "send") return ["send", call[1], inJson(call[2])];
  return call;
}

function writtenInput(input: Input, deploymentOf: (plan: number) => Deployment): unknown {
  if (input.tag === "deploy") return { tag: "deploy", deployment: deploymentOf(input.plan.id) };
  if (input.tag === "message") return { ...input, message: inJson(input.message) };
  return inJson(input);
}

const Id = Schema.Natural;
const Slot = { activation: Id, slot: Id };
const Work = { invocation: Id, task: Id, item: Id };

const TimerSchema = Schema.Union([
  Schema.Struct({ tag: Schema.Literal("run"), ...Work }),
  Schema.Struct({ tag: Schema.Literal("attempt-timeout"), activation: Id }),
  Schema.Struct({ tag: Schema.Literal("retry"), activation: Id }),
  Schema.Struct({ tag: Schema.Literal("store-retry"), ...Slot }),
  Schema.Struct({ tag: Schema.Literal("keep-alive"), pool: Id }),
  Schema.Struct({ tag: Schema.Literal("dispatch") }),
  Schema.Struct({ tag: Schema.Literal("invocation-timeout"), invocation: Id }),
]) satisfies Schema.Decoder<Timer>;

true satisfies SameTags<Timer, typeof TimerSchema>;

const Known = MessageSchema.annotate({ expected: "a message of this version" });

const InputSchema = Schema.Union([
  ...ControlSchema.members,
  Schema.Struct({ tag: Schema.Literal("gateway-back") }),
  Schema.Struct({ tag: Schema.Literal("deploy"), deployment: DeploymentSchema }),
  Schema.Struct({ tag: Schema.Literal("message"), from: Id, message: Known }),
  Schema.Struct({ tag: Schema.Literal("timer"), timer: TimerSchema }),
  Schema.Struct({ tag: Schema.Literal("ready"), container: Id }),
  Schema.Struct({ tag: Schema.Literal("container-lost"), container: Id }),
  Schema.Struct({ tag: Schema.Literal("got"), ...Slot, bytes: BytesSchema }),
  Schema.Struct({ tag: Schema.Literal("get-failed"), ...Slot }),
  Schema.Struct({
    tag: Schema.Literal("executed"),
    activation: Id,
    outputs: Schema.Array(Schema.Union([BytesSchema, Schema.Array(BytesSchema)])),
    compute: MicrosSchema,
    sleep: MicrosSchema,
    facts: Facts,
  }),
  Schema.Struct({
    tag: Schema.Literal("execution-failed"),
    activation: Id,
    reason: ReasonSchema,
  }),
  Schema.Struct({ tag: Schema.Literal("stored"), ...Slot }),
  Schema.Struct({ tag: Schema.Literal("put-failed"), ...Slot }),
]) satisfies Schema.Decoder<WrittenInput>;

true satisfies SameTags<WrittenInput, typeof InputSchema>;

const isCall = (value: unknown): value is WrittenCall =>
  Array.isArray(value) && CALLS.has(value[0]);

export const TurnSchema = Schema.Struct({
  at_us: MicrosSchema,
  input: InputSchema.annotate({ expected: "an input that machines of this version know" }),
  did: Schema.Array(Schema.declare(isCall, { expected: 'a call, such as ["cancel",4]' })),
  threw: Schema.optionalKey(Schema.Literal(true)),
}) satisfies Schema.Decoder<WrittenTurn>;

export const HeaderSchema = Schema.Struct({
  format: Schema.Literal(RECORDING_FORMAT),
  version: Schema.Literal(RECORDING_VERSION),
  node: Schema.String.check(Schema.makeFilter((name) => nodeNamed(name) !== undefined)),
  incarnation: Schema.String,
  run: Schema.String,
  settings: SettingsSchema,
}) satisfies Schema.Decoder<RecordingHeader>;

export const EndingSchema = Schema.Struct({
  end: Schema.Literals(["stopped", "full"]),
});
