/**
 * Load and bytes weighed against each other: fans of tasks that compute between a first and a last
 * one, on the paper's seven workers of eight cores.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { contract, PAPER_CLUSTER } from "../../../core/plan/contract.ts";
import { expectedLoads } from "../../../core/plan/expected-loads.ts";
import type { PartitionMethod, Plan } from "../../../core/plan/plan.ts";
import { makePlan } from "../../../core/plan/planner.ts";
import { compile } from "../../../core/workflow/compile.ts";
import { fixed, type Step, type WorkflowSpec } from "../../../core/workflow/spec.ts";
import { datum, task, workflow } from "../../fixtures/partition/arbitrary.ts";

const test = suite("load limit");
const MIB = 2 ** 20;
const SECOND = 1_000_000;

/** One task, then so many that compute in parallel, then one; so many bytes from each to the last. */
function fan(width: number, { compute_s, bytes }: { compute_s: number; bytes: number }) {
  const short = { compute: fixed(SECOND / 100), sleep: fixed(0) };
  const wide = Array.from({ length: width }, (_, id) =>
    task(`w${id}`, {
      compute: fixed(compute_s * SECOND),
      sleep: fixed(0),
      reads: ["first.out"],
      writes: [datum("out", bytes)],
    }),
  );
  const reads = wide.map(({ name }) => `${name}.out`);
  const first = task("first", { ...short, writes: [datum("out", 1000)] });
  return workflow([first, ...wide, task("last", { ...short, reads, writes: [] })]);
}

function planOf(spec: WorkflowSpec, method: PartitionMethod, cores = 8): Plan {
  const cluster = { ...PAPER_CLUSTER, cores };
  const request = { id: 0, version: 1, graph: compile(spec), method, cluster } as const;
  return makePlan({ ...request, storage: "faastore" });
}

/** Seconds that the cores of each worker with tasks compute. */
function loads({ workerOf, graph }: Plan): readonly number[] {
  const all = PAPER_CLUSTER;
  const seconds = new Array<number>(all.workers).fill(0);
  for (const [id, load] of expectedLoads(graph).entries()) {
    seconds[workerOf[id]!]! += load / SECOND / all.cores;
  }
  return seconds.filter((load) => load > 0);
}

test("a fan that computes long and sends little is spread until its longest path takes longest", () => {
  const plan = planOf(fan(30, { compute_s: 2, bytes: 100 }), "faasflow-plus");
  // 60 core-seconds; the path is 2.02 s, in which 8 cores do 8 of the 30 tasks.
  assert.ok(Math.max(...loads(plan)) <= 2.03);
});

test("what takes long before a fan gives its tasks no cores", () => {
  const spec = fan(30, { compute_s: 2, bytes: 100 });
  const [first, ...rest] = spec.tasks;
  const tasks = [{ ...first!, compute: fixed(10 * SECOND) }, ...rest];
  const plan = planOf({ ...spec, tasks }, "faasflow-plus");
  const fanned = new Array<number>(PAPER_CLUSTER.workers).fill(0);
  for (let task = 1; task <= 30; task++) fanned[plan.workerOf[task]!]!++;
  // The path is 12 s, in which 8 cores do all of it; but 8 tasks of the fan at a time.
  assert.ok(Math.max(...fanned) <= 8, fanned.join());
});

test("Algorithm 1 does not look at cores: the same fan is on one worker", () => {
  assert.is(loads(planOf(fan(30, { compute_s: 2, bytes: 100 }), "faasflow")).length, 1);
});

test("with a core for each task of the fan it stays on one worker", () => {
  assert.is(loads(planOf(fan(30, { compute_s: 2, bytes: 100 }), "faasflow-plus", 32)).length, 1);
});

test("a fan that waits for bytes longer than it computes stays together", () => {
  const spec = fan(30, { compute_s: 0.1, bytes: 5 * MIB });
  assert.is(loads(planOf(spec, "faasflow-plus")).length, 1);
});

test("a fan that sleeps loads nobody", () => {
  const spec = fan(30, { compute_s: 2, bytes: 100 });
  const tasks = spec.tasks.map((one) => ({ ...one, compute: fixed(0), sleep: one.compute }));
  const plan = planOf({ ...spec, tasks }, "faasflow-plus");
  assert.is(new Set(plan.workerOf).size, 1);
});

test("a body that computes more than the path allows keeps what feeds it beside it", () => {
  const spec = workflow(
    [
      task("a", { compute: fixed(SECOND), writes: [datum("list", MIB, 100)] }),
      task("b", { compute: fixed(SECOND), reads: ["a.list"], writes: [datum("part")] }),
      task("c", { compute: fixed(SECOND), reads: ["b.part"], writes: [] }),
    ],
    [step("a"), { tag: "foreach", name: "each", over: "a.list", steps: [step("b")] }, step("c")],
  );
  assert.is(new Set(planOf(spec, "faasflow-plus").workerOf).size, 1);
});

function step(name: string): Step {
  return { tag: "task", task: name };
}

function foreach(over: string, steps: readonly Step[]): Step {
  return { tag: "foreach", name: over, over, steps };
}

test("a body is expected to compute once for each item, also within another", () => {
  const compute = fixed(10);
  const spec = workflow(
    [
      task("a", { compute, writes: [datum("list", 1, 3)] }),
      task("b", { compute, reads: ["a.list"], writes: [datum("list", 1, 5)] }),
      task("c", { compute, reads: ["b.list"] }),
    ],
    [step("a"), foreach("a.list", [step("b"), foreach("b.list", [step("c")])])],
  );
  assert.equal(expectedLoads(compile(spec)), [10, 30, 150]);
});

function choice(probability: number | undefined): WorkflowSpec {
  const compute = fixed(100);
  const when = { tag: "literal", value: true } as const;
  return workflow(
    ["a", "b", "c", "d"].map((name) => task(name, { compute })),
    [
      step("a"),
      {
        tag: "switch",
        name: "choice",
        cases: [{ when, probability, steps: [step("b")] }],
        otherwise: [step("c")],
      },
      step("d"),
    ],
  );
}

test("a branch is expected to compute as often as its switch says, what comes after always", () => {
  assert.equal(expectedLoads(compile(choice(0.25))), [100, 25, 75, 100]);
});

test("where a switch does not say how often, each branch counts", () => {
  assert.equal(expectedLoads(compile(choice(undefined))), [100, 100, 100, 100]);
});

test("a load is whole core-microseconds", () => {
  const spec = workflow([task("a", { compute: { tag: "uniform", min: 1, max: 4 } })]);
  assert.is(contract(compile(spec), PAPER_CLUSTER).problem.tasks[0]!.load_us, 3);
});

test.run();
