/** What a run's summary says of itself. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { counted } from "../../analysis/count-text.ts";
import { type RunFacts, runText } from "../../analysis/run-text.ts";

const FACTS: RunFacts = {
  scheme: "worker-sp",
  storage: "faastore",
  partition: "raw",
  workers: 1,
  profile: "ideal",
  again: { seed: "7", configHash: "abc" },
  messages: 1,
  violations: undefined,
};

function last(facts: Partial<RunFacts>): string {
  return runText([], { ...FACTS, ...facts })
    .split("\n")
    .at(-1)!;
}

test("what makes the same run again is told, if anything does", () => {
  assert.match(last({}), /, 1 control message; seed 7, config abc, event log -$/);
  assert.not.match(last({ again: undefined }), /seed|config|event log/);
});

test("how many violations there are is told where somebody looked", () => {
  assert.not.match(last({}), /invariants/);
  assert.match(last({ violations: 0 }), /; its invariants were checked, none is broken$/);
  assert.match(last({ violations: 1 }), /; its invariants were checked: 1 violation$/);
  assert.match(last({ violations: 12 }), /; its invariants were checked: 12 violations$/);
});

test("one of something is no plural", () => {
  assert.equal(
    [0, 1, 2].map((count) => counted(count, "log")),
    ["0 logs", "1 log", "2 logs"],
  );
  assert.is(counted(2, "entry", "entries"), "2 entries");
});

test.run();
