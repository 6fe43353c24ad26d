/** `--store` and `--document`: what is read from them, and what is told when they are wrong. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as Option from "effect/Option";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type DocumentLayout, storeArguments } from "../../live/remote-store.ts";
import { readDaemonStore, readStore } from "../../live/store-flags.ts";
import { freePort } from "./storage-bench.ts";

const flags = suite("store flags");
const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const COUCH = "couchdb=http://127.0.0.1:5984/faasflow";

function read(store: string, document?: DocumentLayout) {
  return readStore({ store, document: Option.fromUndefinedOr(document) });
}

function worker(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const all = [PROGRAM, "worker", "--name", "worker-1", ...args];
  const options = { encoding: "utf8", env: { ...process.env, ...env }, timeout: 60_000 } as const;
  const { status, stderr } = spawnSync(process.execPath, all, options);
  return { status, stderr };
}

flags("an embedded store is where it is said to be, or the cluster's own", () => {
  const url = "http://10.0.0.1:9080";
  assert.equal(read(`embedded=${url}`), { choice: { tag: "embedded", url }, problems: [] });
  assert.equal(read("embedded"), { choice: undefined, problems: [] });
});

flags("a CouchDB has a document a datum unless it is said otherwise", () => {
  const url = "http://127.0.0.1:5984/faasflow";
  const choice = { tag: "couchdb", url, document: "per-datum" };
  assert.equal(read(COUCH), { choice, problems: [] });
  assert.equal(read(COUCH, "shared"), { choice: { ...choice, document: "shared" }, problems: [] });
});

flags("what a cluster passes on to its daemons is what it read", () => {
  for (const document of ["shared", "per-datum"] as const) {
    const { choice } = read(COUCH, document);
    const [, store, , layout] = storeArguments(choice!);
    assert.equal(read(store!, layout as DocumentLayout).choice, choice);
  }
  const { choice } = read("embedded=http://10.0.0.1:9080");
  assert.equal(storeArguments(choice!), ["--store", "embedded=http://10.0.0.1:9080"]);
});

for (const [store, problem] of [
  ["foo", /"foo"\. Write embedded=URL or couchdb=URL/],
  ["couchdb", /no http address\. Give one, like couchdb=http:/],
  ["couchdb=https://x/db", /no http address/],
  ["couchdb=http://127.0.0.1:5984", /no database.*path, \/faasflow/],
  ["couchdb=http://127.0.0.1:5984/Big", /no database.*small letters/],
  ["couchdb=http://u:secret@127.0.0.1:5984/db", /environment, FAASFLOW_COUCHDB_USER and/],
  ["embedded=", /no http address\. Give one, like embedded=http:/],
  ["embedded=http://:secret@127.0.0.1:9080", /environment, FAASFLOW_STORAGE_TOKEN/],
] as const) {
  flags(`--store ${store} is refused with what to write`, () => {
    const { choice, problems } = read(store);
    assert.is(choice, undefined);
    assert.is(problems.length, 1);
    assert.match(problems[0]!, problem);
    assert.not.match(problems[0]!, /secret/);
  });
}

flags("a layout of documents is an error where nothing reads it", () => {
  for (const store of ["embedded", "embedded=http://127.0.0.1:9080"]) {
    const { choice, problems } = read(store, "shared");
    assert.is(choice, undefined);
    assert.match(problems.join(), /--document: nothing reads it without --store couchdb=URL/);
  }
});

flags("a daemon has no store of its own", () => {
  const { problems } = readDaemonStore({ store: "embedded", document: Option.none() });
  assert.match(problems.join(), /Say where/);
});

flags("a worker tells all that is wrong with its flags at once, with exit code 2", () => {
  const { status, stderr } = worker(["--store", "foo", "--document", "shared", "--image", "x"]);
  assert.is(status, 2);
  for (const problem of [/--store: "foo"/, /--document: nothing/, /--image: nothing/]) {
    assert.match(stderr, problem);
  }
});

for (const kind of ["embedded", "couchdb"]) {
  flags(`a worker whose ${kind} store is not there says so and ends with exit code 2`, async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const path = kind === "couchdb" ? "/faasflow" : "";
    const { status, stderr } = worker(["--store", `${kind}=${url}${path}`]);
    assert.is(status, 2);
    assert.match(stderr, new RegExp(`${url} does not answer.*ECONNREFUSED.*running there`));
  });
}

flags("a CouchDB user without a password is told", () => {
  const { status, stderr } = worker(["--store", COUCH], { FAASFLOW_COUCHDB_USER: "somebody" });
  assert.is(status, 2);
  assert.match(stderr, /FAASFLOW_COUCHDB_USER is set, FAASFLOW_COUCHDB_PASSWORD is not/);
});

flags.run();
