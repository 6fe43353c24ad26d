/**
 * Packs the project as `npm publish` would, installs the tarball in an empty folder without any
 * network, and runs the command there: what a stranger gets works, and needs nothing else.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Files that the command reads at run time, and those that a package owes its reader. */
const WANTED = [
  "LICENSE",
  "README.md",
  "CHANGELOG.md",
  "workflows/workflow.schema.json",
  "sim/tolerances.yaml",
];
const BENCHMARKS = "workflows/benchmarks";
/** Must end well in the empty folder. */
const COMMANDS = [["--help"]];
const folder = mkdtempSync(join(tmpdir(), "faasflow-pack-"));

try {
  const [{ filename, size }] = JSON.parse(
    npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root),
  );
  const home = join(folder, "home");
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), "{}\n");
  npm(["install", "--offline", "--no-audit", "--no-fund", join(folder, filename)], home);
  const installed = join(home, "node_modules/faasflow");
  const lacking = wanted().filter((path) => !existsSync(join(installed, path)));
  if (lacking.length > 0) throw new Error(`the package lacks ${lacking.join(", ")}`);
  const others = readdirSync(join(home, "node_modules")).filter((name) => /^[^.]/.test(name));
  if (others.length > 1) throw new Error(`it brought more with it: ${others.join(", ")}`);
  for (const command of COMMANDS) npm(["exec", "--offline", "--", "faasflow", ...command], home);
  process.stdout.write(`${filename}, ${size} bytes: installs and runs\n`);
} catch (error) {
  process.stdout.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function wanted() {
  const benchmarks = existsSync(join(root, BENCHMARKS)) ? readdirSync(join(root, BENCHMARKS)) : [];
  const all = [...WANTED, ...benchmarks.map((file) => `${BENCHMARKS}/${file}`)];
  return all.filter((path) => existsSync(join(root, path)));
}

function npm(args, cwd) {
  const shell = process.platform === "win32";
  const run = spawnSync("npm", args, { cwd, encoding: "utf8", shell });
  if (run.status === 0) return run.stdout;
  throw new Error(`npm ${args.join(" ")} failed:\n${run.stdout}${run.stderr}${run.error ?? ""}`);
}
