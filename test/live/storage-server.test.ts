/**
 * The storage daemon: who and what it refuses, and what is left when anything breaks off.
 */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type StorageOptions, serveStorage } from "../../live/storage-server.ts";
import {
  ask,
  type Daemon,
  daemonProcess,
  draftsIn,
  failureOf,
  halfUpload,
  hashOf,
  inFolder,
  LARGE,
  PART,
  runScoped,
  until,
  withClient,
  withStore,
} from "./storage-bench.ts";

const storage = suite("storage server");

storage("connections over the daemon's limit are served in the end", () =>
  withStore(
    { maxConnections: 2 },
    async ({ store, written }) => {
      const file = written("sent", "x");
      const parts = Array.from({ length: 12 }, (_, n) => ({ ...PART, item: `${n}` }));
      await Promise.all(parts.map((part) => store.put(part, file)));
      for (const part of parts) await store.get(part, file);
    },
    { tries: 12, retryDelayMs: 5 },
  ),
);

storage("a path that is no part's name reaches nothing", () =>
  withStore({}, async ({ url, dir }) => {
    fs.writeFileSync(join(dir, "secret"), "secret");
    const paths = [
      "/parts/../secret",
      "/parts/%2e%2e/secret",
      "/parts/w/r/1/../../../../secret",
      "/parts/w/r/1/%2e%2e%2fsecret/whole",
      "/parts/..%2f..%2f..%2f..%2fsecret",
      "/parts/w/r/1/%2525/../whole",
      "/parts//secret",
      "/secret",
      "/%",
      "*",
    ];
    for (const path of paths) {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const body = method === "PUT" ? "x" : undefined;
        assert.is((await ask(url, { path, method }, body)).status, 400, `${method} ${path}`);
      }
    }
    for (const path of [
      "/invocations/..",
      "/invocations/w/r/..",
      "/invocations/",
      "/invocations",
    ]) {
      assert.is((await ask(url, { path, method: "DELETE" })).status, 400, path);
    }
    assert.is(fs.readFileSync(join(dir, "secret"), "utf8"), "secret");
  }),
);

storage("a method that an address does not have, and a body without length, are told so", () =>
  withStore({}, async ({ url }) => {
    const wrong = await ask(url, { path: "/parts/w/r/1/d/whole", method: "POST" }, "x");
    assert.is(wrong.status, 405);
    assert.match(wrong.text, /PUT or GET is/);
    const headers = { "transfer-encoding": "chunked" };
    const chunked = await ask(url, { path: "/parts/w/r/1/d/whole", method: "PUT", headers });
    assert.is(chunked.status, 411);
  }),
);

for (const token of ["wrong", undefined]) {
  storage(`with ${token ?? "no"} token nothing is answered but what to do`, () =>
    withStore(
      { token: "right" },
      async ({ store, file, written, dir }) => {
        const large = written("large", Buffer.alloc(LARGE));
        const small = written("small", "x");
        const tries = [
          store.put(PART, small),
          store.put(PART, large),
          store.get(PART, file("got")),
          store.forget(PART),
          store.health(),
        ];
        for (const error of await Promise.all(tries.map(failureOf))) {
          assert.is(error.kind, "refused");
          assert.match(error.message, /token is missing or wrong: show the one/);
        }
        assert.equal(fs.readdirSync(join(dir, "parts")), []);
      },
      { token },
    ),
  );
}

storage("with the right token all is answered", () =>
  withStore(
    { token: "right" },
    async ({ store, file, written }) => {
      await store.health();
      await store.put(PART, written("sent", "x"));
      assert.is(await store.get(PART, file("got")), 1);
      await store.forget(PART);
    },
    { token: "right" },
  ),
);

for (const bytes of [101, LARGE]) {
  storage(`a body of ${bytes} bytes over the limit is refused before it is sent`, () =>
    withStore({ maxBodyBytes: 100 }, async ({ store, file, written }) => {
      assert.is(await store.put(PART, written("fits", Buffer.alloc(100))), 100);
      const error = await failureOf(store.put(PART, written("sent", Buffer.alloc(bytes))));
      assert.is(error.kind, "refused");
      assert.match(error.message, new RegExp(`has ${bytes} bytes, at most 100`));
      assert.is(await store.get(PART, file("got")), 100);
    }),
  );
}

storage("a daemon whose disk fails says so, also in the middle of a body, and serves on", () =>
  withStore({}, async ({ store, file, written, dir }) => {
    await store.put(PART, written("old", "old"));
    fs.rmSync(join(dir, "aside"), { recursive: true });
    for (const bytes of [10, LARGE]) {
      const error = await failureOf(store.put(PART, written("new", Buffer.alloc(bytes))));
      assert.is(error.kind, "io");
      assert.match(error.message, /storage daemon could not do it: ENOENT/);
    }
    await store.get(PART, file("got"));
    assert.is(fs.readFileSync(file("got"), "utf8"), "old");
  }),
);

