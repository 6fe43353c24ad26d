/** What every remote store keeps to: the same facts over the embedded one and both CouchDB layouts. */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openCouchStore } from "../../live/couch-store.ts";
import type { PartName } from "../../live/data-name.ts";
import { openEmbeddedStore } from "../../live/embedded-store.ts";
import type { TransferOptions } from "../../live/file-transfer.ts";
import type { RemoteStoreShape, StoreError } from "../../live/remote-store.ts";
import { couchServer } from "./couch-bench.ts";
import {
  daemonProcess,
  failureOf,
  freePort,
  hashOf,
  inFolder,
  LARGE,
  PART,
  type Store,
  withRemote,
} from "./storage-bench.ts";

/** Where a store is kept, in a process of its own. */
interface Place {
  readonly open: (
    options?: TransferOptions,
  ) => Effect.Effect<RemoteStoreShape, StoreError, Scope.Scope>;
  /** Makes it unreachable, then gives what waits for its return with all that it had. */
  readonly away: (ms: number) => Promise<{ readonly back: Promise<void> }>;
  readonly stop: () => Promise<void>;
}

interface Kind {
  readonly name: string;
  readonly start: () => Promise<Place>;
  /** A store at an address where nothing is. */
  readonly absent: (url: string) => Effect.Effect<RemoteStoreShape, StoreError, Scope.Scope>;
}

interface Given {
  readonly store: Store;
  readonly place: Place;
  readonly file: (name: string) => string;
  readonly written: (name: string, content: string | Buffer) => string;
}

/** As long as a daemon takes to be started again. */
const AWAY_MS = 2_000;
/** How often memory is looked at, at least. */
const LOOKS = 5;
const FEW = { tries: 2, retryDelayMs: 1 };

const KINDS: readonly Kind[] = [
  {
    name: "embedded store",
    start: embedded,
    absent: (url) => openEmbeddedStore({ url, ...FEW }),
  },
  ...(["shared", "per-datum"] as const).map(
    (document): Kind => ({
      name: `CouchDB, ${document}`,
      start: async () => {
        const { url, away, stop } = await couchServer();
        const open = (options?: TransferOptions) =>
          openCouchStore({ url: `${url}/faasflow`, document, ...options });
        return { open, away, stop };
      },
      absent: (url) => openCouchStore({ url: `${url}/faasflow`, document, ...FEW }),
    }),
  ),
];

async function embedded(): Promise<Place> {
  const dir = fs.mkdtempSync(join(tmpdir(), "remote-store-test-"));
  let daemon = await daemonProcess(dir);
  const { url } = daemon;
  const kill = async (): Promise<void> => {
    const { process: child } = daemon;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await exit;
  };
  return {
    open: (options) => openEmbeddedStore({ url, ...options }),
    away: async (ms) => {
      await kill();
      const again = async (): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        daemon = await daemonProcess(dir, Number(new URL(url).port));
      };
      return { back: again() };
    },
    stop: async () => {
      await kill();
      fs.rmSync(dir, { recursive: true });
    },
  };
}

const remote = suite("remote store");
const places = new Map<Kind, Place>();

remote.before(async () => {
  for (const kind of KINDS) places.set(kind, await kind.start());
});
remote.after(async () => {
  for (const place of places.values()) await place.stop();
});

