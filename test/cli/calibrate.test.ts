/** `faasflow calibrate` as a user starts it. The fit itself takes minutes; what is around it does not. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { faasflow } from "../fixtures/command.ts";
import { profileText } from "../fixtures/profile-text.ts";

const NO_FIT = ["--published", "--starts", "1", "--rounds", "0", "--generations", "0"];

test("without a fit it says how far off the profile is, and writes it as it was", () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-calibrate-"));
  const out = join(folder, "profile.yaml");
  const { code, stdout } = faasflow("calibrate", ...NO_FIT, "--out", out);
  assert.is(code, 0);
  assert.match(stdout, /Fitted: the figures of MasterSP\+remote and WorkerSP\+FaaStore\./);
  assert.is(stdout.match(/ fitted /g)?.length, 48 + 6);
  assert.not.match(stdout, / predicted /);
  assert.is(readFileSync(out, "utf8"), profileText("paper-testbed"));
  rmSync(folder, { recursive: true, force: true });
});

test("with one system fitted, the figures of the other are told as predicted", () => {
  const { stdout } = faasflow("calibrate", ...NO_FIT, "--columns", "worker-sp");
  assert.match(
    stdout,
    /the figures of WorkerSP\+FaaStore\. Predicted: those of MasterSP\+remote\./,
  );
  assert.is(stdout.match(/ predicted /g)?.length, 24 + 3);
  assert.is(stdout.match(/ fitted /g)?.length, 24 + 3);
});

test("what is wrong is told at once: nothing to fit to, nothing to fit, no start", () => {
  const { code, stderr } = faasflow("calibrate", "--profile", "ideal", "--starts", "0");
  assert.is(code, 2);
  assert.match(stderr, /--published is missing/);
  assert.match(stderr, /--profile ideal: no value has a range/);
  assert.match(stderr, /--starts 0/);
});

test.run();
