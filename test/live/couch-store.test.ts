/** The CouchDB store, in what is its own: layouts, conflicts, and what a server answers. */

import * as fs from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type CouchStore, type CouchStoreOptions, openCouchStore } from "../../live/couch-store.ts";
import type { StoreError } from "../../live/remote-store.ts";
import { type CouchServer, couchServer } from "./couch-bench.ts";
import {
  failureOf,
  inFolder,
  LARGE,
  PART,
  runScoped,
  withRemote,
  withTcp,
} from "./storage-bench.ts";

const couch = suite("CouchDB store");
const USER = { name: "a:user ü", password: "pass:word %" };

let server: CouchServer;
let closed: CouchServer;
couch.before(async () => {
  server = await couchServer();
  closed = await couchServer({ name: "admin", password: "secret" });
});
couch.after(async () => {
  await server.stop();
  await closed.stop();
});

/** What a store did, given to whoever looks at the server after. */
function using(
  options: Partial<CouchStoreOptions> & Pick<CouchStoreOptions, "url">,
  use: (store: CouchStore, file: string) => Effect.Effect<unknown, StoreError>,
): Promise<void> {
  return inFolder(async (folder) => {
    const file = join(folder, "file");
    fs.writeFileSync(file, "some bytes");
    const open = openCouchStore({ document: "shared", ...options });
    await runScoped(Effect.flatMap(open, (store) => use(store, file)));
  });
}

function refusal(options: Partial<CouchStoreOptions> & Pick<CouchStoreOptions, "url">) {
  const open = openCouchStore({ document: "shared", ...options });
  return failureOf(withRemote(open, (store) => store.health()));
}

