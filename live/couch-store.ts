/**
 * The remote store as a CouchDB keeps it (3.5, or anything that speaks its protocol). Bodies are
 * attachments, and there are two layouts:
 *
 * - `per-datum`: a document a part, with one attachment. Nobody else writes it, so a put is one
 *   request.
 * - `shared`: a document an invocation, each of its parts an attachment: what FaaSFlow does. A put
 *   reads the revision and uploads; when another put came between, CouchDB refuses the body that it
 *   has just been sent, and all of it begins again.
 *
 * Documents go through nano (`couch-documents.ts`), bodies do not. nano 11 can stream them (0.4 MB
 * live for 30 MB sent, 0.3 MB received), but a body that breaks off while it is received is an
 * uncaught exception that ends the process, and its stream never ends; and it sends without a
 * length and without asking first, so that a body over the limit is refused when it is on its way.
 *
 * Forgetting deletes documents found by their range of ids in `_all_docs`, which is an index that
 * CouchDB has anyway and in which deleted documents are not. What is left of each is its id and
 * revision; the attachments' space comes back when CouchDB compacts, which it does by itself. It is
 * not `_purge`: that frees no space either, and is meant as a last resort. Between runs an operator
 * may delete the whole database.
 */

import * as Effect from "effect/Effect";
import * as Random from "effect/Random";
import type * as Scope from "effect/Scope";
import { quoted } from "../core/workflow/problem.ts";
import {
  answered,
  CONFLICT,
  type CouchAddress,
  couchDocuments,
  couchError,
  type IdRange,
  NOT_FOUND,
} from "./couch-documents.ts";
import {
  type InvocationName,
  invocationPath,
  type PartName,
  partPath,
  partText,
} from "./data-name.ts";
import {
  type Exchange,
  isNetworkFault,
  openFileClient,
  Refused,
  retried,
  type TransferOptions,
  transfer,
} from "./file-transfer.ts";
import {
  type DocumentLayout,
  type RemoteStoreShape,
  StoreError,
  type Upload,
} from "./remote-store.ts";

export interface CouchStoreOptions extends TransferOptions {
  /** With the database's name as its last segment: `http://127.0.0.1:5984/faasflow`. */
  readonly url: string;
  readonly user?: { readonly name: string; readonly password: string } | undefined;
  readonly document: DocumentLayout;
}

export interface CouchStore extends RemoteStoreShape {
  /** How often a put came too late and began again. */
  readonly conflicts: () => number;
}

interface Layout {
  /** Whether a part's document is likely to be there before the part is. */
  readonly sharesDocuments: boolean;
  /** No name may begin with `_` in CouchDB, so each has a word in front. */
  readonly placeOf: (part: PartName) => { readonly id: string; readonly attachment: string };
  /** All documents of an invocation, and no others. */
  readonly rangeOf: (name: InvocationName) => IdRange;
}

/** Far more than ever write one document at a time: each time somebody else was done. */
const CONFLICT_TRIES = 200;
const BACKOFF_MS = 10;
const MAX_BACKOFF_MS = 500;
const BINARY = { "content-type": "application/octet-stream" };
/** CouchDB's rule, without the slash that would have to be escaped. */
const DATABASE = /^[a-z][a-z0-9_$()+-]*$/;

const LAYOUTS: Readonly<Record<DocumentLayout, Layout>> = {
  shared: {
    sharesDocuments: true,
    placeOf: (part) => ({
      id: `invocation/${invocationPath(part)}`,
      attachment: `data/${partPath(part).slice(invocationPath(part).length + 1)}`,
    }),
    rangeOf: (name) => {
      const id = `invocation/${invocationPath(name)}`;
      return { first: id, last: id };
    },
  },
  "per-datum": {
    sharesDocuments: false,
    placeOf: (part) => ({ id: `part/${partPath(part)}`, attachment: "body" }),
    rangeOf: (name) => {
      // No name of a datum is written with a `~` in front, which sorts after all they begin with.
      const id = `part/${invocationPath(name)}`;
      return { first: `${id}/`, last: `${id}/~` };
    },
  },
};

