/** Tasks whose container fits on no worker. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { oversized } from "../../../core/plan/oversized.ts";
import type { Bytes } from "../../../core/units.ts";
import { task, workflow } from "../../analysis/builder.ts";

const test = suite("oversized");

test("a container that takes all of a worker's memory fits, one of a byte more does not", () => {
  const tasks = [99, 100, 101, 200].map((memory) => {
    const { container } = task("any");
    return task(`takes-${memory}`, { container: { ...container, memory: memory as Bytes } });
  });
  const found = oversized(workflow("four", tasks).spec, 100 as Bytes);
  assert.equal(
    found.map(({ name }) => name),
    ["takes-101", "takes-200"],
  );
});

test.run();
