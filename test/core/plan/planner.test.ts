/**
 * From a compiled workflow to its plan: contraction, placement, tags, quota.
 */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { contract, PAPER_CLUSTER } from "../../../core/plan/contract.ts";
import { fnv1a, roomsLeft } from "../../../core/plan/place.ts";
import type { PartitionMethod, Plan, StorageMethod } from "../../../core/plan/plan.ts";
import { makePlan } from "../../../core/plan/planner.ts";
import type { Bytes } from "../../../core/units.ts";
import { compile } from "../../../core/workflow/compile.ts";
import { fixed, type Step, type WorkflowSpec } from "../../../core/workflow/spec.ts";
import { datum, task, workflow } from "../../fixtures/partition/arbitrary.ts";

const test = suite("planner");
const MIB = 2 ** 20;

function step(name: string): Step {
  return { tag: "task", task: name };
}

function planOf(
  spec: WorkflowSpec,
  changes: { method?: PartitionMethod; storage?: StorageMethod; workers?: number } = {},
): Plan {
  const { method = "faasflow", storage = "faastore", workers = 7 } = changes;
  const cluster = { ...PAPER_CLUSTER, workers };
  return makePlan({ id: 0, version: 1, graph: compile(spec), method, storage, cluster });
}

function tagsByName(plan: Plan): Record<string, string> {
  return Object.fromEntries(plan.graph.data.map(({ name }, id) => [name, plan.tagOf[id]!]));
}

function groupsByName(plan: Plan): Record<string, number> {
  return Object.fromEntries(plan.graph.vertices.map(({ name }, id) => [name, plan.groupOf[id]!]));
}

/** a writes a list; each of its 3 items goes through b; c reads what all b wrote. */
const FOREACH = workflow(
  [
    task("a", { writes: [datum("list", MIB, 3)] }),
    task("b", {
      reads: ["a.list"],
      writes: [datum("part", 2 * MIB)],
      container: { ...task("b").container, instances: 3 },
    }),
    task("c", { reads: ["b.part"] }),
  ],
  [step("a"), { tag: "foreach", name: "each", over: "a.list", steps: [step("b")] }, step("c")],
);

test("runtime of a task is its compute on one core and its sleep", () => {
  const spec = workflow([task("a", { compute: fixed(2_500_000), sleep: fixed(500_000) })]);
  assert.is(contract(compile(spec), PAPER_CLUSTER).problem.tasks[0]!.runtime_s, 3);
});

test("a list counts all its items, a foreach body all its instances", () => {
  const { problem } = contract(compile(FOREACH), PAPER_CLUSTER);
  assert.equal(
    problem.tasks.map(({ outputBytes, scale }) => [outputBytes / MIB, scale]),
    [
      [3, 3],
      [6, 9],
      [1, 3],
    ],
  );
});

test("control vertices are contracted: edges go from task to task", () => {
  const { problem } = contract(compile(FOREACH), PAPER_CLUSTER);
  assert.equal(problem.edges, [
    { from: 0, to: 1 },
    { from: 1, to: 2 },
  ]);
});

test("quota is what function and reserve leave over, for each planned instance", () => {
  const { problem } = contract(compile(FOREACH), PAPER_CLUSTER);
  const one = (1 - 0.2 - 0.25) * 256 * MIB;
  assert.equal(
    problem.tasks.map(({ quotaBytes }) => Math.round(quotaBytes)),
    [one, 3 * one, one].map(Math.round),
  );
});

test("a container that the function fills gives no quota", () => {
  const container = { ...task("a").container, used: (250 * MIB) as Bytes };
  const { problem } = contract(compile(workflow([task("a", { container })])), PAPER_CLUSTER);
  assert.is(problem.tasks[0]!.quotaBytes, 0);
});

test("a worker's quota is that of the tasks placed there", () => {
  const plan = planOf(FOREACH);
  const total = plan.quotaOf.reduce((sum, quota) => sum + quota, 0);
  assert.is(plan.quotaOf[plan.workerOf[0]!], total);
  assert.is(total, Math.floor(5 * 0.55 * 256 * MIB));
});

test("foreach and close go with the body, in its group and on its worker", () => {
  const plan = planOf(FOREACH, { method: "raw" });
  const groups = groupsByName(plan);
  assert.is(groups["each"], groups["b"]);
  assert.is(groups["each-close"], groups["b"]);
});

