/** The quota of a worker, from the plans that were deployed. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Plan } from "../../../core/plan/plan.ts";
import { quotaOf } from "../../../core/storage/quota.ts";
import type { Bytes } from "../../../core/units.ts";
import { planOf, task, workflow } from "../../analysis/builder.ts";

const test = suite("quota");

function plan(name: string, ...quotas: readonly number[]): Plan {
  return planOf(workflow(name, [task("only")]), { quotaOf: quotas as readonly Bytes[] });
}

test("a worker's quota is what each workflow gives there", () => {
  const plans = [plan("one", 10, 20), plan("other", 1, 2)];
  assert.equal(
    [0, 1].map((worker) => quotaOf(plans, worker)),
    [11, 22],
  );
});

test("of a workflow that was deployed again its latest plan counts, once", () => {
  const plans = [plan("one", 10), plan("other", 1), plan("one", 30)];
  assert.is(quotaOf(plans, 0), 31);
});

test.run();
