/**
 * `npm run bench [NAME...] [--small]`: each benchmark in a process of its own, so that none is warm
 * from another. --small runs a fraction of the load: for CI, to see that they run.
 */

import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const BENCHES = ["event-queue", "network", "partition", "run", "containers"];

function main(args: readonly string[]): number {
  const names = args.filter((arg) => arg !== "--small");
  const unknown = names.filter((name) => !BENCHES.includes(name));
  if (unknown.length > 0) {
    console.error(`${unknown.join(", ")}: no such benchmark. There are ${BENCHES.join(", ")}.`);
    return 2;
  }
  console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "CPU"}`);
  const flags = args.includes("--small") ? ["--small"] : [];
  let failed = 0;
  for (const name of names.length > 0 ? names : BENCHES) {
    console.log(`\n# ${name}`);
    const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
    const run = spawnSync(process.execPath, ["--import", "tsx", file, ...flags], {
      stdio: "inherit",
    });
    if (run.status !== 0) failed++;
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
