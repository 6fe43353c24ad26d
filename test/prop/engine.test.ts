/**
 * The engines under any small workflow, plan, cluster and faults: every invocation ends, what ran is
 * what the steps say, and no invariant is broken.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { validate } from "../../core/workflow/validate.ts";
import { anyCase, type Case } from "../core/engine/any-case.ts";
import { complaints, simulateCase } from "../core/engine/simulate-case.ts";

const test = suite("engines");

/** More for a search by hand: `ENGINE_RUNS=5000 ENGINE_SEED=7`. */
const RUNS = Number(process.env["ENGINE_RUNS"] ?? 250);
const SEED = process.env["ENGINE_SEED"];
const parameters = {
  numRuns: RUNS,
  ...(SEED === undefined ? {} : { seed: Number(SEED) }),
};

function holds(of: Case): void {
  assert.equal(validate(of.spec), []);
  assert.equal(complaints(of, simulateCase(of)), []);
}

test("without faults every invocation finishes with what its steps say", () => {
  fc.assert(fc.property(anyCase({ faults: false }), holds), parameters);
});

test("under faults every invocation ends, and those that finish ran what their steps say", () => {
  fc.assert(fc.property(anyCase({ faults: true }), holds), parameters);
});

test.run();
