/** Lists that an invocation brings with it. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Event } from "../../core/events.ts";
import { PreparedScenario } from "../../sim/scenario-config.ts";
import { CONFIGURATIONS, invocations, scenarioOf, specIn } from "../fixtures/scenario.ts";

const SPEC = specIn(`
faasflow: 1
name: listed
inputs: { pages: { size: 10 kB, items: { count: { empirical: [2, 3, 5] } } } }
tasks:
  page: { compute: 10 ms, reads: [input.pages], writes: { text: 8 } }
  book: { compute: 10 ms, reads: [page.text, input.pages] }
steps:
  - foreach: { over: input.pages, steps: [page] }
  - book
`);

for (const configuration of CONFIGURATIONS) {
  const { scheme, storage } = configuration;
  test(`${scheme} with ${storage}: a foreach over an input runs once an item, as many as drawn`, () => {
    const events: Event[] = [];
    const scenario = scenarioOf([SPEC], { ...configuration, load: invocations(20) });
    const { violations } = new PreparedScenario(scenario).simulate({
      check: true,
      event: (event) => events.push(event),
    });
    assert.equal(violations, []);
    const runs = Array.from({ length: 20 }, () => 0);
    for (const { kind, invocation } of events) if (kind === "complete") runs[invocation]! += 1;
    // The pages and the book.
    const widths = new Set(runs.map((count) => count - 1));
    assert.equal(
      [...widths].sort((a, b) => a - b),
      [2, 3, 5],
    );
  });
}

test.run();
