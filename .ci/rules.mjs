/**
 * Checks the import rules of .dependency-cruiser.cjs over the whole tree, and that it saw the tree
 * at all: a parser that finds no module finds no violation either.
 */

import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import extractOptions from "dependency-cruiser/config-utl/extract-depcruise-options";

const AREAS = ["core", "sim", "live", "traces", "workflows", "analysis", "test", "cli.ts"];

process.chdir(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));
const options = await extractOptions(
  fileURLToPath(new URL("../.dependency-cruiser.cjs", import.meta.url)),
);
const { output } = await cruise(
  AREAS.filter((area) => existsSync(area)),
  options,
);
const { violations, totalCruised, totalDependenciesCruised } = output.summary;
const unseen = AREAS.filter((area) => hasSource(area) && !output.modules.some(isIn(area)));

for (const { rule, from, to, cycle } of violations) {
  const path = cycle ? cycle.map(({ name }) => name).join(" -> ") : to;
  const why = options.ruleSet.forbidden.find(({ name }) => name === rule.name)?.comment;
  const what = from === to ? from : `${from} -> ${path}`;
  process.stdout.write(`${what}\n  ${rule.name}: ${why}\n`);
}
for (const area of unseen) process.stdout.write(`${area}: no module was found in it\n`);
process.stdout.write(
  `${violations.length} violations in ${totalCruised} modules, ${totalDependenciesCruised} imports\n`,
);
process.exitCode = violations.length > 0 || unseen.length > 0 || totalCruised === 0 ? 1 : 0;

function hasSource(area) {
  if (!existsSync(area)) return false;
  if (area.endsWith(".ts")) return true;
  return readdirSync(area, { recursive: true }).some((file) => file.endsWith(".ts"));
}

function isIn(area) {
  return ({ source }) => source === area || source.startsWith(`${area}/`);
}
