/** Event logs lose nothing, and the event hash sees every change. */

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventChecks } from "../../analysis/event-checks.ts";
import { EventHash } from "../../analysis/event-hash.ts";
import { eventHeader, formatHeader } from "../../analysis/event-header.ts";
import { EventNames, formatEvent } from "../../analysis/event-log.ts";
import { readEventLog } from "../../analysis/event-reader.ts";
import { EVENT_KINDS, type Event, WHYS } from "../../core/events.ts";
import { childItem } from "../../core/workflow/item.ts";
import { datum, planOf, task, workflow } from "../analysis/builder.ts";

const graph = workflow("pair", [
  task("first", { writes: [datum("out", 1), datum("log", 1)] }),
  task("second", { reads: ["first.out"] }),
]);
const plans = [planOf(graph), planOf(graph, { id: 1 })];
const header = eventHeader({ seed: "s", config: {}, config_hash: "0" }, plans);
const names = new EventNames(header.workflows);

const field = fc.oneof(fc.constant(-1), fc.nat(5), fc.maxSafeNat());
/** Of what is counted one by one: its hash takes 32 bits. */
const count = fc.oneof(fc.constant(-1), fc.nat(5), fc.nat(2 ** 31 - 1));
const part = fc.nat(65_534);
const item = fc.oneof(
  fc.constantFrom(0, -1),
  part.map((k) => childItem(0, k)),
  fc.tuple(part, part).map(([a, b]) => childItem(childItem(0, a), b)),
);
const events: fc.Arbitrary<Event> = fc.record(
  {
    time: fc.maxSafeNat(),
    node: fc.integer({ min: -1, max: 9 }),
    kind: fc.constantFrom(...EVENT_KINDS),
    plan: fc.integer({ min: -1, max: 3 }),
    invocation: field,
    task: fc.integer({ min: -1, max: 3 }),
    item,
    attempt: count,
    container: count,
    datum: fc.integer({ min: -1, max: 3 }),
    part: item,
    bytes: field,
    wait_us: field,
    cpu_us: field,
    value: field,
    why: fc.constantFrom(...WHYS),
  },
  { noNullPrototype: true },
) as fc.Arbitrary<Event>;

/** With numbers that the header has: others are refused. */
function known(event: Event): Event {
  const plan = event.plan < plans.length ? event.plan : -1;
  const inPlan = (id: number): number => (plan >= 0 && id < 2 ? id : -1);
  const [task, datum] = [inPlan(event.task), inPlan(event.datum)];
  const item = task >= 0 ? Math.max(0, event.item) : event.item;
  const part = datum >= 0 ? Math.max(0, event.part) : event.part;
  return { ...event, plan, task, datum, item, part };
}

test("reading gives back exactly what was written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(events, { maxLength: 20 }), async (list) => {
      const checks = new EventChecks(header.workflows);
      const written = list.map(known).filter((each) => checks.faultIn(each) === undefined);
      const lines = [formatHeader(header), ...written.map((each) => formatEvent(each, names))];
      const log = await readEventLog(lines, { file: "log" });
      const read: Event[] = [];
      for await (const each of log.events) read.push(each);
      assert.equal(read, written);
    }),
    { numRuns: 300 },
  );
});

const digestOf = (list: readonly Event[]): string => {
  const hash = new EventHash();
  for (const each of list) hash.add(each);
  return hash.digest();
};

test("equal logs have equal digests of 16 hexadecimal digits", () => {
  fc.assert(
    fc.property(fc.array(events), (list) => {
      const copy = list.map((each) => ({ ...each }));
      assert.is(digestOf(list), digestOf(copy));
      assert.match(digestOf(list), /^[0-9a-f]{16}$/);
    }),
    { numRuns: 200 },
  );
});

test("changing any one field changes the digest", () => {
  fc.assert(
    fc.property(events, events, (one, other) => {
      for (const name of Object.keys(one) as (keyof Event)[]) {
        if (one[name] === other[name]) continue;
        assert.is.not(digestOf([one]), digestOf([{ ...one, [name]: other[name] }]), name);
      }
    }),
    { numRuns: 300 },
  );
});

test("swapping two different events changes the digest", () => {
  fc.assert(
    fc.property(events, events, (one, other) => {
      fc.pre(JSON.stringify(one) !== JSON.stringify(other));
      assert.is.not(digestOf([one, other]), digestOf([other, one]));
    }),
    { numRuns: 300 },
  );
});

test.run();
