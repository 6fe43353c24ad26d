/** Which parts of a datum a reader reads. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { itemPath, parseItemPath } from "../../../core/workflow/item.ts";
import { itemIn, partsOf, widthOf } from "../../../core/workflow/parts.ts";
import type { Step } from "../../../core/workflow/spec.ts";
import { datum, task, workflow } from "../../analysis/builder.ts";

const test = suite("parts");

const one = (name: string): Step => ({ tag: "task", task: name });

/** For each row: cut, which writes a list of its own; for each of that: cell. Then, sum. */
const graph = workflow(
  "w",
  [
    task("rows", { writes: [datum("items", 1, 2), datum("name", 1)] }),
    task("cut", { reads: ["rows.items"], writes: [datum("items", 1, 3)] }),
    task("cell", { reads: ["cut.items", "rows.items", "rows.name"], writes: [datum("out", 1)] }),
    task("row_sum", { reads: ["cell.out", "cut.items"] }),
    task("sum", { reads: ["cell.out", "cut.items", "rows.name"] }),
  ],
  {
    steps: [
      one("rows"),
      {
        tag: "foreach",
        name: "row",
        over: "rows.items",
        steps: [
          one("cut"),
          { tag: "foreach", name: "column", over: "cut.items", steps: [one("cell")] },
          one("row_sum"),
        ],
      },
      one("sum"),
    ],
  },
);

const idOf = (name: string): number => graph.vertices.findIndex((each) => each.name === name);
const dataOf = (name: string): number => graph.data.findIndex((each) => each.name === name);

/** Two rows; the first was cut in two, the second in one. */
const COUNTS = new Map([
  [`${dataOf("rows.items")} `, 2],
  [`${dataOf("cut.items")} 0`, 2],
  [`${dataOf("cut.items")} 1`, 1],
]);
const countOf = (id: number, item: number) => COUNTS.get(`${id} ${itemPath(item)}`);

function parts(reader: string, item: string, name: string): readonly string[] {
  const vertex = idOf(reader);
  const read = graph.vertices[vertex]!.reads.find((each) => each.datum === dataOf(name))!;
  return partsOf(graph, read, { vertex, item: parseItemPath(item) }, countOf).map(itemPath);
}

test("a body reads the item that its foreach is at", () => {
  assert.equal(parts("cut", "1", "rows.items"), ["1"]);
  assert.equal(parts("cell", "0.1", "cut.items"), ["0.1"]);
});

test("a body of an inner foreach reads the item that the outer one is at", () => {
  assert.equal(parts("cell", "1.0", "rows.items"), ["1"]);
});

test("a datum of the whole invocation is the same for every body", () => {
  assert.equal(parts("cell", "1.0", "rows.name"), [""]);
});

test("after the inner foreach, what its bodies of this row wrote is read", () => {
  assert.equal(parts("row_sum", "0", "cell.out"), ["0.0", "0.1"]);
  assert.equal(parts("row_sum", "1", "cut.items"), ["1.0"]);
});

test("after both, what all bodies wrote is read, row by row", () => {
  assert.equal(parts("sum", "", "cell.out"), ["0.0", "0.1", "1.0"]);
  assert.equal(parts("sum", "", "cut.items"), ["0.0", "0.1", "1.0"]);
});

test("a list whose count nobody learnt has no parts", () => {
  const read = { datum: dataOf("cut.items"), how: "all" } as const;
  const reader = { vertex: idOf("row_sum"), item: parseItemPath("0") };
  assert.equal(
    partsOf(graph, read, reader, () => undefined),
    [],
  );
});

test("a foreach starts as many bodies as its list, of its own item, has items", () => {
  const column = idOf("column");
  const widths = ["0", "1"].map((item) =>
    widthOf(graph, { vertex: column, item: parseItemPath(item) }, countOf),
  );
  assert.equal(widths, [2, 1]);
});

test("an item of an inner scope lies in one item of each scope around it", () => {
  const { scope: inner } = graph.vertices[idOf("cell")]!;
  const { scope: outer } = graph.vertices[idOf("cut")]!;
  const item = parseItemPath("1.2");
  const around = [inner, outer, 0].map((to) => itemPath(itemIn(graph, item, { from: inner, to })));
  assert.equal(around, ["1.2", "1", ""]);
});

test.run();
