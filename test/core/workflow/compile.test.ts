/** Specs to graphs: vertices, edges and kinds of reads that follow from steps and reads. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Graph, OTHERWISE, OUTSIDE } from "../../../core/workflow/graph.ts";
import type { Step } from "../../../core/workflow/spec.ts";
import { datum, task, workflow } from "../../analysis/builder.ts";

const test = suite("compile");

const one = (name: string): Step => ({ tag: "task", task: name });
const literal = { tag: "literal", value: true } as const;

/** Each edge in words, those of the start left out. */
function edges(graph: Graph): readonly string[] {
  const name = (vertex: number): string => graph.vertices[vertex]!.name;
  return graph.edges
    .filter(({ from }) => from !== OUTSIDE)
    .map(({ from, to, kind, branch }) => {
      const notes = [kind === "plain" ? "" : kind, branch === OTHERWISE ? "" : `case ${branch}`];
      return [`${name(from)} > ${name(to)}`, ...notes.filter((note) => note !== "")].join(", ");
    })
    .sort();
}

function starts(graph: Graph): readonly string[] {
  return graph.startEdges.map((edge) => graph.vertices[graph.edges[edge]!.to]!.name);
}

test("without steps, reads and `after` give the edges", () => {
  const graph = workflow("w", [
    task("a", { writes: [datum("out", 1)] }),
    task("b", { reads: ["a.out"] }),
    task("c", { after: ["a"] }),
  ]);
  assert.equal([edges(graph), starts(graph)], [["a > b", "a > c"], ["a"]]);
  assert.equal(graph.sinks, [1, 2]);
});

test("a task that reads two data of another has one edge from it", () => {
  const graph = workflow("w", [
    task("a", { writes: [datum("x", 1), datum("y", 1)] }),
    task("b", { reads: ["a.x", "a.y"], after: ["a"] }),
  ]);
  assert.equal(edges(graph), ["a > b"]);
});

test("in steps the order counts, not the reads", () => {
  const tasks = [
    task("a", { writes: [datum("out", 1)] }),
    task("b"),
    task("c", { reads: ["a.out"] }),
  ];
  const graph = workflow("w", tasks, { steps: [one("a"), one("b"), one("c")] });
  assert.equal(edges(graph), ["a > b", "b > c"]);
});

test("branches after branches are tied by one join vertex", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const parallel = (...tasks: string[]): Step => ({ tag: "parallel", branches: tasks.map(one) });
  const steps = [parallel("a", "b", "c"), parallel("d", "e", "f")];
  const graph = workflow(
    "w",
    names.map((name) => task(name)),
    { steps },
  );
  assert.equal(
    graph.vertices.map(({ kind }) => kind),
    ["task", "task", "task", "task", "task", "task", "join"],
  );
  assert.is(graph.edges.length, 3 + 3 + 3);
});

test("a switch has an edge a case, and one past it where no case holds", () => {
  const steps: Step[] = [
    {
      tag: "switch",
      name: "s",
      cases: [{ when: literal, probability: undefined, steps: [one("a")] }],
      otherwise: [],
    },
    one("b"),
  ];
  const graph = workflow("w", [task("a"), task("b")], { steps });
  assert.equal(edges(graph), ["a > b", "s > a, case 0", "s > b"]);
});

test("a task that two switches lead to is one vertex with an in-edge of each", () => {
  const inner: Step = {
    tag: "switch",
    name: "inner",
    cases: [{ when: literal, probability: undefined, steps: [one("m")] }],
    otherwise: [],
  };
  const outer: Step = {
    tag: "switch",
    name: "outer",
    cases: [{ when: literal, probability: undefined, steps: [one("m")] }],
    otherwise: [one("a"), inner],
  };
  const graph = workflow("w", [task("m"), task("a")], { steps: [outer] });
  assert.equal(edges(graph), ["a > inner", "inner > m, case 0", "outer > a", "outer > m, case 0"]);
});

test("a foreach opens a scope, fans out, and its close gathers, told the width", () => {
  const steps: Step[] = [
    one("list"),
    { tag: "foreach", name: "each", over: "list.items", steps: [one("body")] },
    one("merge"),
  ];
  const tasks = [
    task("list", { writes: [datum("items", 1, 3)] }),
    task("body", { reads: ["list.items"], writes: [datum("out", 1)] }),
    task("merge", { reads: ["body.out", "list.items"] }),
  ];
  const graph = workflow("w", tasks, { steps });
  assert.equal(edges(graph), [
    "body > each-close, gather",
    "each > body, fan-out",
    "each > each-close, width",
    "each-close > merge",
    "list > each",
  ]);
  assert.equal(
    graph.vertices.map(({ name, scope }) => `${name} ${scope}`),
    ["list 0", "body 1", "merge 0", "each 0", "each-close 0"],
  );
  const how = (name: string): readonly string[] =>
    graph.vertices.find((vertex) => vertex.name === name)!.reads.map((read) => read.how);
  assert.equal([how("body"), how("merge")], [["item"], ["all", "all"]]);
});

test("the order has every vertex after all those before it", () => {
  const steps: Step[] = [
    one("list"),
    { tag: "foreach", name: "each", over: "list.items", steps: [one("body")] },
    one("merge"),
  ];
  const tasks = [task("merge"), task("body"), task("list", { writes: [datum("items", 1, 3)] })];
  const graph = workflow("w", tasks, { steps });
  const place = (vertex: number): number => graph.order.indexOf(vertex);
  assert.is(graph.order.length, graph.vertices.length);
  for (const { from, to } of graph.edges) if (from !== OUTSIDE) assert.ok(place(from) < place(to));
});

test.run();
