/**
 * The embedded remote store: its client against its daemon, over loopback, on real files.
 */

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openEmbeddedStore } from "../../live/embedded-store.ts";
import {
  failureOf,
  freePort,
  hashOf,
  LARGE,
  PART,
  until,
  withClient,
  withStore,
  withTcp,
} from "./storage-bench.ts";

const embedded = suite("embedded store");

for (const bytes of [0, 1, 1_000, LARGE]) {
  embedded(`${bytes} bytes come back as they were`, () =>
    withStore({}, async ({ store, file, written }) => {
      const sent = written("sent", randomBytes(bytes));
      assert.is(await store.put(PART, sent), bytes);
      assert.is(await store.get(PART, file("got")), bytes);
      assert.is(hashOf(file("got")), hashOf(sent));
      assert.is(fs.statSync(sent).size, bytes);
    }),
  );
}

embedded("eight bodies of 30 MB at once, both ways, take little heap and come back equal", () =>
  withStore({}, async ({ store, file, written }) => {
    const sent = written("sent", randomBytes(LARGE));
    const hash = hashOf(sent);
    const parts = Array.from({ length: 8 }, (_, n) => ({ ...PART, item: `${n}` }));
    const before = process.memoryUsage();
    let heap = 0;
    let buffers = 0;
    let looks = 0;
    const watch = setInterval(() => {
      looks++;
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      heap = Math.max(heap, heapUsed - before.heapUsed);
      buffers = Math.max(buffers, arrayBuffers - before.arrayBuffers);
    }, 1);
    try {
      await Promise.all(parts.map((part) => store.put(part, sent)));
      await Promise.all(parts.map((part) => store.get(part, file(`got-${part.item}`))));
    } finally {
      clearInterval(watch);
    }
    assert.ok(looks > 0, "the heap was watched");
    assert.ok(heap < LARGE, `the heap grew by ${heap} bytes`);
    // Client and daemon together, with what is not collected yet; the bodies are 240 MB each way.
    assert.ok(buffers < 5 * LARGE, `buffers grew by ${buffers} bytes`);
    for (const { item } of parts) assert.is(hashOf(file(`got-${item}`)), hash);
  }),
);

embedded("many small parts at once all come back", () =>
  withStore({}, async ({ store, file, written }) => {
    const parts = Array.from({ length: 200 }, (_, n) => ({ ...PART, item: `${n}` }));
    await Promise.all(parts.map((part) => store.put(part, written(`s${part.item}`, part.item))));
    await Promise.all(parts.map((part) => store.get(part, file(`g${part.item}`))));
    for (const { item } of parts) assert.is(fs.readFileSync(file(`g${item}`), "utf8"), item);
  }),
);

embedded("what was never stored is missing, and leaves no file", () =>
  withStore({}, async ({ store, file }) => {
    const error = await failureOf(store.get(PART, file("got")));
    assert.is(error.kind, "missing");
    assert.match(error.message, /would not get d of w, invocation 1: no such part/);
    assert.not.ok(fs.existsSync(file("got")));
  }),
);

embedded("a second put replaces the first, for whoever reads from now on", () =>
  withStore({}, async ({ store, file, written }) => {
    await store.put(PART, written("one", "the first, which is longer"));
    await store.put(PART, written("two", "the second"));
    await store.get(PART, file("got"));
    assert.is(fs.readFileSync(file("got"), "utf8"), "the second");
  }),
);

embedded("puts of one part at once leave one of them, whole", () =>
  withStore({}, async ({ store, file, written }) => {
    const sent = Array.from({ length: 6 }, (_, n) => written(`${n}`, Buffer.alloc(3_000_000, n)));
    const gets: Promise<number>[] = [];
    await store.put(PART, sent[0]!);
    await Promise.all(
      sent.map((from, n) => {
        gets.push(store.get(PART, file(`got-${n}`)));
        return store.put(PART, from);
      }),
    );
    await Promise.all(gets);
    const hashes = sent.map(hashOf);
    for (const n of sent.keys()) assert.ok(hashes.includes(hashOf(file(`got-${n}`))));
  }),
);

embedded(
  "what was forgotten is missing, other invocations stay, and forgetting may be repeated",
  () =>
    withStore({}, async ({ store, file, written, dir }) => {
      const other = { ...PART, invocation: 11 };
      for (const part of [PART, { ...PART, datum: "e" }, other]) {
        await store.put(part, written("sent", "x"));
      }
      await store.forget(PART);
      assert.is((await failureOf(store.get(PART, file("got")))).kind, "missing");
      assert.not.ok(fs.existsSync(join(dir, "parts/w/r/1")));
      assert.is(await store.get(other, file("got")), 1);
      await store.forget(PART);
    }),
);

