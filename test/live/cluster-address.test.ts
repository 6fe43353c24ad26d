/** The files by which commands find the cluster of `live up`. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { publishAddress, publishedAddresses } from "../../live/cluster-address.ts";

const test = suite<{ runtime: string; before: string | undefined }>("cluster address");

test.before.each((context) => {
  context.before = process.env["XDG_RUNTIME_DIR"];
  context.runtime = mkdtempSync(join(tmpdir(), "faasflow-runtime-"));
  process.env["XDG_RUNTIME_DIR"] = context.runtime;
});
test.after.each(({ runtime, before }) => {
  if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
  else process.env["XDG_RUNTIME_DIR"] = before;
  rmSync(runtime, { recursive: true, force: true });
});

const OURS = { url: "http://127.0.0.1:1234", token: "secret", pid: process.pid };

test("a cluster is found while it runs, and not afterwards", () => {
  const remove = publishAddress(OURS);
  assert.equal(publishedAddresses(), [OURS]);
  remove();
  assert.equal(publishedAddresses(), []);
});

test("only its owner can read the token", ({ runtime }) => {
  publishAddress(OURS);
  const directory = join(runtime, "faasflow");
  const [file] = readdirSync(directory);
  assert.is(statSync(directory).mode & 0o777, 0o700);
  assert.is(statSync(join(directory, file!)).mode & 0o777, 0o600);
});

test("what a killed cluster left is taken away", ({ runtime }) => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  publishAddress({ ...OURS, pid });
  assert.equal(publishedAddresses(), []);
  assert.equal(readdirSync(join(runtime, "faasflow")), []);
});

test("no token is written where others could read or change it", ({ runtime }) => {
  const directory = join(runtime, "faasflow");
  mkdirSync(directory);
  chmodSync(directory, 0o755);
  assert.throws(() => publishAddress(OURS), /open to other users/);
  assert.equal(readdirSync(directory), []);
});

test("what stands where others could have written it is not believed", ({ runtime }) => {
  publishAddress(OURS);
  chmodSync(join(runtime, "faasflow"), 0o777);
  assert.equal(publishedAddresses(), []);
});

test.run();
