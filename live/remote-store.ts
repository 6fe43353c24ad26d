/**
 * The remote store: where data goes that another worker reads, or that outlives an invocation. One
 * interface, several bodies: `embedded-store.ts` keeps parts in files of a storage daemon,
 * `couch-store.ts` in a CouchDB.
 *
 * Each operation may be repeated: a second put replaces the first as a whole, and a reader sees one
 * or the other, never a mixture. Bodies stream from file to file.
 */

import type * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { InvocationName, PartName } from "./data-name.ts";

/**
 * `missing`: never stored, or forgotten; `unreachable`: no answer, though tried several times;
 * `refused`: the store does not want it as asked (token, size, name); `io`: a disk's doing, here
 * or there. The message says what to do; `status` is HTTP's, if there was an answer.
 */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  kind: Schema.Literals(["missing", "unreachable", "refused", "io"]),
  message: Schema.String,
  status: Schema.optionalKey(Schema.Int),
}) {}

/** The path of a file, or what is to be stored itself. */
export type Upload = string | Buffer;

export interface RemoteStoreShape {
  /** Stores the file's content, or what is given; gives its bytes. The file is left where it is. */
  readonly put: (part: PartName, source: Upload) => Effect.Effect<number, StoreError>;
  /** Writes the part into `file`; gives its bytes. Leaves no file behind if it fails. */
  readonly get: (part: PartName, file: string) => Effect.Effect<number, StoreError>;
  /** All parts of an invocation. No error if there are none. */
  readonly forget: (invocation: InvocationName) => Effect.Effect<void, StoreError>;
  /** Succeeds if the store answers and lets us in. */
  readonly health: Effect.Effect<void, StoreError>;
}

/** How a CouchDB holds the parts of an invocation: see `couch-store.ts`. */
export type DocumentLayout = "shared" | "per-datum";

/** Which remote store, as a flag says it. */
export type StoreChoice =
  | { readonly tag: "embedded"; readonly url: string }
  | { readonly tag: "couchdb"; readonly url: string; readonly document: DocumentLayout };

/** The flags that say so to a daemon. */
export function storeArguments(choice: StoreChoice): readonly string[] {
  const store = ["--store", `${choice.tag}=${choice.url}`];
  return choice.tag === "couchdb" ? [...store, "--document", choice.document] : store;
}
