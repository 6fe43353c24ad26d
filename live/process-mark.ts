/**
 * The mark of this process in the names of what it makes on the machine, so that whoever comes
 * after its death by SIGKILL knows that it is left over.
 */

import * as fs from "node:fs";
import { join } from "node:path";

/** `SPACE-PID-START`: an id may be used again, in another container or after the process's death. */
export function ownMark(): string {
  return `${pidSpace()}-${process.pid}-${startOf(String(process.pid))}`;
}

/** Whether the process that made the mark is known to be gone; false for what is no mark. */
export function isLeftOver(mark: string): boolean {
  const [, space, pid, start] = /^(\d+)-(\d+)-(\d+)$/.exec(mark) ?? [];
  return space !== undefined && space === pidSpace() && startOf(pid!) !== start;
}

/** A directory of this process: what its death leaves, the next one that makes such a directory removes. */
export function markedDirectory(base: string, prefix: string): string {
  removeLeftOvers(base, prefix);
  return fs.mkdtempSync(join(base, `${prefix}${ownMark()}-`));
}

function removeLeftOvers(base: string, prefix: string): void {
  for (const name of fs.readdirSync(base)) {
    if (!name.startsWith(prefix)) continue;
    if (!isLeftOver(name.slice(prefix.length).replace(/-\w+$/, ""))) continue;
    try {
      fs.rmSync(join(base, name), { recursive: true, force: true });
    } catch {
      // Somebody else's: theirs to remove.
    }
  }
}

/** Which set of process ids ours is from: memory may be shared with containers that have their own. */
function pidSpace(): string {
  try {
    return fs.readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "");
  } catch {
    return "0";
  }
}

/** When the process started, in ticks since boot; `0` where one cannot tell; undefined: not there. */
function startOf(pid: string): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may have blanks; the start is the 20th field after it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return isAlive(Number(pid)) ? "0" : undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}
