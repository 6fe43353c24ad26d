/**
 * A process that starts a Docker engine of its own, prints where it listens, and stops it once its
 * standard input ends: with the test, however that ends. Needs root and Debian's docker.io. The
 * engine has its own root, socket and containerd, no bridge, and leaves the host's network alone.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError, openEngine } from "../../live/docker-engine.ts";

const READY_MS = 30_000;
const POLL_MS = 50;

const folder = mkdtempSync(join(tmpdir(), "faasflow-dockerd-"));
const socket = join(folder, "docker.sock");
const dockerd = spawn(
  "dockerd",
  [
    ...["--host", `unix://${socket}`, "--pidfile", join(folder, "pid")],
    ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")],
    ...["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"],
  ],
  {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
  },
);
let log = "";
dockerd.stderr.setEncoding("utf8").on("data", (text: string) => {
  log = (log + text).slice(-4_000);
});
const ended = new Promise<string>((resolve) => {
  dockerd.on("error", (error) => resolve(error.message));
  dockerd.on("exit", () => resolve(log.trim().split("\n").at(-1) ?? ""));
});
void ended.then((problem) => {
  remove();
  say({ problem: `dockerd ended: ${problem}` });
  process.exit();
});
process.stdin.on("end", () => dockerd.kill("SIGTERM")).resume();

await ready();
say({ socket });

async function ready(): Promise<void> {
  for (const limit = Date.now() + READY_MS; Date.now() < limit; ) {
    try {
      await openEngine(socket);
      return;
    } catch (cause) {
      if (!(cause instanceof EngineError)) throw cause;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  log += `\nnot ready after ${READY_MS / 1_000} s`;
  dockerd.kill("SIGKILL");
  await ended;
}

/** What it keeps, once nothing of it is mounted any more. */
function remove(): void {
  const mounts = existsSync("/proc/mounts") ? readFileSync("/proc/mounts", "utf8") : "";
  if (!mounts.includes(folder)) rmSync(folder, { recursive: true, force: true });
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
