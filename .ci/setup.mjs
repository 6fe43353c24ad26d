/**
 * Installs the packages that package-lock.json names, where they are missing or out of date; says
 * nothing when there is nothing to do. Plain Node: it runs before any package is there. Two at once
 * in one tree wait for each other.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = [20, 19];
const POLL_MS = 200;
/** Written by npm when an install has come to its end, so a broken-off one counts as missing. */
const INSTALLED = "node_modules/.package-lock.json";
/** Scripts of packages are not run: none that we use needs one. */
const NPM_ARGUMENTS = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];

const root = fileURLToPath(new URL("..", import.meta.url));

checkNode();
if (isStale()) withLock(install);

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail([
    `Node ${process.versions.node} is too old: faasflow needs ${OLDEST_NODE.join(".")} or newer.`,
    "Install a newer Node, see that `node --version` shows it, then run the same command again.",
  ]);
}

function isStale() {
  const installed = modifiedAt(INSTALLED);
  return installed === undefined || installed < modifiedAt("package-lock.json");
}

function modifiedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs;
}

function install() {
  if (!isStale()) return;
  process.stderr.write("Installing packages (npm ci) ...\n");
  // On Windows npm is a batch file, which only a shell starts.
  const shell = process.platform === "win32";
  const run = spawnSync("npm", NPM_ARGUMENTS, { cwd: root, encoding: "utf8", shell });
  if (run.status === 0) return;
  fail([
    withoutUsage(`${run.stdout ?? ""}${run.stderr ?? ""}`) || `${run.error ?? "npm did not start"}`,
    "",
    `\`npm ${NPM_ARGUMENTS.join(" ")}\` failed, for the reason above. What to do:`,
    "- no network, or a proxy: `npm ping` should answer; `npm config get registry` shows whom it asks;",
    "- package.json and package-lock.json disagree: `npm install` mends the lock file;",
    "- a broken install: delete node_modules.",
    "Then run the same command again.",
  ]);
}

/** npm adds a page on how to call it to some errors. */
function withoutUsage(output) {
  return output.replace(/^npm error (Clean install a project|Usage:)[\s\S]*/m, "").trim();
}

/** The lock is a folder outside the tree, named after it: `mkdir` is the one atomic test-and-set. */
function withLock(act) {
  const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const lock = join(tmpdir(), `faasflow-setup-${name}`);
  while (!take(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  process.on("exit", () => rmSync(lock, { recursive: true, force: true }));
  act();
}

function take(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!isHeld(lock)) rmSync(lock, { recursive: true, force: true });
    return false;
  }
  writeFileSync(join(lock, "pid"), `${process.pid}`);
  return true;
}

/** False once whoever took the lock has died without giving it back. */
function isHeld(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, "pid"), "utf8")), 0);
    return true;
  } catch (error) {
    // Another user's process is alive too; a lock without a pid is one that is just being taken.
    if (error.code === "EPERM") return true;
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    return error.code === "ENOENT" && age < 2000;
  }
}

function fail(lines) {
  process.stderr.write(`${lines.join("\n")}\n`);
  process.exit(1);
}
