/**
 * Ends what containers leave: the processes of a worker that cannot do it itself any more, killed or
 * crashed, and programs that a function has put out of its process group. A shell holds the end of a
 * pipe from the worker and a list of process groups; when the pipe breaks, it kills them.
 *
 * A container hears of its worker's end by itself, but not while its function computes without end,
 * and the programs that it started do not hear of it at all. Those outside of the group are known, on
 * Linux, by a variable that they have from the container: `FAASFLOW_CONTAINER`.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { ownMark } from "./process-mark.ts";

const VARIABLE = "FAASFLOW_CONTAINER";
/** `$1`: how the marks of all containers begin. A program may start others while it is looked for. */
const SCRIPT = `
marked() { grep -lsz "^${VARIABLE}=$1" /proc/[0-9]*/environ; }
end() {
  for try in 1 2 3; do
    found=$(marked "$1")
    [ -n "$found" ] || return
    for file in $found; do file=\${file#/proc/}; kill -s KILL "\${file%%/*}"; done
  done
} 2>/dev/null
groups=" "
while read -r act group mark; do
  case $act in
    add) groups="$groups$group " ;;
    remove) groups="\${groups%% $group *} \${groups#* $group }"; [ -z "$mark" ] || end "$mark$" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
end "$1"
`;

let guards = 0;

export class ProcessGuard {
  readonly #shell: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #mark: string;

  constructor() {
    this.#mark = `${ownMark()}-${guards++}-`;
    // In a session of its own: what is sent to the worker's group, like Ctrl-C, is not for it.
    this.#shell = spawn("/bin/sh", ["-c", SCRIPT, "guard", this.#mark], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      env: { PATH: process.env["PATH"] },
    });
    this.#ended = new Promise((resolve) => {
      this.#shell.on("close", () => resolve());
      this.#shell.on("error", () => resolve());
    });
    // Without a shell, containers still hear of the worker's end by themselves.
    this.#shell.stdin!.on("error", () => undefined);
    this.#shell.unref();
  }

  /** What a container, and so all that it starts, is to have in its environment. */
  environment(container: number): NodeJS.ProcessEnv {
    return { [VARIABLE]: `${this.#mark}${container}` };
  }

  /** `group`: the id of the process that leads it. */
  add(group: number): void {
    this.#shell.stdin!.write(`add ${group}\n`);
  }

  /** It has ended: its id may be given to another process. What the container left behind is killed. */
  remove(group: number, container?: number): void {
    const mark = container === undefined ? "" : `${this.#mark}${container}`;
    this.#shell.stdin!.write(`remove ${group} ${mark}\n`);
  }

  /** Kills what is still in the list, and whatever else containers have left. */
  async close(): Promise<void> {
    this.#shell.ref();
    this.#shell.stdin!.end();
    await this.#ended;
  }
}