/** All documents of a database, read as anybody may. */
async function documentsOf(url: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/_all_docs`);
  const { rows } = (await answer.json()) as { rows: readonly { readonly id: string }[] };
  return rows.map(({ id }) => id);
}

const PARTS = Array.from({ length: 12 }, (_, n) => ({ ...PART, item: `${n}` }));

couch(
  "shared: an invocation is one document, and puts at once conflict and all arrive",
  async () => {
    const url = `${server.url}/shared`;
    let conflicts = 0;
    await using({ url }, (store, file) =>
      Effect.gen(function* () {
        yield* Effect.all(
          PARTS.map((part) => store.put(part, file)),
          { concurrency: "unbounded" },
        );
        for (const part of PARTS) yield* store.get(part, `${file}-got`);
        conflicts = store.conflicts();
      }),
    );
    assert.equal(await documentsOf(url), ["invocation/w/r/1"]);
    assert.ok(conflicts > 0, "no two puts met");
  },
);

couch("per-datum: a part is a document, and puts at once do not conflict", async () => {
  const url = `${server.url}/own`;
  let conflicts = -1;
  await using({ url, document: "per-datum" }, (store, file) =>
    Effect.gen(function* () {
      yield* Effect.all(
        PARTS.map((part) => store.put(part, file)),
        { concurrency: "unbounded" },
      );
      conflicts = store.conflicts();
    }),
  );
  const ids = PARTS.map(({ item }) => `part/w/r/1/d/${item}`);
  assert.equal((await documentsOf(url)).toSorted(), ids.toSorted());
  assert.is(conflicts, 0);
});

couch("forgetting more documents than one request deletes deletes them all", async () => {
  const url = `${server.url}/many`;
  await using({ url, document: "per-datum" }, (store, file) =>
    Effect.gen(function* () {
      yield* store.put({ ...PART, invocation: 2 }, file);
      const docs = Array.from({ length: 1_100 }, (_, n) => ({ _id: `part/w/r/1/d/${n}` }));
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ docs });
      yield* Effect.promise(() => fetch(`${url}/_bulk_docs`, { method: "POST", headers, body }));
      yield* store.forget(PART);
    }),
  );
  assert.equal(await documentsOf(url), ["part/w/r/2/d/whole"]);
});

couch("a database that is not there is made, by whoever comes first", async () => {
  const url = `${server.url}/fresh`;
  await Promise.all(
    Array.from({ length: 4 }, () => using({ url }, (store, file) => store.put(PART, file))),
  );
  assert.equal(await documentsOf(url), ["invocation/w/r/1"]);
});

couch("a database that is gone is told, with what to do", async () => {
  const url = `${server.url}/gone`;
  await using({ url }, (store, file) =>
    Effect.promise(async () => {
      await fetch(url, { method: "DELETE" });
      const { kind, message } = await failureOf(Effect.runPromise(store.put(PART, file)));
      assert.is(kind, "refused");
      assert.match(message, /database still there\? A daemon makes it when it starts/);
    }),
  );
});

couch("with the right password all is answered", async () => {
  const url = `${closed.url}/faasflow`;
  const user = { name: "admin", password: "secret" };
  await using({ url, user }, (store, file) =>
    Effect.all([store.health, store.put(PART, file), store.get(PART, `${file}-got`)]),
  );
});

for (const user of [undefined, USER]) {
  couch(`with ${user === undefined ? "no" : "a wrong"} password it says which to set`, async () => {
    const error = await refusal({ url: `${closed.url}/faasflow`, user });
    assert.is(error.kind, "refused");
    assert.match(error.message, /Set FAASFLOW_COUCHDB_USER and FAASFLOW_COUCHDB_PASSWORD/);
  });
}

couch("an address without a database, or with a name that CouchDB refuses, is told", async () => {
  const wrong = ["", "http://127.0.0.1:5984", "http://x:1/", "http://x:1/Big", "https://x:1/db"];
  for (const url of wrong) {
    const error = await refusal({ url });
    assert.is(error.kind, "refused");
    assert.match(error.message, /give one like\s+http:\/\/127\.0\.0\.1:5984\/faasflow/);
  }
});

/** Answers `/db` as CouchDB does, and whatever else as told. */
function serving(answer: (socket: Socket, request: string) => void): (socket: Socket) => void {
  return (socket) => {
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      const request = text;
      text = "";
      if (request.startsWith("GET /db HTTP")) socket.write(json(200, '{"db_name":"db"}'));
      else answer(socket, request);
    });
  };
}

function json(status: number, body: string): string {
  const head = `content-type: application/json\r\ncontent-length: ${body.length}`;
  return `HTTP/1.1 ${status} Said\r\n${head}\r\n\r\n${body}`;
}

const ANSWERS = [
  [401, "refused", /Set FAASFLOW_COUCHDB_USER/],
  [403, "refused", /_security/],
  [412, "refused", /as it said.*log may say more/],
  [413, "refused", /Raise max_attachment_size/],
  [500, "io", /as it said/],
  [503, "unreachable", /as it said/],
] as const;

for (const [status, kind, remedy] of ANSWERS) {
  couch(`an answer of ${status} to a body is ${kind}, and the body stays here`, () => {
    let bytes = 0;
    const say = serving((socket, request) => {
      bytes += request.length;
      socket.end(json(status, '{"error":"e","reason":"as it said"}'));
    });
    return withTcp(say, async ({ url, file }) => {
      fs.writeFileSync(file("large"), Buffer.alloc(LARGE));
      const few = { tries: 2, retryDelayMs: 1 };
      const open = openCouchStore({ url: `${url}/db`, document: "per-datum", ...few });
      await withRemote(open, async (store) => {
        const error = await failureOf(store.put(PART, file("large")));
        assert.is(error.kind, kind);
        assert.match(error.message, remedy);
      });
      assert.ok(bytes < 10_000, `${bytes} bytes were sent`);
    });
  });
}

couch("a server that accepts and says nothing is unreachable, not for ever", () =>
  withTcp(
    serving(() => undefined),
    async ({ url, file }) => {
      fs.writeFileSync(file("sent"), "x");
      const few = { tries: 2, retryDelayMs: 1, idleTimeoutMs: 60 };
      for (const document of ["shared", "per-datum"] as const) {
        const open = openCouchStore({ url: `${url}/db`, document, ...few });
        await withRemote(open, async (store) => {
          for (const tried of [
            () => store.put(PART, file("sent")),
            () => store.get(PART, file("got")),
            () => store.forget(PART),
          ]) {
            const error = await failureOf(tried());
            assert.is(error.kind, "unreachable");
            assert.match(error.message, /does not answer/);
          }
        });
      }
    },
  ),
);

couch("a get that breaks off leaves no half file, and the process lives", () =>
  withTcp(
    serving((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this")),
    async ({ url, file }) => {
      const few = { tries: 2, retryDelayMs: 1 };
      const open = openCouchStore({ url: `${url}/db`, document: "shared", ...few });
      await withRemote(open, async (store) => {
        assert.is((await failureOf(store.get(PART, file("got")))).kind, "unreachable");
      });
      assert.not.ok(fs.existsSync(file("got")));
    },
  ),
);

for (const [what, answer] of [
  ["a list that breaks off", '{"rows":['],
  ["another service", '"hello"'],
] as const) {
  couch(`${what} is not taken for a CouchDB's answer`, () =>
    withTcp(
      serving((socket) => socket.write(json(200, answer))),
      async ({ url }) => {
        const few = { tries: 2, retryDelayMs: 1 };
        const open = openCouchStore({ url: `${url}/db`, document: "per-datum", ...few });
        await withRemote(open, async (store) => {
          const error = await failureOf(store.forget(PART));
          assert.is(error.kind, "unreachable");
          assert.match(error.message, /no CouchDB, or broke off/);
        });
      },
    ),
  );
}

couch.run();