for (const kind of KINDS) {
  /** Each test has a run of its own, so none sees what another left. */
  const fact = (
    what: string,
    use: (given: Given, part: PartName) => Promise<void>,
    options: TransferOptions = {},
  ): void => {
    remote(`${kind.name}: ${what}`, () =>
      inFolder((folder) => {
        const place = places.get(kind)!;
        const file = (at: string): string => join(folder, at);
        const written = (at: string, content: string | Buffer): string => {
          fs.writeFileSync(file(at), content);
          return file(at);
        };
        return withRemote(place.open(options), (store) =>
          use({ store, place, file, written }, { ...PART, run: what }),
        );
      }),
    );
  };

  for (const bytes of [0, 1, 1_000]) {
    fact(`${bytes} bytes come back as they were`, async ({ store, file, written }, part) => {
      const sent = written("sent", randomBytes(bytes));
      assert.is(await store.put(part, sent), bytes);
      assert.is(await store.get(part, file("got")), bytes);
      assert.is(hashOf(file("got")), hashOf(sent));
    });
  }

  fact("what was never stored is missing, and no file is left", async ({ store, file }, part) => {
    const error = await failureOf(store.get(part, file("got")));
    assert.is(error.kind, "missing");
    assert.match(error.message, /get d of w, invocation 1: no such part/);
    assert.not.ok(fs.existsSync(file("got")));
  });

  fact("a second put replaces the first as a whole", async ({ store, file, written }, part) => {
    await store.put(part, written("one", "the first, which is longer"));
    await store.put(part, written("two", "the second"));
    assert.is(await store.get(part, file("got")), 10);
    assert.is(fs.readFileSync(file("got"), "utf8"), "the second");
  });

  fact("puts of one part at once leave one of them", async ({ store, file, written }, part) => {
    const sent = Array.from({ length: 6 }, (_, n) => written(`${n}`, Buffer.alloc(300_000, n)));
    await Promise.all(sent.map((from) => store.put(part, from)));
    await store.get(part, file("got"));
    assert.ok(sent.map(hashOf).includes(hashOf(file("got"))));
  });

  fact("many puts of one invocation at once all arrive", async (given, part) => {
    const { store, file, written } = given;
    const parts = Array.from({ length: 40 }, (_, n) => ({ ...part, item: `${n}` }));
    await Promise.all(parts.map((at) => store.put(at, written(`s${at.item}`, at.item))));
    for (const at of parts) {
      await store.get(at, file("got"));
      assert.is(fs.readFileSync(file("got"), "utf8"), at.item);
    }
  });

  fact("forgetting takes an invocation and no other, and may be repeated", async (given, part) => {
    const { store, file, written } = given;
    const others = [10, 11, 2].map((invocation) => ({ ...part, invocation }));
    const own = [part, { ...part, datum: "~" }, { ...part, datum: "e", item: "3.1" }];
    for (const at of [...own, ...others]) await store.put(at, written("sent", "x"));
    await store.forget(part);
    for (const at of own) {
      assert.is((await failureOf(store.get(at, file("got")))).kind, "missing");
    }
    for (const at of others) assert.is(await store.get(at, file("got")), 1);
    await store.forget(part);
    await store.forget({ ...part, invocation: 99 });
  });

  fact(
    "a part can be stored again after it was forgotten",
    async ({ store, file, written }, part) => {
      await store.put(part, written("sent", "old"));
      await store.forget(part);
      await store.put(part, written("sent", "anew"));
      assert.is(await store.get(part, file("got")), 4);
      assert.is((await failureOf(store.get({ ...part, item: "1" }, file("got")))).kind, "missing");
    },
  );

  fact("any name goes", async ({ store, file, written }, part) => {
    const named = [
      ...["../../up", "a/b", "a", "A", ".", "..", "", "%2e%2e", "%2F", "a+b c?d#e", "Ünï 字 🎈"],
      ...["_design", "_local", "my_local_flow", "~", "whole", "x".repeat(900)],
    ];
    const parts = named.map((datum) => ({ ...part, workflow: datum, datum }));
    for (const at of parts) await store.put(at, written("sent", `<${at.datum}>`));
    for (const at of parts) {
      await store.get(at, file("got"));
      assert.is(fs.readFileSync(file("got"), "utf8"), `<${at.datum}>`);
    }
    for (const at of parts) await store.forget(at);
    for (const at of parts) {
      assert.is((await failureOf(store.get(at, file("got")))).kind, "missing", at.datum);
    }
  });

  fact("a file that cannot be read or written is no fault of the store", async (given, part) => {
    const { store, file, written } = given;
    assert.is((await failureOf(store.put(part, file("absent")))).kind, "io");
    await store.put(part, written("sent", "x"));
    assert.is((await failureOf(store.get(part, file("no/such/folder")))).kind, "io");
    await store.health();
  });

  fact("30 MB go and come with a few MB in memory", async ({ store, file, written }, part) => {
    const sent = written("sent", "");
    // In pieces, so that nothing here is as large as the body.
    for (let n = 0; n < 30; n++) fs.appendFileSync(sent, randomBytes(LARGE / 30));
    const peak = await peakMemory(async () => {
      await store.put(part, sent);
      await store.get(part, file("got"));
    });
    assert.is(hashOf(file("got")), hashOf(sent));
    assert.ok(peak < 10_000_000, `${peak} bytes live`);
  });

  const waitsForStore = async (given: Given, part: PartName): Promise<void> => {
    const { store, file, written } = given;
    const late = { ...part, datum: "late" };
    await store.put(part, written("sent", "early"));
    const { back } = await given.place.away(AWAY_MS);
    const asked = [store.put(late, written("late", "late")), store.get(part, file("early"))];
    await Promise.all([back, ...asked]);
    await store.get(late, file("got"));
    assert.is(fs.readFileSync(file("got"), "utf8"), "late");
    assert.is(fs.readFileSync(file("early"), "utf8"), "early");
  };
  // More tries than usual: a busy machine takes its time to start a daemon again.
  fact("a store that is away for 2 s is waited for", waitsForStore, { tries: 11 });

  remote(
    `${kind.name}: where nothing is, it is told with the address, after some tries`,
    async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      const error = await failureOf(withRemote(kind.absent(url), (store) => store.health()));
      assert.is(error.kind, "unreachable");
      assert.match(
        error.message,
        new RegExp(`${url} does not answer.*ECONNREFUSED.*running there`),
      );
    },
  );
}

/**
 * The most bytes that were alive at once, above the fewest: garbage is collected at each look, and
 * what buffers held is given back within it rather than by a thread that a busy machine keeps waiting.
 */
async function peakMemory(act: () => Promise<void>): Promise<number> {
  setFlagsFromString("--expose-gc");
  setFlagsFromString("--no-concurrent-array-buffer-sweeping");
  const collect = runInNewContext("gc") as () => void;
  const seen: number[] = [];
  const look = (): void => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    seen.push(heapUsed + arrayBuffers);
  };
  look();
  let watch: NodeJS.Timeout;
  const watching = (): void => {
    const begin = performance.now();
    look();
    // A collection takes as long as many pieces of a body, which have to get on.
    watch = setTimeout(watching, 2 * (performance.now() - begin));
  };
  watch = setTimeout(watching, 10);
  try {
    // Again where it was too quick to be seen.
    while (seen.length < LOOKS) await act();
  } finally {
    clearTimeout(watch);
  }
  look();
  return Math.max(...seen) - Math.min(...seen);
}

remote.run();