storage(
  "a port that is taken, an address that is not ours and a file for a directory are told",
  () =>
    withStore({}, async ({ url, dir, written }) => {
      const port = Number(new URL(url).port);
      const start = (options: Partial<StorageOptions>): Promise<unknown> =>
        runScoped(serveStorage({ host: "127.0.0.1", port: 0, dir, ...options }));
      const wrong = [
        [{ port }, /127\.0\.0\.1:\d+: .*EADDRINUSE.*give another, or 0/],
        [{ host: "203.0.113.7" }, /EADDRNOTAVAIL.*none of this machine's/],
        [{ port: 70_000 }, /cannot listen.*from 0 to 65535/],
        [{ dir: written("file", "") }, /cannot use .*ENOTDIR|EEXIST.*can be made and written/],
      ] as const;
      for (const [options, message] of wrong) {
        const error = await failureOf(start(options));
        assert.is(error._tag as string, "StorageError");
        assert.match(error.message, message);
      }
    }),
);

storage("a daemon that fails to start does not disturb the one that runs there", () =>
  withStore({}, async ({ url, dir, store, file, written }) => {
    const port = Number(new URL(url).port);
    await failureOf(runScoped(serveStorage({ host: "127.0.0.1", port, dir })));
    await store.put(PART, written("sent", "x"));
    assert.is(await store.get(PART, file("got")), 1);
  }),
);

storage("killed in the middle of an upload, a daemon has the old content or none, never half", () =>
  inFolder(async (folder) => {
    const dir = join(folder, "data");
    const file = join(folder, "file");
    const fresh = { ...PART, datum: "fresh" };
    const first = await daemonProcess(dir);
    try {
      await withClient({ url: first.url }, async (store) => {
        fs.writeFileSync(file, "old");
        await store.put(PART, file);
      });
      const uploads = ["d", "fresh"].map((datum) => halfUpload(first.url, `w/r/1/${datum}/whole`));
      await until(() => draftsIn(dir).every((bytes) => bytes > 0) && draftsIn(dir).length === 2);
      first.process.kill("SIGKILL");
      await once(first.process, "exit");
      for (const upload of uploads) upload.destroy();
    } finally {
      first.process.kill("SIGKILL");
    }
    assert.is(draftsIn(dir).length, 2);
    const second = await daemonProcess(dir);
    try {
      await withClient({ url: second.url }, async (store) => {
        assert.is(await store.get(PART, file), 3);
        assert.is(fs.readFileSync(file, "utf8"), "old");
        assert.is((await failureOf(store.get(fresh, file))).kind, "missing");
        assert.equal(draftsIn(dir), []);
      });
    } finally {
      second.process.kill("SIGKILL");
    }
  }),
);

storage("a put under way while the daemon is killed and started again succeeds", () =>
  inFolder(async (folder) => {
    const dir = join(folder, "data");
    const sent = join(folder, "sent");
    const got = join(folder, "got");
    fs.writeFileSync(sent, randomBytes(LARGE));
    const first = await daemonProcess(dir);
    const port = Number(new URL(first.url).port);
    let second: Daemon | undefined;
    try {
      await withClient({ url: first.url, tries: 12, retryDelayMs: 10 }, async (store) => {
        const restart = async (): Promise<void> => {
          await until(() => draftsIn(dir).length > 0 || fs.existsSync(join(dir, "parts/w")));
          first.process.kill("SIGKILL");
          await once(first.process, "exit");
          second = await daemonProcess(dir, port);
        };
        const [bytes] = await Promise.all([store.put(PART, sent), restart()]);
        assert.is(bytes, LARGE);
        assert.is(await store.get(PART, got), LARGE);
        assert.is(hashOf(got), hashOf(sent));
      });
    } finally {
      first.process.kill("SIGKILL");
      second?.process.kill("SIGKILL");
    }
  }),
);

storage("a client that goes away in the middle of an upload leaves nothing", () =>
  withStore({}, async ({ url, dir, store, file }) => {
    const upload = halfUpload(url, "w/r/1/d/whole");
    await until(() => draftsIn(dir).some((bytes) => bytes > 0));
    upload.destroy();
    await until(() => draftsIn(dir).length === 0);
    assert.is((await failureOf(store.get(PART, file("got")))).kind, "missing");
  }),
);

storage("a daemon that stops ends what hangs, and nothing of its own is left", () =>
  inFolder(async (dir) => {
    const stop = new AbortController();
    let url = "";
    const serve = Effect.flatMap(serveStorage({ host: "127.0.0.1", port: 0, dir }), (served) => {
      url = served.url;
      return Effect.never;
    });
    const running = Effect.runPromiseExit(Effect.scoped(serve), { signal: stop.signal });
    await until(() => url !== "");
    const upload = halfUpload(url, "w/r/1/d/whole");
    const closed = new Promise((resolve) => upload.once("close", resolve));
    await until(() => draftsIn(dir).some((bytes) => bytes > 0));
    stop.abort();
    await running;
    await closed;
    assert.equal(draftsIn(dir), []);
    await failureOf(ask(url, { path: "/health" }));
  }),
);

storage.run();
