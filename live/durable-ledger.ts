/**
 * The ledger in JetStream: stream `faasflow-CLUSTER-ledger`, which keeps the last message of each
 * subject.
 *
 * | subject, JSON | what |
 * |---|---|
 * | `faasflow.CLUSTER.ledger.run` | `RunRecord`: the first gateway's id |
 * | `faasflow.CLUSTER.ledger.deployment.ID` | `DeploymentRecord` |
 * | `faasflow.CLUSTER.ledger.invocation.ID` | `InvocationRecord`, written when it is accepted and when it is over |
 */

import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { BusError, type BusOptions, type BusParts, busParts, limited } from "./bus.ts";
import { type Deployment, DeploymentSchema } from "./deployment.ts";
import { DurableOutbox } from "./durable-outbox.ts";
import { DurableStream, openStream } from "./durable-stream.ts";
import type { Accepted, InvocationStatus, Ledger, Legacy } from "./ledger.ts";
import type { JetStream, NatsLink } from "./nats.ts";
import { Facts, inJson, MicrosSchema } from "./wire.ts";

const VERSION = 1;
const FAREWELL_MS = 3_000;

const RunRecord = Schema.Struct({ v: Schema.Literal(VERSION), run: Schema.String });
const DeploymentRecord = Schema.Struct({
  v: Schema.Literal(VERSION),
  deployment: DeploymentSchema,
});
const InvocationRecord = Schema.Struct({
  v: Schema.Literal(VERSION),
  id: Schema.Natural,
  workflow: Schema.String,
  state: Schema.Literals(["running", "finished", "failed"]),
  arrived_us: MicrosSchema,
  latency_s: Schema.optionalKey(Schema.Finite),
  reason: Schema.optionalKey(Schema.String),
  plan: Schema.Natural,
  storing_us: MicrosSchema,
  facts: Facts,
});

export interface LedgerOptions extends BusOptions {
  /** Of the gateway that opens it. */
  readonly run: string;
}

/** Reads what others have left; fails if that cannot be read. For the length of the scope. */
export const durableLedger = Effect.fn("durableLedger")(function* (
  link: NatsLink,
  options: LedgerOptions,
): Effect.fn.Return<Ledger, BusError, Scope.Scope> {
  const parts = yield* busParts(link, options);
  const stream = yield* openStream(
    new DurableStream(parts, `faasflow-${parts.cluster}-ledger`, {
      tag: "state",
      subjects: `${rootOf(parts)}.>`,
    }),
    parts.patienceMillis,
  );
  const found = yield* Effect.tryPromise({
    try: () => read(stream, parts),
    catch: (cause) => (cause instanceof BusError ? cause : stream.error(cause)),
  });
  return yield* Effect.acquireRelease(
    Effect.sync(() => new DurableLedger(parts, stream, found ?? { run: options.run })),
    (ledger) => ledger.end(),
  );
});

interface Found {
  readonly run: string;
  readonly legacy?: Legacy;
}

class DurableLedger implements Ledger {
  readonly run: string;
  readonly legacy: Legacy | undefined;
  readonly failure: Effect.Effect<never, BusError>;
  readonly #parts: BusParts;
  readonly #stream: DurableStream;
  readonly #outbox: DurableOutbox;

  constructor(parts: BusParts, stream: DurableStream, { run, legacy }: Found) {
    this.run = run;
    this.legacy = legacy;
    this.#parts = parts;
    this.#stream = stream;
    this.#outbox = new DurableOutbox(parts, stream);
    this.failure = parts.failure;
    if (legacy === undefined) this.#write("run", { run });
  }

  deployed(deployment: Deployment): void {
    this.#write(`deployment.${deployment.id}`, { deployment });
  }

  invocation({ status, plan, storing, facts }: Accepted): void {
    const record = { ...status, plan, storing_us: storing, facts };
    this.#write(`invocation.${status.id}`, inJson(record));
  }

  forget(invocation: number): void {
    const filter = `${rootOf(this.#parts)}.invocation.${invocation}`;
    // One that stays is met, and forgotten, by the next gateway.
    this.#parts.link
      .jetStream()
      .then(({ streams }) => streams.purge(this.#stream.name, { filter }))
      .catch(() => undefined);
  }

  safe(): Promise<void> {
    return this.#outbox.flush();
  }

  /** Gives what is not stored yet a last chance. */
  end(): Effect.Effect<void> {
    const flush = limited(this.#parts, "storing the ledger", () => this.safe());
    const last = Effect.ignore(Effect.timeout(flush, FAREWELL_MS));
    return Effect.andThen(
      this.#parts.link.connected() ? last : Effect.void,
      Effect.sync(() => this.#outbox.end()),
    );
  }

  #write(name: string, record: object): void {
    const text = JSON.stringify({ v: VERSION, ...record });
    const subject = `${rootOf(this.#parts)}.${name}`;
    this.#outbox.send({ subject, id: this.#parts.nextId("ledger"), text });
  }
}

function rootOf({ cluster }: Pick<BusParts, "cluster">): string {
  return `faasflow.${cluster}.ledger`;
}

/** undefined: nobody has written in it yet. */
async function read(stream: DurableStream, parts: BusParts): Promise<Found | undefined> {
  const root = rootOf(parts);
  let run: string | undefined;
  const deployments: Deployment[] = [];
  const invocations: Accepted[] = [];
  for await (const { subject, text } of messages(await stream.ensure(), stream.name, root)) {
    const record = <T>(schema: Schema.Codec<T, unknown>): T =>
      decoded(schema, { stream: stream.name, subject, text });
    const [kind] = subject.slice(root.length + 1).split(".");
    if (kind === "run") run = record(RunRecord).run;
    else if (kind === "deployment") deployments.push(record(DeploymentRecord).deployment);
    else invocations.push(acceptedOf(record(InvocationRecord)));
  }
  if (run === undefined) return undefined;
  deployments.sort((a, b) => a.id - b.id);
  invocations.sort((a, b) => a.status.id - b.status.id);
  return { run, legacy: { deployments, invocations } };
}

function acceptedOf(record: typeof InvocationRecord.Type): Accepted {
  const { id, workflow, state, arrived_us, latency_s, reason, plan, storing_us, facts } = record;
  const status: InvocationStatus = { id, workflow, state, arrived_us, latency_s, reason };
  return { status, plan, storing: storing_us, facts };
}

/** One after another: a few hundred at most, once a start. */
async function* messages(
  { direct }: JetStream,
  stream: string,
  root: string,
): AsyncIterable<{ readonly subject: string; readonly text: string }> {
  for (let seq = 1; ; ) {
    const message = await direct.getMessage(stream, { seq, next_by_subj: `${root}.>` });
    if (message === null) return;
    yield { subject: message.subject, text: message.string() };
    seq = message.seq + 1;
  }
}

function decoded<T>(
  schema: Schema.Codec<T, unknown>,
  from: { readonly stream: string; readonly subject: string; readonly text: string },
): T {
  const result = Schema.decodeUnknownResult(Schema.fromJsonString(schema))(from.text);
  if (Result.isSuccess(result)) return result.success;
  const why = result.failure.message.replaceAll(/\s*\n\s*/g, " ");
  const detail = `the record ${from.subject} of the stream ${from.stream} cannot be read (${why})`;
  throw new BusError({ reason: "stream", detail });
}
