/** Foreign arrivals as a trace, against the same worked out plainly. */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Asked, arrivalsOf, traceOf } from "../fixtures/arrivals.ts";

const name = fc.constantFrom("a", "b", "c");
const invocation = fc.record({ app: name, func: name, begin: fc.nat(300), duration: fc.nat(90) });
const invocations = fc.array(invocation, { minLength: 1, maxLength: 60 });
const counted = fc.record({
  app: name,
  func: name,
  counts: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)),
});
const SHUFFLES = fc.infiniteStream(fc.nat(1_000));

const invocationLine = (each: { app: string; func: string; begin: number; duration: number }) =>
  `${each.app},${each.func},${each.begin + each.duration},${each.duration}`;
const invocationFile = (rows: readonly string[]) => ["app,func,end_timestamp,duration", ...rows];
const minuteFile = (rows: readonly string[]) => [
  "HashOwner,HashApp,HashFunction,Trigger,1,2,3",
  ...rows,
];
const minuteLine = ({
  app,
  func,
  counts,
}: {
  app: string;
  func: string;
  counts: readonly number[];
}) => `o,${app},${func},http,${counts.join()}`;

function shuffled<T>(items: readonly T[], order: Iterator<number>): readonly T[] {
  return items
    .map((item) => ({ item, key: order.next().value as number }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

const check = (lines: readonly string[], asked: Asked = {}) => arrivalsOf(traceOf(lines, asked));

const test = suite("foreign arrivals");

test("are the same whatever the order of rows", () => {
  const workflows = ["genome", "video", "soykb"];
  fc.assert(
    fc.property(invocations, fc.array(counted), SHUFFLES, (ended, minutes, order) => {
      for (const [file, rows] of [
        [invocationFile, ended.map(invocationLine)],
        [minuteFile, minutes.map(minuteLine)],
      ] as const) {
        const other = file(shuffled(rows, order));
        assert.equal(check(other, { workflows }), check(file(rows), { workflows }));
      }
    }),
  );
});

test("are in order of time, each as its row says", () => {
  fc.assert(
    fc.property(invocations, (rows) => {
      const expected = rows.map(({ begin }) => begin * 1_000_000).toSorted((a, b) => a - b);
      const found = check(invocationFile(rows.map(invocationLine)));
      assert.equal(
        found.map(({ at_us }) => at_us),
        expected,
      );
    }),
  );
});

test("of a window are those of the whole that lie in it, moved to 0, however fast", () => {
  const asked = fc.record({
    from: fc.nat(200_000_000),
    length: fc.integer({ min: 1, max: 200_000_000 }),
    speed: fc.constantFrom(0.5, 1, 3, 10),
  });
  fc.assert(
    fc.property(fc.array(counted), asked, (rows, { from, length, speed }) => {
      const lines = minuteFile(rows.map(minuteLine));
      const to = from + length;
      const expected = check(lines)
        .filter(({ at_us }) => at_us >= from && at_us < to)
        .map(({ at_us }) => Math.floor((at_us - from) / speed));
      const found = check(lines, { from, to, speed }).map(({ at_us }) => at_us);
      assert.equal(found, expected);
    }),
  );
});

test("keep the counts of every minute and function", () => {
  fc.assert(
    fc.property(fc.array(counted), fc.constantFrom("poisson", "even"), (rows, within) => {
      const lines = minuteFile(rows.map(minuteLine));
      for (const [app, func] of rows.map((row) => [row.app, row.func])) {
        const expected = [0, 0, 0];
        for (const row of rows) {
          if (row.app !== app || row.func !== func) continue;
          for (const [minute, count] of row.counts.entries()) expected[minute]! += count;
        }
        const found = [0, 0, 0];
        const asked = { app, function: func, within } as const;
        for (const { at_us } of check(lines, asked)) found[Math.floor(at_us / 60_000_000)]! += 1;
        assert.equal(found, expected);
      }
    }),
  );
});

test.run();