embedded("any name goes: slashes, dots, capitals, other scripts, very long ones", () =>
  withStore({}, async ({ store, file, written, dir }) => {
    const named = [
      "../../up",
      "a/b",
      "a",
      "A",
      ".",
      "..",
      "",
      "%2e%2e",
      "Ünï 字 🎈",
      "x".repeat(900),
    ];
    for (const datum of named) {
      await store.put({ ...PART, datum, workflow: datum }, written("sent", `<${datum}>`));
    }
    for (const datum of named) {
      await store.get({ ...PART, datum, workflow: datum }, file("got"));
      assert.is(fs.readFileSync(file("got"), "utf8"), `<${datum}>`);
    }
    assert.equal(fs.readdirSync(dir).toSorted(), ["aside", "parts"]);
  }),
);

embedded("a name that no file system takes is refused with what to do", () =>
  withStore({}, async ({ store, written }) => {
    const part = { ...PART, datum: "x".repeat(4_500) };
    for (const bytes of [1, 2_000_000]) {
      const error = await failureOf(store.put(part, written("sent", Buffer.alloc(bytes))));
      assert.is(error.kind, "refused");
      assert.match(error.message, /name is too long for a file: use a shorter one/);
    }
  }),
);

embedded(
  "a file that cannot be read or written is told at once, and is not the network's fault",
  () =>
    withStore({}, async ({ store, file, written }) => {
      const absent = await failureOf(store.put(PART, file("absent")));
      assert.is(absent.kind, "io");
      assert.match(absent.message, /Could not store d of w.*ENOENT/);
      await store.put(PART, written("sent", Buffer.alloc(LARGE)));
      const nowhere = await failureOf(store.get(PART, file("no/such/folder")));
      assert.is(nowhere.kind, "io");
      await store.health();
    }),
);

embedded("a daemon that is not there is unreachable, after some tries", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await withClient({ url, tries: 3, retryDelayMs: 1 }, async (store) => {
    const error = await failureOf(store.health());
    assert.is(error.kind, "unreachable");
    assert.match(error.message, /127\.0\.0\.1:\d+ does not answer.*ECONNREFUSED.*running there/);
  });
});

embedded("a daemon that accepts and says nothing is unreachable, not for ever", () =>
  withTcp(ignore, async ({ url, file, seen }) => {
    fs.writeFileSync(file("large"), Buffer.alloc(LARGE));
    await withClient({ url, tries: 2, idleTimeoutMs: 50, retryDelayMs: 1 }, async (store) => {
      for (const tried of [store.health(), store.put(PART, file("large"))]) {
        const error = await failureOf(tried);
        assert.is(error.kind, "unreachable");
        assert.match(error.message, /nothing moved for 0.05 s/);
      }
    });
    assert.is(seen.came, 4);
  }),
);

embedded("a put that is interrupted lets go of its connection", () =>
  withTcp(ignore, async ({ url, file, seen }) => {
    fs.writeFileSync(file("sent"), "x");
    const stop = new AbortController();
    const closed = Effect.promise(() => until(() => seen.open === 0));
    const put = Effect.flatMap(openEmbeddedStore({ url }), (store) =>
      Effect.onInterrupt(store.put(PART, file("sent")), () => closed),
    );
    const running = Effect.runPromiseExit(Effect.scoped(put), { signal: stop.signal });
    await until(() => seen.came > 0);
    stop.abort();
    assert.is((await running)._tag, "Failure");
    assert.equal(seen, { came: 1, open: 0 });
  }),
);

embedded("an address that is none is refused with an example", async () => {
  for (const url of ["", "localhost", "ftp://x", "https://x:1"]) {
    const error = await failureOf(withClient({ url }, async () => undefined));
    assert.is(error.kind, "refused");
    assert.match(error.message, /give one like http:/);
  }
});

embedded("a large body stays here until the daemon says that it takes it", () => {
  let bytes = 0;
  const refusing = (socket: Socket): void => {
    socket.on("data", (data) => {
      bytes += data.length;
      socket.end("HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    });
  };
  return withTcp(refusing, async ({ url, file }) => {
    fs.writeFileSync(file("large"), Buffer.alloc(LARGE));
    await withClient({ url }, async (store) => {
      const error = await failureOf(store.put(PART, file("large")));
      assert.is(error.kind, "refused");
      assert.match(error.message, /answered 413; is that a storage daemon/);
    });
    assert.ok(bytes < 10_000, `${bytes} bytes were sent`);
  });
});

embedded("a get that breaks off leaves no half file", () =>
  withTcp(
    (socket) => {
      socket.once("data", () => {
        socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this");
      });
    },
    async ({ url, file, seen }) => {
      await withClient({ url, tries: 2, retryDelayMs: 1 }, async (store) => {
        assert.is((await failureOf(store.get(PART, file("got")))).kind, "unreachable");
      });
      assert.not.ok(fs.existsSync(file("got")));
      assert.is(seen.came, 2);
    },
  ),
);

function ignore(socket: Socket): void {
  socket.resume();
}

embedded.run();
