/**
 * Where the clusters of this user on this machine are: `live up` leaves a file with its gateway's
 * address and token, and takes it away at its end. So `faasflow invoke` finds the cluster, and nobody
 * copies a token. The directory is the user's own (mode 0700, on most systems in memory), the files
 * are 0600; where that cannot be had, nothing is written.
 */

import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ClusterAddress {
  readonly url: string;
  readonly token: string;
  /** The process that the cluster ends with. */
  readonly pid: number;
}

/** Writes it down; gives what takes it away again. Throws when no directory is safe for it. */
export function publishAddress(address: ClusterAddress): () => void {
  const directory = directoryOf();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!isOurs(directory)) {
    throw new Error(`${directory} is open to other users, or is theirs`);
  }
  const file = join(directory, `${address.pid}.json`);
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(address), { mode: 0o600, flag: "wx" });
  chmodSync(file, 0o600);
  return () => rmSync(file, { force: true });
}

/** The clusters that run now. What a killed one left is taken away. */
export function publishedAddresses(): readonly ClusterAddress[] {
  const directory = directoryOf();
  if (!isOurs(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^\d+\.json$/.test(name))
    .sort() // texts
    .flatMap((name): readonly ClusterAddress[] => {
      const file = join(directory, name);
      const address = read(file);
      if (address !== undefined && isAlive(address.pid)) return [address];
      rmSync(file, { force: true });
      return [];
    });
}

function directoryOf(): string {
  const { XDG_RUNTIME_DIR: ours } = process.env;
  if (ours !== undefined && ours !== "") return join(ours, "faasflow");
  return join(tmpdir(), `faasflow-${process.getuid?.() ?? "user"}`);
}

/** In a directory that others can write, somebody else may have made it before us. */
function isOurs(directory: string): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory()) return false;
  const { getuid } = process;
  return getuid === undefined || (found.uid === getuid() && (found.mode & 0o077) === 0);
}

function read(file: string): ClusterAddress | undefined {
  try {
    const { url, token, pid } = JSON.parse(readFileSync(file, "utf8")) as Partial<ClusterAddress>;
    const isWhole = typeof url === "string" && typeof token === "string" && typeof pid === "number";
    return isWhole ? { url, token, pid } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