/** Makes the database if there is none, so CouchDB has to be there. */
export const openCouchStore = Effect.fnUntraced(function* (
  options: CouchStoreOptions,
): Effect.fn.Return<CouchStore, StoreError, Scope.Scope> {
  const address = yield* parseAddress(options);
  const { server, database, headers } = address;
  const { sharesDocuments, placeOf, rangeOf } = LAYOUTS[options.document];
  const documents = couchDocuments(address, options);
  yield* documents.makeDatabase;
  const client = yield* openFileClient({ url: server, headers }, options);
  let conflicts = 0;

  const run = (exchange: Exchange): Effect.Effect<number, StoreError> => {
    const tried = Effect.tryPromise({
      try: (signal) => transfer(client, exchange, signal),
      catch: (cause) => transferError(server, exchange, cause),
    });
    return retried(tried, options);
  };
  const pathOf = (part: PartName): string => {
    const { id, attachment } = placeOf(part);
    const segments = [database, id].map(encodeURIComponent);
    return `/${segments.join("/")}/${attachment.replaceAll("%", "%25")}`;
  };

  const put = Effect.fnUntraced(function* (part: PartName, upload: Upload) {
    const { id } = placeOf(part);
    const what = `store ${partText(part)}`;
    let revision = sharesDocuments ? yield* documents.revision(id) : undefined;
    for (let tries = 1; tries <= CONFLICT_TRIES; tries++) {
      const path = pathOf(part) + (revision === undefined ? "" : `?rev=${revision}`);
      const bytes = yield* run({ method: "PUT", path, headers: BINARY, what, upload }).pipe(
        // Some servers have no place for an attachment where a document was deleted.
        Effect.catchIf(answered(CONFLICT, NOT_FOUND), () => Effect.succeed(undefined)),
      );
      if (bytes !== undefined) return bytes;
      conflicts++;
      yield* backoff(tries);
      revision = yield* documents.revision(id);
    }
    return yield* crowded(server, what);
  });

  const forget = Effect.fnUntraced(function* (name: InvocationName) {
    const what = `forget invocation ${name.invocation} of ${name.workflow}`;
    for (let tries = 1; tries <= CONFLICT_TRIES; ) {
      const found = yield* documents.list(rangeOf(name));
      if (found.length === 0) return;
      if ((yield* documents.remove(found)) === 0) yield* backoff(tries++);
    }
    return yield* crowded(server, what);
  });

  return {
    put,
    get: (part, download) =>
      run({ method: "GET", path: pathOf(part), what: `get ${partText(part)}`, download }),
    forget,
    health: documents.health,
    conflicts: () => conflicts,
  };
});

/** As long as chance says, so that those who collided do not collide again; up to ever longer. */
function backoff(tries: number): Effect.Effect<void> {
  const longest_ms = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * tries);
  return Effect.flatMap(Random.next, (part) => Effect.sleep(Math.ceil(part * longest_ms)));
}

function crowded(server: URL, what: string): StoreError {
  const reason = `others wrote the same document each of the ${CONFLICT_TRIES} times it was tried`;
  return couchError(server, what, { status: CONFLICT, reason });
}

/** The server and the database in an address; undefined if it has none. */
export function couchDatabase(
  text: string,
): { readonly server: URL; readonly database: string } | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const [, base, database = ""] = /^(.*\/)([^/]+)\/?$/.exec(url?.pathname ?? "") ?? [];
  const isGood = url?.protocol === "http:" && base !== undefined && DATABASE.test(database);
  return isGood ? { server: new URL(base, url), database } : undefined;
}

function parseAddress(options: CouchStoreOptions): Effect.Effect<CouchAddress, StoreError> {
  const found = couchDatabase(options.url);
  if (found === undefined) {
    const message = `${quoted(options.url)} is no address of a CouchDB's database: give one like \
http://127.0.0.1:5984/faasflow; a name has small letters, digits and _$()+-, a letter first.`;
    return Effect.fail(new StoreError({ kind: "refused", message }));
  }
  const { user } = options;
  const headers: Record<string, string> = {};
  if (user !== undefined) {
    const both = Buffer.from(`${user.name}:${user.password}`).toString("base64");
    headers["authorization"] = `Basic ${both}`;
  }
  return Effect.succeed({ ...found, headers });
}

function transferError(server: URL, { what, download }: Exchange, cause: unknown): StoreError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  if (cause instanceof Refused) {
    const { status } = cause;
    const reason = reasonIn(message);
    if (status !== NOT_FOUND || download === undefined) {
      return couchError(server, what, { status, reason });
    }
    const text = `The CouchDB at ${server.origin} could not ${what}: no such part (${reason}).`;
    return new StoreError({ kind: "missing", message: text, status });
  }
  if (isNetworkFault(cause)) {
    return couchError(server, what, { status: undefined, reason: message || code });
  }
  const text = `Could not ${what}: ${message}. Look after the file and the disk it is on.`;
  return new StoreError({ kind: "io", message: text });
}

/** CouchDB's own words in its answer. */
function reasonIn(text: string): string {
  try {
    const { error, reason } = JSON.parse(text);
    return String(reason ?? error ?? "");
  } catch {
    return "";
  }
}
