/**
 * The heap of finish marks against a sorted list: jobs leave from the top and from anywhere.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { JobTable } from "../../sim/job-table.ts";
import { MarkHeap } from "../../sim/mark-heap.ts";

interface PlainJob {
  readonly slot: number;
  readonly mark: number;
  readonly order: number;
}

const step = fc.record({
  // Lowering is rare, because it orders the heap anew and would hide what a removal broke.
  act: fc.oneof(
    { weight: 60, arbitrary: fc.constant("push") },
    { weight: 20, arbitrary: fc.constantFrom("pop", "remove") },
    { weight: 1, arbitrary: fc.constant("lower") },
  ),
  mark: fc.oneof(fc.nat(3), fc.nat(1000)),
  which: fc.nat(10_000),
});

const test = suite("mark heap");

test("gives jobs by mark, then by the order of opening, whichever have left before", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const jobs = new JobTable<number>();
      const heap = new MarkHeap(jobs);
      let plain: PlainJob[] = [];
      let opened = 0;
      const drop = (job: PlainJob): void => {
        plain = plain.filter((other) => other !== job);
        assert.is(jobs.remove(job.slot), job.order);
      };
      const popBoth = (): void => {
        plain.sort((one, other) => one.mark - other.mark || one.order - other.order);
        const expected = plain[0]!;
        assert.is(heap.topMark, expected.mark);
        assert.is(heap.pop(), expected.slot);
        drop(expected);
      };
      for (const { act, mark, which } of steps) {
        if (act === "push") {
          const slot = jobs.add(0, opened);
          heap.push(slot, mark);
          plain.push({ slot, mark, order: opened++ });
        } else if (plain.length === 0) {
          assert.is(heap.size, 0);
        } else if (act === "pop") {
          popBoth();
        } else if (act === "remove") {
          const job = plain[which % plain.length]!;
          heap.remove(job.slot);
          drop(job);
        } else {
          heap.lower(5);
          plain = plain.map((job) => ({ ...job, mark: job.mark - 5 }));
        }
      }
      while (plain.length > 0) popBoth();
      assert.is(heap.size, 0);
      assert.is(jobs.size, 0);
    }),
    { numRuns: 500 },
  );
});

test.run();
