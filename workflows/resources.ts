/**
 * Where the files that come with the project are: the benchmarks, the JSON Schema. The same lookup
 * works in the source tree and in the bundle, which lie at different depths below the root.
 */

import { existsSync, readFileSync } from "node:fs";

const PACKAGE = "faasflow";
let found: URL | undefined;

/** The file at `path` from the project's root: `resourceUrl("workflows/benchmarks/genome.yaml")`. */
export function resourceUrl(path: string): URL {
  found ??= findRoot(new URL("./", import.meta.url));
  return new URL(path, found);
}

/** The nearest folder above `start`, or itself, whose package.json is ours. Ends in a slash. */
export function findRoot(start: URL): URL {
  for (let folder = start; ; folder = new URL("../", folder)) {
    const file = new URL("package.json", folder);
    if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === PACKAGE) return folder;
    if (new URL("../", folder).href === folder.href) {
      throw new Error(
        `the files of ${PACKAGE} are not there: no package.json of it above ${start.pathname}; ` +
          "install the whole package, not dist/ alone",
      );
    }
  }
}
