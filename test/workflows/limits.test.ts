/** Numbers that no run could do anything sensible with are refused when the file is read. */

import { suite } from "uvu";
import { of, problems, same } from "./problems.ts";

const limits = suite("limits");

limits("a workflow cannot take the name that stands for all of them", () => {
  same(problems("faasflow: 1\nname: all\ntasks: { a: {} }"), [
    /"all" names all workflows of a run/,
  ]);
});

limits("so many retries would last for years", () => {
  same(of("tasks: { a: { retries: 50 } }"), [/retries.*: 50 retries\. Give at most 20/]);
});

limits("cases state a probability all or none", () => {
  same(
    of(
      "tasks: { a: { writes: { n: 8 } }, b: {}, c: {} }",
      "steps:",
      "  - a",
      "  - switch:",
      "      cases:",
      "        - { when: a.n > 1, steps: [b] }",
      "        - { when: a.n > 2, probability: 0.5, steps: [c] }",
    ),
    [/1 of 2 cases state a probability\. State one for each case, or for none/],
  );
});

limits.run();
