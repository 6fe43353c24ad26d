/**
 * Bundles cli.ts into dist/: dist/cli.js and the chunks that it loads when a command asks for them.
 * The bundle holds every package it needs, so the published package has no dependencies;
 * dist/third-party-licenses.txt holds their licence texts.
 */

import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Files that Node starts or loads by name: the command line, the program in a container, the threads
 * and processes of experiments, and the functions that come with the project. `a/b.ts` gives
 * `dist/a/b.js`.
 */
const ENTRIES = [
  "cli.ts",
  "live/container-main.ts",
  "sim/cell-thread-command.ts",
  "analysis/partition-cost-command.ts",
  "analysis/engine-cost-command.ts",
];
/** Each file in a folder of this one is a function: an entry, too. */
const FUNCTIONS = "workflows/functions";
const LICENSES = "dist/third-party-licenses.txt";
const SHEBANG = "#!/usr/bin/env node\n";
/** Packages in CommonJS call `require`, which an ES module has not. */
const REQUIRE =
  'import { createRequire as faasflowCreateRequire } from "node:module";' +
  "const require = faasflowCreateRequire(import.meta.url);";

const root = fileURLToPath(new URL("..", import.meta.url));
// As `prepare`, npm also runs this where only part of the tree or of the packages is there.
const isPrepare = process.env.npm_lifecycle_event === "prepare";

const missing = [...ENTRIES, FUNCTIONS].filter((entry) => !existsSync(join(root, entry)));
const esbuild = await import("esbuild").catch(() => undefined);
if (missing.length > 0) giveUp(`nothing to bundle: ${missing.join(", ")} is not there`);
else if (esbuild === undefined)
  giveUp("esbuild is not installed; run `npm run build` after `npm ci`");
else await bundle(esbuild);

async function bundle({ build }) {
  const entries = [...ENTRIES, ...functions()];
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: "dist",
    outbase: ".",
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Not minified: it starts no faster (measured), and a stack trace can be read.
    sourcemap: "linked",
    legalComments: "none",
    banner: { js: SHEBANG + REQUIRE },
    metafile: true,
    logLevel: "warning",
    // sentiment looks for languages that it does not bring with it.
    logOverride: { "empty-glob": "silent" },
  }).catch(() => process.exit(1)); // esbuild has said why
  writeFileSync(join(root, LICENSES), licenses(metafile.inputs));
  for (const entry of entries) chmodSync(join(root, "dist", entry.replace(/\.ts$/, ".js")), 0o755);
  prune(new Set([...Object.keys(metafile.outputs), LICENSES]));
}

/** Paths from the root. */
function functions() {
  return readdirSync(join(root, FUNCTIONS), { withFileTypes: true })
    .filter((folder) => folder.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(root, FUNCTIONS, name)).map((file) => `${FUNCTIONS}/${name}/${file}`),
    );
}

/** Chunks of earlier builds: the hash in their names makes them pile up. */
function prune(wanted) {
  for (const entry of readdirSync(join(root, "dist"), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const name = relative(root, path).replaceAll("\\", "/");
    if (entry.isFile() && !wanted.has(name)) rmSync(path, { force: true });
  }
}

/** Each bundled package once, by name, with the licence text that it came with. */
function licenses(inputs) {
  const folders = new Set();
  for (const input of Object.keys(inputs)) {
    const found = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
    if (found) folders.add(found[0]);
  }
  // Texts: by code unit.
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json")));
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file
      ? readFileSync(join(root, folder, file), "utf8").trim()
      : `Licence: ${license}`;
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

function giveUp(why) {
  process.stderr.write(`${isPrepare ? "build skipped" : "build failed"}: ${why}\n`);
  process.exitCode = isPrepare ? 0 : 1;
}
