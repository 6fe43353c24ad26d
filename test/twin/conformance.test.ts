/**
 * One scenario, one ledger, whoever plays it: here the simulator, and the live daemons in this process
 * with a stepped clock. The files beside this one do it with processes around a NATS server.
 */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { EventKind } from "../../core/events.ts";
import { conform } from "./conformance-cases.ts";
import { ledgerOf, violationsIn } from "./conformance-ledger.ts";
import { scenariosFor } from "./conformance-scenarios.ts";
import { simulated } from "./drivers/simulated.ts";
import { stepped } from "./drivers/stepped.ts";

for (const scheme of ["worker-sp", "master-sp"] as const) {
  conform(test, { name: "simulator", driver: simulated, scheme });
  conform(test, { name: "stepped daemons", driver: stepped, scheme });
}

test("the same daemons with a stepped clock do the same to the microsecond", async () => {
  const faultless = scenariosFor("worker-sp").filter(({ faults }) => faults === undefined);
  const logs: string[] = [];
  for (let run = 0; run < 2; run++) {
    const played = await stepped("worker-sp", faultless);
    const lines = played.flatMap(({ events }) => events.map((event) => JSON.stringify(event)));
    logs.push(lines.join("\n"));
  }
  assert.ok(logs[0]!.length > 10_000);
  assert.fixture(logs[0]!, logs[1]!);
});

/** Kinds without which nothing is missing from a log that anybody would notice. */
const HINTS: ReadonlySet<EventKind> = new Set(["assign", "ready"]);

test("a log from which any one event is missing has another ledger, or breaks an invariant", async () => {
  const played = await simulated("worker-sp", scenariosFor("worker-sp").slice(0, 4));
  for (const { plan, events } of played) {
    const whole = ledgerOf({ plan, events });
    for (const [index, { kind }] of events.entries()) {
      if (HINTS.has(kind)) continue;
      const rest = events.filter((_, other) => other !== index);
      const isSeen = ledgerOf({ plan, events: rest }) !== whole;
      assert.ok(isSeen || violationsIn([plan], rest).length > 0, `${plan.graph.name}: ${kind}`);
    }
  }
});

test.run();