test("a switch goes with the task before it, a join with the task after it", () => {
  const spec = workflow(
    ["a", "b", "c", "d", "e", "f"].map((name) => task(name)),
    [
      step("a"),
      {
        tag: "switch",
        name: "choice",
        cases: [
          { when: { tag: "literal", value: true }, probability: undefined, steps: [step("b")] },
        ],
        otherwise: [step("c")],
      },
      { tag: "parallel", branches: ["d", "e", "f"].map(step) },
    ],
  );
  const plan = planOf(spec, { method: "raw" });
  const groups = groupsByName(plan);
  assert.is(groups["choice"], groups["a"]);
  const join = plan.graph.vertices.findIndex((vertex) => vertex.kind === "join");
  assert.is(plan.groupOf[join], groups["d"]);
});

test("faasflow tags all data of a task alike, results too", () => {
  const spec = workflow([
    task("a", { writes: [datum("read"), datum("result")] }),
    task("b", { reads: ["a.read"] }),
  ]);
  assert.equal(tagsByName(planOf(spec)), {
    "a.read": "local",
    "a.result": "local",
    "b.out": "remote",
  });
});

test("faasflow-plus tags each datum by its readers, a result remote", () => {
  const spec = workflow([
    task("a", { writes: [datum("read"), datum("result")] }),
    task("b", { reads: ["a.read"] }),
  ]);
  assert.equal(tagsByName(planOf(spec, { method: "faasflow-plus" })), {
    "a.read": "local",
    "a.result": "remote",
    "b.out": "remote",
  });
});

test("a datum whose reader is no successor and on another worker is both, not local", () => {
  // c reads a's datum across b. The dearest edge brings a and b together, and no group holds three.
  const spec = workflow(
    [
      task("a", { writes: [datum("big", 9 * MIB)] }),
      task("b", { reads: ["a.big"], writes: [datum("small", 8)] }),
      task("c", { reads: ["b.small", "a.big"] }),
    ],
    [step("a"), step("b"), step("c")],
  );
  const cluster = { ...PAPER_CLUSTER, groupLimit: 2, rooms: [10, 10, 8] };
  const graph = compile(spec);
  const method = "faasflow";
  const plan = makePlan({ id: 0, version: 1, graph, method, storage: "faastore", cluster });
  assert.is.not(plan.workerOf[2], plan.workerOf[0]);
  assert.is(tagsByName(plan)["a.big"], "both");
});

test("storage remote makes every tag remote and leaves the partition as it is", () => {
  const plan = planOf(FOREACH, { storage: "remote" });
  assert.equal(new Set(plan.tagOf), new Set(["remote"]));
  assert.equal(plan.groupOf, planOf(FOREACH).groupOf);
});

test("raw puts each task on the worker that its name's hash says, all data remote", () => {
  const plan = planOf(FOREACH, { method: "raw" });
  assert.equal(
    plan.workerOf.slice(0, 3),
    ["a", "b", "c"].map((name) => fnv1a(name) % 7),
  );
  assert.equal(new Set(plan.tagOf), new Set(["remote"]));
});

test("the hash of names is FNV-1a with 32 bits", () => {
  // Vectors of Fowler, Noll and Vo.
  assert.is(fnv1a(""), 0x811c9dc5);
  assert.is(fnv1a("a"), 0xe40c292c);
  assert.is(fnv1a("foobar"), 0xbf9cf968);
});

test("a deployed plan takes room from the next one", () => {
  const plan = planOf(FOREACH);
  const rooms = roomsLeft([plan, plan], PAPER_CLUSTER);
  assert.is(rooms[plan.workerOf[0]!], 96 - 2 * 15);
  const cluster = { ...PAPER_CLUSTER, rooms: [0, 0, 0, 96, 0, 0, 0] };
  const graph = compile(FOREACH);
  const method = "faasflow";
  const next = makePlan({ id: 1, version: 1, graph, method, storage: "faastore", cluster });
  assert.equal(new Set(next.workerOf), new Set([3]));
});

test("a workflow that does not fit gets a balanced plan that says so", () => {
  const tasks = Array.from({ length: 100 }, (_, id) => task(`t${id}`));
  const plan = planOf(workflow(tasks), { workers: 2 });
  assert.ok(plan.overCommitted);
  assert.is(plan.workerOf.filter((worker) => worker === 0).length, 50);
});

test.run();
