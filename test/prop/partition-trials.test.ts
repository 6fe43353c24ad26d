/**
 * What `faasflow-plus` relies on to try much and touch little: savings and path lengths that it works
 * out from the neighbourhood of a task equal those computed anew.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Grouping } from "../../core/plan/partition.ts";
import { edgeWeights, type PartitionProblem } from "../../core/plan/partition-problem.ts";
import { Traffic } from "../../core/plan/traffic.ts";
import { longestPath } from "../../core/workflow/critical-path.ts";
import { anyProblem } from "../fixtures/partition/arbitrary.ts";
import { leastRemoteBytes } from "../fixtures/partition/remote-bytes.ts";

const test = suite("trials of a partition");
const RUNS = { numRuns: 300 };

interface Trials {
  readonly problem: PartitionProblem;
  readonly workers: number;
  readonly workerOf: readonly number[];
  /** One trial after another: tasks and where they go, and whether that is kept. */
  readonly trials: readonly {
    readonly moves: readonly (readonly [number, number])[];
    keep: boolean;
  }[];
}

const anyTrials: fc.Arbitrary<Trials> = fc
  .record({ problem: anyProblem, workers: fc.integer({ min: 1, max: 5 }) })
  .chain(({ problem, workers }) => {
    const count = problem.tasks.length;
    const worker = fc.integer({ min: 0, max: workers - 1 });
    const move = fc.tuple(fc.integer({ min: 0, max: count - 1 }), worker);
    return fc.record({
      problem: fc.constant(problem),
      workers: fc.constant(workers),
      workerOf: fc.array(worker, { minLength: count, maxLength: count }),
      trials: fc.array(
        fc.record({
          moves: fc.uniqueArray(move, { maxLength: 4, selector: ([task]) => task }),
          keep: fc.boolean(),
        }),
        {
          maxLength: 6,
        },
      ),
    });
  });

test("a trial saves what all data cost before, less what they cost after", () => {
  fc.assert(
    fc.property(anyTrials, ({ problem, workers, workerOf, trials }) => {
      const traffic = new Traffic(problem.data, Int32Array.from(workerOf), workers);
      let now = workerOf;
      for (const { moves, keep } of trials) {
        const then = now.slice();
        for (const [task, worker] of moves) {
          traffic.suppose([task], worker);
          then[task] = worker;
        }
        assert.is(traffic.saved(), bytes(problem, now) - bytes(problem, then));
        if (keep) traffic.keep();
        else traffic.drop();
        if (keep) now = then;
      }
    }),
    RUNS,
  );
});

test("what a task saves alone is right after every trial, and until it is asked a bound holds", () => {
  fc.assert(
    fc.property(anyTrials, ({ problem, workers, workerOf, trials }) => {
      const traffic = new Traffic(problem.data, Int32Array.from(workerOf), workers);
      const now = workerOf.slice();
      for (const [round, { moves }] of trials.entries()) {
        for (let task = 0; task < now.length; task++) {
          const bound = traffic.mostSaved[task]!;
          for (let worker = 0; worker < workers; worker++) {
            if (worker === now[task]) continue;
            const saved = bytes(problem, now) - bytes(problem, now.with(task, worker));
            assert.ok(saved <= bound);
            if ((task + round) % 2 === 0) continue;
            assert.is(traffic.savedAlone(task, worker), saved);
            assert.ok(saved <= traffic.mostSaved[task]!);
          }
        }
        for (const [moving, worker] of moves) {
          traffic.suppose([moving], worker);
          now[moving] = worker;
        }
        traffic.keep();
      }
    }),
    RUNS,
  );
});

test("a move is allowed if and only if no path is then too long", () => {
  fc.assert(
    fc.property(
      anyProblem,
      fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 }),
      (problem, picks) => {
        const count = problem.tasks.length;
        const grouping = new Grouping(problem);
        grouping.followLongestPath();
        const limit_s = grouping.criticalPath_s();
        for (const [one, other] of picks) {
          const task = one % count;
          const to = grouping.groups.groupOf[other % count]!;
          if (!grouping.groups.canMove(task, to)) continue;
          const groups = problem.tasks.map((_, id) =>
            id === task ? to : grouping.groups.groupOf[id]!,
          );
          // Half of the margin that `allows` leaves to rounding.
          const fits = pathLength(problem, groups) <= limit_s + 5e-7;
          grouping.refresh();
          assert.is(grouping.allows({ task, to }, limit_s), fits);
          assert.is(
            grouping.tryMoves([{ task, to }], limit_s),
            pathLength(problem, groups) <= limit_s,
          );
        }
      },
    ),
    RUNS,
  );
});

function bytes(problem: PartitionProblem, workerOf: readonly number[]): number {
  return problem.data.reduce((sum, d) => sum + leastRemoteBytes(d, (task) => workerOf[task]!), 0);
}

function pathLength(problem: PartitionProblem, groupOf: readonly number[]): number {
  return longestPath({
    runtimes: problem.tasks.map((task) => task.runtime_s),
    edges: problem.edges,
    weights: edgeWeights(problem).map((weight, id) => {
      const { from, to } = problem.edges[id]!;
      return groupOf[from] === groupOf[to] ? weight / problem.localSpeedup : weight;
    }),
  }).length;
}

test.run();
