/**
 * The local store of a worker, on real files.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PartName } from "../../live/data-name.ts";
import { type LocalFiles, openLocalFiles } from "../../live/local-files.ts";

const part: PartName = { workflow: "w", run: "r", invocation: 1, datum: "d", item: "" };
const MODULE = new URL("../../live/local-files.ts", import.meta.url).href;
const ROOT = new URL("../..", import.meta.url);

const local = suite("local files");

local("a file that was adopted is found under its part's name, and moved, not copied", () =>
  withStore((store) => {
    const file = written(store, 1, "hello");
    const { ino } = fs.statSync(file);
    assert.is(store.adopt(file, part), 5);
    const path = store.path(part)!;
    assert.is(fs.readFileSync(path, "utf8"), "hello");
    assert.is(fs.statSync(path).ino, ino);
    assert.not.ok(fs.existsSync(file));
  }),
);

local("a part that was dropped is not here, and may come again", () =>
  withStore((store) => {
    assert.is(store.path(part), undefined);
    store.adopt(written(store, 1, "old"), part);
    const path = store.path(part)!;
    store.drop(part);
    assert.is(store.path(part), undefined);
    assert.not.ok(fs.existsSync(path));
    store.adopt(written(store, 1, "new"), part);
    assert.is(fs.readFileSync(store.path(part)!, "utf8"), "new");
  }),
);

local("a large part that is dropped and comes again at once is the new one", () =>
  withStore(async (store) => {
    const large = "x".repeat(1_000_000);
    for (let round = 0; round < 20; round++) {
      store.adopt(written(store, round, `${round}${large}`), part);
      store.drop(part);
    }
    store.adopt(written(store, 99, "last"), part);
    await until(() => fs.readdirSync(join(store.root, "trash")).length === 0);
    assert.is(fs.readFileSync(store.path(part)!, "utf8"), "last");
  }),
);

local("who has a file open reads on after it was dropped", () =>
  withStore((store) => {
    store.adopt(written(store, 1, "hello"), part);
    const open = fs.openSync(store.path(part)!, "r");
    store.drop(part);
    assert.is(fs.readFileSync(open, "utf8"), "hello");
    fs.closeSync(open);
  }),
);

local("with its last part all of an invocation is gone, and nothing of others", () =>
  withStore(async (store) => {
    const all = [part, { ...part, datum: "e", item: "3.1" }];
    const other = { ...part, invocation: 11 };
    for (const each of [...all, other]) store.adopt(written(store, 1, "a"), each);
    for (const each of all) {
      assert.ok(fs.existsSync(join(store.root, "parts/w/r/1")));
      store.drop(each);
      store.drop(each);
    }
    assert.equal(fs.readdirSync(join(store.root, "parts/w/r")), ["11"]);
    assert.is(fs.readFileSync(store.path(other)!, "utf8"), "a");
    await until(() => fs.readdirSync(join(store.root, "trash")).length === 0);
  }),
);

local("a scratch directory is there until it is dropped, with all in it", () =>
  withStore((store) => {
    const folder = store.scratch(7);
    assert.is(store.scratch(7), folder);
    assert.is.not(store.scratch(8), folder);
    fs.writeFileSync(join(folder, "x"), "x");
    store.dropScratch(7);
    assert.not.ok(fs.existsSync(folder));
    store.dropScratch(7);
    assert.equal(fs.readdirSync(store.scratch(7)), []);
  }),
);

local("a file that is not there, or no plain file, is not taken in, and the error says so", () =>
  withStore((store) => {
    const folder = store.scratch(1);
    fs.symlinkSync("/etc/hostname", join(folder, "link"));
    assert.throws(() => store.adopt(join(folder, "none"), part), /there is no such file.*should/);
    assert.throws(() => store.adopt(folder, part), /no plain file/);
    assert.throws(() => store.adopt(join(folder, "link"), part), /no plain file/);
    assert.is(store.path(part), undefined);
  }),
);

local("names that no file system would take are taken", () =>
  withStore((store) => {
    const named = ["../../up", "a/b", ".", "..", "", "Ünïcode 字", "x".repeat(1_000)];
    for (const datum of named) store.adopt(written(store, 1, datum), { ...part, datum });
    for (const datum of named) {
      assert.is(fs.readFileSync(store.path({ ...part, datum })!, "utf8"), datum);
      assert.ok(store.path({ ...part, datum })!.startsWith(`${store.root}/parts/w/r/1/`));
    }
  }),
);

local("the directory goes with the scope, also what is being removed", async () => {
  let root = "";
  await withStore((store) => {
    root = store.root;
    for (let n = 0; n < 10; n++) {
      store.adopt(written(store, n, "x".repeat(1_000_000)), { ...part, item: `${n}` });
    }
    for (let n = 0; n < 10; n++) store.drop({ ...part, item: `${n}` });
    store.scratch(1);
  });
  assert.not.ok(fs.existsSync(root));
});

local("it lies in shared memory where there is some", () =>
  withStore((store) => {
    const shared = fs.existsSync("/dev/shm") ? "/dev/shm/faasflow-" : join(tmpdir(), "faasflow-");
    assert.ok(store.root.startsWith(shared), store.root);
  }, undefined),
);

local("a directory that cannot be used gives an error that says what to do", async () => {
  const under = join(tmpdir(), "faasflow-no-such-directory");
  const error = await Effect.runPromise(Effect.flip(Effect.scoped(openLocalFiles({ under }))));
  assert.is(error.kind, "io");
  assert.match(error.message, /ENOENT.*Name a directory that exists/s);
});

local("what a killed process left is removed at the next start; what lives stays", () =>
  inFolder(async (under) => {
    const killed = await storeOfChild(under);
    const alive = await storeOfChild(under);
    try {
      killed.process.kill("SIGKILL");
      await once(killed.process, "exit");
      assert.ok(fs.existsSync(killed.root));
      await withStore((store) => {
        assert.not.ok(fs.existsSync(killed.root));
        assert.ok(fs.existsSync(alive.root));
        assert.ok(fs.existsSync(store.root));
      }, under);
    } finally {
      killed.process.kill("SIGKILL");
      alive.process.kill("SIGKILL");
    }
  }),
);

local("two stores of one process do not disturb each other", () =>
  inFolder((under) =>
    withStore(async (one) => {
      one.adopt(written(one, 1, "one"), part);
      await withStore((two) => two.adopt(written(two, 1, "two"), part), under);
      assert.is(fs.readFileSync(one.path(part)!, "utf8"), "one");
    }, under),
  ),
);

async function withStore(use: (store: LocalFiles) => unknown, under?: string): Promise<void> {
  const body = (store: LocalFiles) => Effect.promise(async () => use(store));
  await Effect.runPromise(Effect.scoped(Effect.flatMap(openLocalFiles({ under }), body)));
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(join(tmpdir(), "local-files-test-"));
  try {
    await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function written(store: LocalFiles, activation: number, text: string): string {
  const file = join(store.scratch(activation), "out");
  fs.writeFileSync(file, text);
  return file;
}

/** A process that opens a store and waits to be killed; it ends by itself if this one dies. */
async function storeOfChild(under: string) {
  const code = `
    import { runPromise, scoped, flatMap, promise } from "effect/Effect";
    import { openLocalFiles } from ${JSON.stringify(MODULE)};
    const wait = (store) => promise(() => new Promise((end) => {
      console.log(store.root);
      process.stdin.on("end", end).resume();
    }));
    await runPromise(scoped(flatMap(openLocalFiles({ under: ${JSON.stringify(under)} }), wait)));
  `;
  const args = ["--import", "tsx", "--input-type=module", "--eval", code];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  let root = "";
  child.stdout.on("data", (text) => {
    root += text;
  });
  await until(() => root.endsWith("\n") || child.exitCode !== null);
  assert.is(child.exitCode, null, "the child died at start");
  return { process: child, root: root.trim() };
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    assert.ok(Date.now() < end, "waited 20 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

local.run();
