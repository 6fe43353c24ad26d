/** A Docker engine for one test file. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export type TestEngine =
  | { readonly tag: "running"; readonly socket: string; readonly stop: () => Promise<void> }
  /** Why there is none. */
  | { readonly tag: "none"; readonly problem: string };

const OWNER = fileURLToPath(new URL("docker-engine-owner.ts", import.meta.url));

/** Ends with this process, if nobody stops it before. */
export async function startTestEngine(): Promise<TestEngine> {
  if (process.getuid?.() !== 0) return { tag: "none", problem: "only root can start dockerd" };
  const owner = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), OWNER], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => owner.on("close", () => resolve()));
  const said = (await firstLine(owner)) as { readonly socket?: string; readonly problem?: string };
  const { socket, problem } = said;
  if (socket === undefined) return { tag: "none", problem: problem ?? "its owner said nothing" };
  const stop = (): Promise<void> => {
    owner.stdin!.end();
    return ended;
  };
  return { tag: "running", socket, stop };
}

function firstLine(owner: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => {
    createInterface({ input: owner.stdout! })
      .on("line", (line) => resolve(JSON.parse(line)))
      .on("close", () => resolve({}));
  });
}
