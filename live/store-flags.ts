/** `--store` and `--document`: which remote store a daemon or a cluster keeps its data in. */

import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import { quoted } from "../core/workflow/problem.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import { couchDatabase, openCouchStore } from "./couch-store.ts";
import { openEmbeddedStore } from "./embedded-store.ts";
import type { DocumentLayout, StoreChoice } from "./remote-store.ts";
import { secret } from "./secret-flags.ts";

const DOCUMENT = Flag.Literals("document", ["shared", "per-datum"]).pipe(
  Flag.optional,
  Flag.withDescription(
    "with couchdb: shared, a document an invocation as FaaSFlow has it, or per-datum (default)",
  ),
);

/** Of a daemon. */
export const STORE_FLAGS = {
  store: Flag.String("store").pipe(
    Flag.withDefault("embedded=http://127.0.0.1:9080"),
    Flag.withDescription(
      "embedded=URL: a storage daemon, its token in FAASFLOW_STORAGE_TOKEN; or couchdb=URL, with the " +
        "database: couchdb=http://127.0.0.1:5984/faasflow, FAASFLOW_COUCHDB_USER and _PASSWORD",
    ),
  ),
  document: DOCUMENT,
};

/** Of a cluster on this machine, which can have a storage daemon of its own. */
export const CLUSTER_STORE_FLAGS = {
  store: Flag.String("store").pipe(
    Flag.withDefault("embedded"),
    Flag.withDescription(
      "embedded (default): a storage daemon of the cluster's own; or embedded=URL, couchdb=URL",
    ),
  ),
  document: DOCUMENT,
};

export interface StoreInput {
  readonly store: string;
  readonly document: Option.Option<DocumentLayout>;
}

export interface StoreReading {
  /** Undefined: plain `embedded`, or a problem. */
  readonly choice: StoreChoice | undefined;
  readonly problems: readonly string[];
}

export function readStore({ store, document }: StoreInput): StoreReading {
  const [, tag, url] = /^(embedded|couchdb)(?:=(.*))?$/.exec(store) ?? [];
  if (tag === "couchdb") {
    const problems = addressProblems(store, url, "couchdb=http://127.0.0.1:5984/faasflow");
    if (problems.length === 0 && couchDatabase(url!) === undefined) {
      problems.push(`--store: ${quoted(store)} has no database that CouchDB would take. Give its \
name as the path, /faasflow: small letters, digits and _$()+-, a letter first.`);
    }
    const layout = Option.getOrElse(document, () => "per-datum" as const);
    const choice = { tag, url: url!, document: layout } as const;
    return { choice: problems.length === 0 ? choice : undefined, problems };
  }
  const unread =
    "--document: nothing reads it without --store couchdb=URL. Add that, or leave it out.";
  const problems = Option.isSome(document) ? [unread] : [];
  if (tag === undefined) {
    problems.unshift(`--store: ${quoted(store)}. Write embedded=URL or couchdb=URL.`);
  } else if (url !== undefined) {
    problems.unshift(...addressProblems(store, url, "embedded=http://127.0.0.1:9080"));
  }
  const known = tag !== undefined && url !== undefined && problems.length === 0;
  return { choice: known ? { tag: "embedded", url } : undefined, problems };
}

/** Of a daemon, which has no store of its own. */
export function readDaemonStore(input: StoreInput): StoreReading {
  const { choice, problems } = readStore(input);
  if (choice !== undefined || problems.length > 0) return { choice, problems };
  const problem = "--store: embedded. Say where: embedded=http://127.0.0.1:9080.";
  return { choice, problems: [problem] };
}

function addressProblems(store: string, url: string | undefined, example: string): string[] {
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "http:") {
    return [`--store: ${quoted(store)} has no http address. Give one, like ${example}.`];
  }
  if (parsed.username === "" && parsed.password === "") return [];
  const where = store.startsWith("couchdb")
    ? "FAASFLOW_COUCHDB_USER and FAASFLOW_COUCHDB_PASSWORD"
    : "FAASFLOW_STORAGE_TOKEN";
  return [
    `--store: the address holds a user or a password, which every user of this machine sees in the \
flags of its processes. Put them into the environment, ${where}.`,
  ];
}

/** The store, once it has answered and let us in. */
export const openStore = Effect.fnUntraced(function* (choice: StoreChoice) {
  const store = yield* choice.tag === "couchdb" ? couchOf(choice) : embeddedOf(choice);
  yield* store.health;
  return store;
});

/** Asks the store, if it is not the cluster's own, whether it would be there for its daemons. */
export const readyStore = Effect.fnUntraced(function* (choice: StoreChoice | undefined) {
  if (choice === undefined) return;
  yield* Effect.scoped(openStore(choice)).pipe(
    Effect.mapError((error) =>
      error instanceof UsageErrors
        ? error
        : new UsageErrors({ problems: [`--store: ${error.message}`] }),
    ),
  );
});

const embeddedOf = Effect.fnUntraced(function* ({ url }: StoreChoice) {
  const token = yield* secret("FAASFLOW_STORAGE_TOKEN");
  return yield* openEmbeddedStore({ url, token: token && Redacted.value(token) });
});

const couchOf = Effect.fnUntraced(function* (choice: Extract<StoreChoice, { tag: "couchdb" }>) {
  const name = yield* secret("FAASFLOW_COUCHDB_USER");
  const password = yield* secret("FAASFLOW_COUCHDB_PASSWORD");
  if ((name === undefined) !== (password === undefined)) {
    const [there, absent] = name === undefined ? ["PASSWORD", "USER"] : ["USER", "PASSWORD"];
    const problem = `FAASFLOW_COUCHDB_${there} is set, FAASFLOW_COUCHDB_${absent} is not. Set both, \
or neither where CouchDB lets everybody in.`;
    return yield* new UsageErrors({ problems: [problem] });
  }
  const user = name &&
    password && { name: Redacted.value(name), password: Redacted.value(password) };
  return yield* openCouchStore({ ...choice, user });
});
