/**
 * Ends the processes of a worker that cannot do it itself any more: killed, or crashed. A shell holds
 * the end of a pipe from the worker and a list of process groups; when the pipe breaks, it kills them.
 *
 * A container hears of its worker's end by itself, but not while its function computes without end,
 * and the programs that it started do not hear of it at all.
 */

import { type ChildProcess, spawn } from "node:child_process";

const SCRIPT = `
groups=" "
while read -r act group; do
  case $act in
    add) groups="$groups$group " ;;
    remove) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
`;

export class ProcessGuard {
  readonly #shell: ChildProcess;
  readonly #ended: Promise<void>;

  constructor() {
    // In a session of its own: what is sent to the worker's group, like Ctrl-C, is not for it.
    this.#shell = spawn("/bin/sh", ["-c", SCRIPT], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      env: {},
    });
    this.#ended = new Promise((resolve) => {
      this.#shell.on("close", () => resolve());
      this.#shell.on("error", () => resolve());
    });
    // Without a shell, containers still hear of the worker's end by themselves.
    this.#shell.stdin!.on("error", () => undefined);
    this.#shell.unref();
  }

  /** `group`: the id of the process that leads it. */
  add(group: number): void {
    this.#shell.stdin!.write(`add ${group}\n`);
  }

  /** It has ended: its id may be given to another process. */
  remove(group: number): void {
    this.#shell.stdin!.write(`remove ${group}\n`);
  }

  /** Kills what is still in the list. */
  async close(): Promise<void> {
    this.#shell.ref();
    this.#shell.stdin!.end();
    await this.#ended;
  }
}
