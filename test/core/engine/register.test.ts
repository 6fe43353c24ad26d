/** Which invocations a machine knows, and which it remembers to be over. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Register } from "../../../core/engine/register.ts";
import { planOf, task, workflow } from "../../analysis/builder.ts";

const test = suite("register");

/** What it promises to remember, in `register.ts`. */
const REMEMBERED = 16_384;

function registerOf(): Register {
  const register = new Register();
  register.addPlan(planOf(workflow("w", [task("only")])));
  return register;
}

test("an invocation that has ended is not brought back by a late message", () => {
  const register = registerOf();
  register.enter(1, 0);
  register.end(1);
  assert.is(register.enter(1, 0), undefined);
  assert.equal(register.releaseOf(1), { tag: "release", plan: 0, invocation: 1 });
});

test("what ended is remembered while as many more end, and forgotten after twice as many", () => {
  const register = registerOf();
  const end = (from: number, to: number): void => {
    for (let id = from; id < to; id++) {
      register.enter(id, 0);
      register.end(id);
    }
  };
  end(0, REMEMBERED + 1);
  assert.is(register.enter(0, 0), undefined);
  assert.is(register.enter(REMEMBERED, 0), undefined);
  end(REMEMBERED + 1, 2 * REMEMBERED + 1);
  assert.is.not(register.enter(0, 0), undefined);
});

test.run();
