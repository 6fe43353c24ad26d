/** The remote store as the embedded storage daemon keeps it: the client of `storage-server.ts`. */

import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { invocationPath, type PartName, partPath, partText } from "./data-name.ts";
import {
  type Exchange,
  type FileClient,
  isNetworkFault,
  kindOfStatus,
  openFileClient,
  Refused,
  retried,
  type TransferOptions,
  transfer,
} from "./file-transfer.ts";
import { type RemoteStoreShape, StoreError } from "./remote-store.ts";

export interface EmbeddedStoreOptions extends TransferOptions {
  /** `http://127.0.0.1:9080`. */
  readonly url: string;
  readonly token?: string | undefined;
}

/** Does not ask the daemon anything yet: `health` does. */
export const openEmbeddedStore = Effect.fnUntraced(function* (
  options: EmbeddedStoreOptions,
): Effect.fn.Return<RemoteStoreShape, StoreError, Scope.Scope> {
  const url = yield* parseUrl(options.url);
  const { token } = options;
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const client = yield* openFileClient({ url, headers }, options);
  const run = (exchange: Exchange): Effect.Effect<number, StoreError> => {
    const tried = Effect.tryPromise({
      try: (signal) => transfer(client, exchange, signal),
      catch: (cause) => storeError(client, exchange, cause),
    });
    return retried(tried, options);
  };
  return {
    put: (part, upload) =>
      run({ method: "PUT", path: partUrl(part), what: `store ${partText(part)}`, upload }),
    get: (part, file) =>
      run({ method: "GET", path: partUrl(part), what: `get ${partText(part)}`, download: file }),
    forget: (name) => {
      const path = `/invocations/${escaped(invocationPath(name))}`;
      const what = `forget invocation ${name.invocation} of ${name.workflow}`;
      return Effect.asVoid(run({ method: "DELETE", path, what }));
    },
    health: Effect.asVoid(run({ method: "GET", path: "/health", what: "be asked how it is" })),
  };
});

function parseUrl(text: string): Effect.Effect<URL, StoreError> {
  const wrong = new StoreError({
    kind: "refused",
    message: `${JSON.stringify(text)} is no address of a storage daemon: \
give one like http://127.0.0.1:9080.`,
  });
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  return parsed?.protocol === "http:" ? Effect.succeed(parsed) : Effect.fail(wrong);
}

/** Of a refusal, in the daemon's words. */
function explanation({ status, message }: Refused): string {
  try {
    const { error } = JSON.parse(message);
    if (typeof error === "string") return error;
  } catch {
    // Not from a storage daemon.
  }
  return `it answered ${status}; is that a storage daemon?`;
}

function storeError(client: FileClient, exchange: Exchange, cause: unknown): StoreError {
  const { what } = exchange;
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const at = `The remote store at ${client.url.origin}`;
  if (cause instanceof Refused) {
    const absent = cause.status === 404 && exchange.download !== undefined;
    const kind = absent ? "missing" : kindOfStatus(cause.status);
    return new StoreError({ kind, message: `${at} would not ${what}: ${explanation(cause)}` });
  }
  if (isNetworkFault(cause)) {
    const remedy = "Is the storage daemon running there, and is the address right?";
    const text = `${at} does not answer (could not ${what}: ${message || code}). ${remedy}`;
    return new StoreError({ kind: "unreachable", message: text });
  }
  const text = `Could not ${what}: ${message}. Look after the file and the disk it is on.`;
  return new StoreError({ kind: "io", message: text });
}

function partUrl(part: PartName): string {
  return `/parts/${escaped(partPath(part))}`;
}

/** So that whoever undoes percent signs on the way undoes these. */
function escaped(path: string): string {
  return path.replaceAll("%", "%25");
}
