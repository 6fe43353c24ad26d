/** The files that come with the project are found from wherever the code lies. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findRoot, resourceUrl } from "../../workflows/resources.ts";

test("a path is looked up from the project's root", () => {
  assert.ok(existsSync(resourceUrl("workflows/resources.ts")));
});

test("the root is the nearest folder above with our package.json, past those of others", () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-resources-"));
  try {
    mkdirSync(join(folder, "dist/chunks"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "name": "faasflow" }');
    writeFileSync(join(folder, "dist/package.json"), '{ "name": "other" }');
    const root = pathToFileURL(`${folder}/`);
    assert.is(findRoot(new URL("dist/chunks/", root)).href, root.href);
    assert.is(findRoot(root).href, root.href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("without our package.json above, the error says what to do", () => {
  assert.throws(() => findRoot(new URL("file:///nowhere/at/all/")), /install the whole package/);
});

test.run();
