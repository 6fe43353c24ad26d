/**
 * A CouchDB database's documents, without their attachments: the door of nano. Requests go through
 * nano's own `request`, with paths made here: its `doc` option leaves an id that has `_local`
 * anywhere in it unescaped. Every request ends: nano itself sets no time limit.
 */

import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Semaphore from "effect/Semaphore";
import nano from "nano";
import {
  DEFAULT_IDLE_TIMEOUT_MS,
  DEFAULT_MAX_CONNECTIONS,
  kindOfStatus,
  retried,
  type TransferOptions,
} from "./file-transfer.ts";
import { StoreError } from "./remote-store.ts";

export interface CouchAddress {
  /** Without the database: `http://127.0.0.1:5984`. */
  readonly server: URL;
  readonly database: string;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface CouchDocument {
  readonly id: string;
  readonly revision: string;
}

/** Ids from the first to the last, both included. */
export interface IdRange {
  readonly first: string;
  readonly last: string;
}

export interface CouchDocuments {
  /** Makes the database if there is none. */
  readonly makeDatabase: Effect.Effect<void, StoreError>;
  readonly health: Effect.Effect<void, StoreError>;
  /**
   * The document's revision. An empty document is made if there is none; undefined if somebody
   * else made it meanwhile.
   */
  readonly revision: (id: string) => Effect.Effect<string | undefined, StoreError>;
  /** What is in the range, some of it if it is much. Deleted documents are not. */
  readonly list: (range: IdRange) => Effect.Effect<readonly CouchDocument[], StoreError>;
  /** Deletes those that still have this revision; gives how many those were. */
  readonly remove: (documents: readonly CouchDocument[]) => Effect.Effect<number, StoreError>;
}

interface Asked<A> {
  readonly method: "GET" | "PUT" | "POST";
  /** In the database; none: the database itself. */
  readonly path?: string;
  readonly qs?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  /** In words, for messages. */
  readonly what: string;
  /** Of a good answer. */
  readonly schema: Schema.Decoder<A>;
}

/** An answer that is no success, and why in CouchDB's words; no status: there was no answer. */
export interface CouchRefusal {
  readonly status: number | undefined;
  readonly reason: string;
}

const NO_COUCH: CouchRefusal = {
  status: undefined,
  reason: "what answers is no CouchDB, or broke off",
};

/** Documents listed and deleted at a time. */
const PAGE = 500;
export const NOT_FOUND = 404;
export const CONFLICT = 409;
/** There is a database of that name. */
const EXISTS = 412;

const REMEDIES: ReadonlyMap<number, string> = new Map([
  [401, "Set FAASFLOW_COUCHDB_USER and FAASFLOW_COUCHDB_PASSWORD to a user of it."],
  [
    403,
    "Let the user read and write the database: CouchDB admits only its administrators, unless \
the database's _security says otherwise; and only they may make one.",
  ],
  [NOT_FOUND, "Is the database still there? A daemon makes it when it starts."],
  [CONFLICT, "With `--document per-datum` no two write the same document."],
  [413, "Raise max_attachment_size in CouchDB's settings, or make the datum smaller."],
]);

const Info = Schema.Struct({ db_name: Schema.String });
const Rows = Schema.Struct({
  rows: Schema.Array(
    Schema.Struct({ id: Schema.String, value: Schema.Struct({ rev: Schema.String }) }),
  ),
});
const Made = Schema.Struct({ rev: Schema.String });
/** A row a document: what was not deleted has an `error`. */
const Removed = Schema.Array(Schema.Struct({ error: Schema.optionalKey(Schema.String) }));

export function couchDocuments(address: CouchAddress, options: TransferOptions): CouchDocuments {
  const ask = asking(address, options);
  const what = "open the database";
  const health = Effect.asVoid(ask({ method: "GET", what, schema: Info }));
  const makeDatabase = Effect.asVoid(ask({ method: "PUT", what, schema: Schema.Unknown }));

  const list = ({ first, last }: IdRange): Effect.Effect<readonly CouchDocument[], StoreError> => {
    const qs = { startkey: first, endkey: last, limit: PAGE };
    const asked = { method: "GET", path: "_all_docs", qs, what: "list documents" } as const;
    return Effect.map(ask({ ...asked, schema: Rows }), ({ rows }) =>
      rows.map(({ id, value }) => ({ id, revision: value.rev })),
    );
  };

  const make = (id: string): Effect.Effect<string | undefined, StoreError> => {
    const path = encodeURIComponent(id);
    const asked = { method: "PUT", path, body: {}, what: "make a document" } as const;
    return ask({ ...asked, schema: Made }).pipe(
      Effect.map(({ rev }) => rev),
      Effect.catchIf(answered(CONFLICT), () => Effect.succeed(undefined)),
    );
  };

  return {
    makeDatabase: Effect.catchIf(health, answered(NOT_FOUND), () =>
      Effect.catchIf(makeDatabase, answered(EXISTS), () => Effect.void),
    ),
    health,
    list,
    revision: (id) =>
      Effect.flatMap(list({ first: id, last: id }), ([found]) =>
        found === undefined ? make(id) : Effect.succeed(found.revision),
      ),
    remove: (documents) => {
      const docs = documents.map(({ id, revision }) => ({
        _id: id,
        _rev: revision,
        _deleted: true,
      }));
      const asked = { method: "POST", path: "_bulk_docs", what: "delete documents" } as const;
      return Effect.map(
        ask({ ...asked, body: { docs }, schema: Removed }),
        (rows) => rows.filter(({ error }) => error === undefined).length,
      );
    },
  };
}

/** Whether CouchDB's answer was one of these. */
export function answered(...statuses: readonly number[]): (error: StoreError) => boolean {
  return ({ status }) => status !== undefined && statuses.includes(status);
}

function asking({ server, database, headers }: CouchAddress, options: TransferOptions) {
  const { idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = options;
  const config = { url: server.href, headers: { ...headers }, parseUrl: false };
  const client = nano(config);
  const turns = Semaphore.makeUnsafe(options.maxConnections ?? DEFAULT_MAX_CONNECTIONS);
  return <A>({ what, schema, ...asked }: Asked<A>): Effect.Effect<A, StoreError> => {
    const tried = Effect.tryPromise({
      try: (interrupted): Promise<unknown> => {
        const signal = AbortSignal.any([interrupted, AbortSignal.timeout(idleTimeoutMs)]);
        const request = { db: database, ...asked, signal };
        return client.request(request);
      },
      catch: refusalOf,
    }).pipe(
      // nano gives an answer that broke off as an empty one.
      Effect.flatMap((answer) =>
        Effect.mapError(Schema.decodeUnknownEffect(schema)(answer), () => NO_COUCH),
      ),
      Effect.mapError((refusal) => couchError(server, what, refusal)),
    );
    return retried(turns.withPermit(tried), options);
  };
}

/** In words that say what to do. */
export function couchError(server: URL, what: string, refusal: CouchRefusal): StoreError {
  const { status, reason } = refusal;
  const at = `The CouchDB at ${server.origin}`;
  if (status === undefined) {
    const remedy = "Is CouchDB running there, and is the address right?";
    const message = `${at} does not answer (could not ${what}: ${reason}). ${remedy}`;
    return new StoreError({ kind: "unreachable", message });
  }
  const remedy = REMEDIES.get(status) ?? "CouchDB's log may say more.";
  const message = `${at} would not ${what}: ${reason || `it answered ${status}`}. ${remedy}`;
  return new StoreError({ kind: kindOfStatus(status), message, status });
}

/** From what nano throws: without a status nothing answered. */
function refusalOf(cause: unknown): CouchRefusal {
  const { statusCode, message } = cause as { statusCode?: number; message: string };
  return { status: statusCode, reason: message.replace(/^.*Reason: /, "") };
}
