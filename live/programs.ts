/** Programs of this machine that are not part of the project. */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { programsOf } from "../workflows/function-modules.ts";

/** What the workflow's functions start and is not here, each with what to do. */
export function missingPrograms(spec: WorkflowSpec): readonly string[] {
  return [...programsOf(spec)]
    .filter(([program]) => !isInstalled(program))
    .map(([program, tasks]) => {
      const who = `${tasks.length === 1 ? "task" : "tasks"} ${tasks.join(", ")}`;
      return `${program} is not installed, which ${who} of ${spec.name} cannot do without. \
Install it (Debian: \`apt-get install ${program}\`), and see that it is in the PATH.`;
    });
}

/** Whether a program of this name is in the PATH. */
export function isInstalled(program: string): boolean {
  const names = process.platform === "win32" ? [`${program}.exe`, `${program}.cmd`] : [program];
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => names.some((name) => isExecutable(join(folder, name))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
