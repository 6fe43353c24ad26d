/** A CouchDB for tests (`couch-server.ts`), as a process of its own that ends with the test. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("couch-server.ts", import.meta.url));

export interface CouchServer {
  readonly url: string;
  /** Makes it hang up and refuse connections; it is back after a while, with what it had. */
  readonly away: (ms: number) => Promise<{ readonly back: Promise<void> }>;
  readonly stop: () => Promise<void>;
}

/** Without a user, everybody is let in. */
export async function couchServer(user?: {
  readonly name: string;
  readonly password: string;
}): Promise<CouchServer> {
  const credentials = user === undefined ? [] : [user.name, user.password];
  const args = ["--import", "tsx", PROGRAM, "0", ...credentials];
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const died = exit.then(() => Promise.reject(new Error("the server died")));
  died.catch(() => undefined);
  const lines = createInterface({ input: child.stdout });
  const next = (): Promise<readonly string[]> => Promise.race([once(lines, "line"), died]);
  const [line] = await next();
  const { url } = JSON.parse(line!) as { url: string };
  return {
    url,
    away: async (ms) => {
      child.stdin.write(`away ${ms}\n`);
      await next();
      return { back: next().then(() => undefined) };
    },
    stop: async () => {
      child.kill("SIGKILL");
      await exit;
    },
  };
}

export async function withCouch(use: (server: CouchServer) => Promise<void>): Promise<void> {
  const server = await couchServer();
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}
