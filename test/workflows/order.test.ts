/** Order: circles, reads before writes, joins that cannot fire. Each mistake comes out. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { of, same } from "./problems.ts";

const order = suite("order");

order("circles are named", () => {
  same(of("tasks:", "  a: {reads: [b.x], writes: {x: 1}}", "  b: {reads: [a.x], writes: {x: 1}}"), [
    "4:3  tasks.a: these wait for each other in a circle: a -> b -> a.",
  ]);
  same(of("tasks: {a: {after: [a]}}"), [/circle: a -> a\./]);
  same(of("tasks: {a: {}, b: {}}", "steps: [a, b, a]"), [
    "4:15  steps[2]: these wait for each other in a circle: a -> b -> a. The steps name a again",
  ]);
});

order("a task that nothing starts, and a read whose producer does not come before", () => {
  same(
    of(
      "tasks:",
      "  a: {writes: {x: 1}}",
      "  b: {reads: [a.x, c.x]}",
      "  c: {writes: {x: 1}}",
      "  lost: {}",
      "steps: [{parallel: [a, b]}, c]",
    ),
    [
      '5:15  tasks.b.reads[0]: "a.x" is written by a, which does not come before b. Place b after a',
      '5:20  tasks.b.reads[1]: "c.x" is written by c',
      "7:3  tasks.lost: the steps do not place this task",
    ],
  );
});

order("a task that only reads is ordered by what it reads", () => {
  assert.equal(
    of("tasks: {a: {writes: {x: 1}}, b: {}, late: {reads: [a.x]}}", "steps: [a, b]"),
    [],
  );
});

order("reads from any earlier step are fine, from another branch or case they are not", () => {
  const tasks = [
    "tasks:",
    "  a: {writes: {x: 1}}",
    "  b: {reads: [a.x], writes: {x: 1}}",
    "  c: {reads: [a.x, b.x], writes: {x: 1}}",
    "  d: {reads: [b.x], writes: {x: 1}}",
    "  e: {reads: [a.x, b.x, c.x, d.x]}",
  ];
  assert.equal(of(...tasks, "steps: [a, {parallel: [[b, c]]}, d, e]"), []);
  same(of(...tasks, "steps: [a, {parallel: [[b, c], d]}, e]"), [
    /"b\.x" is written by b, which does not come before d/,
  ]);
  same(
    of(...tasks, "steps: [a, {switch: {cases: [{when: a.x, steps: [b, c]}], otherwise: [d]}}, e]"),
    [/"b\.x" is written by b, which does not come before d/],
  );
});

order("what crosses the border of a foreach", () => {
  same(
    of(
      "tasks:",
      "  a: {writes: {l: {size: 1, items: 3}, one: 1}}",
      "  b: {writes: {x: 1, l: {size: 1, items: 2}}}",
      "  c: {reads: [b.x]}",
      "  d: {after: [a]}",
      "steps:",
      "  - a",
      "  - parallel:",
      "      - foreach: {over: a.l, steps: [b, d]}",
      "      - [c, d]",
      "  - foreach: {over: a.one, steps: []}",
      "  - foreach: {over: b.l, steps: [{switch: {cases: []}}]}",
      "  - switch: {cases: [{when: b.x == 1 || a.l == 2, steps: []}]}",
    ),
    [
      '6:15  tasks.c.reads[0]: "b.x" is written by b, which does not come before c. Place c after the foreach that b is in.',
      "7:15  tasks.d.after[0]: a and d are not in the same foreach body. The join could never fire",
      "12:13  steps[1].parallel[1][1]: d is placed in and outside of one foreach body.",
      '13:21  steps[2].foreach.over: "a.one" is not a list.',
      "13:28  steps[2].foreach.steps: there is no step.",
      '14:21  steps[3].foreach.over: "b.l" is written once an item of foreach-1.',
      "14:44  steps[3].foreach.steps[0].switch.cases: there is no case.",
      '15:29  steps[4].switch.cases[0].when: "b.x" has one value an item of foreach-1.',
      '15:29  steps[4].switch.cases[0].when: "a.l" is a list.',
    ],
  );
});

order("a foreach over what its own body writes, over its own list again, and too deep", () => {
  same(
    of(
      "tasks: {a: {writes: {l: {size: 1, items: 3}}}, b: {writes: {l: {size: 1, items: 2}}}, c: {}}",
      "steps:",
      "  - a",
      "  - foreach: {over: b.l, steps: [b]}",
      "  - foreach: {over: a.l, steps: [{foreach: {over: a.l, steps: [c]}}]}",
    ),
    [
      '6:21  steps[1].foreach.over: b writes "b.l" inside this very foreach.',
      '7:51  steps[2].foreach.steps[0].foreach.over: the foreach around it walks "a.l" already.',
    ],
  );
  const lists = ["l1", "l2", "l3", "l4"].map((name) => `${name}: {size: 1, items: 2}`).join(", ");
  let inner = "[b]";
  for (const name of ["l4", "l3", "l2", "l1"])
    inner = `[{foreach: {over: a.${name}, steps: ${inner}}}]`;
  same(of(`tasks: {a: {writes: {${lists}}}, b: {}}`, `steps: [a, ${inner.slice(1)}`), [
    /foreach in foreach, 4 deep. At most 3 may nest/,
  ]);
});

order("a condition on what comes later, and `after` into a case", () => {
  same(
    of(
      "tasks: {a: {writes: {x: 1}}, b: {writes: {x: 1}}, c: {after: [a]}}",
      "steps:",
      "  - a",
      "  - switch: {cases: [{when: b.x == 1, steps: [c]}]}",
      "  - b",
    ),
    [
      "3:63  tasks.c.after[0]: a is outside of the switch case that c is in.",
      '6:29  steps[1].switch.cases[0].when: b, which writes "b.x", does not come before the switch.',
    ],
  );
});

order.run();
