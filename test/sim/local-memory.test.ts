/** The local store's times against the formulas in its head, with round numbers. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Bytes } from "../../core/units.ts";
import type { Content } from "../../core/workflow/spec.ts";
import { ContainerThread } from "../../sim/container-thread.ts";
import { Kernel } from "../../sim/kernel.ts";
import { LocalMemory } from "../../sim/local-memory.ts";
import { idealBut, seconds } from "../fixtures/scenario.ts";

const PROFILE = idealBut({
  local_store: { operation: seconds(0.003), bandwidth: 100e6 },
  container: { body: 50e6 },
  mechanisms: { store_protocol: "faasflow-v1" },
});
/** One pass of the container's thread over 1 MB. */
const PASS = 20;

interface Asked {
  readonly kind?: "get" | "put";
  readonly content?: Content;
  readonly thread?: ContainerThread;
  readonly abortAt_s?: number;
}

/** When operations of 1 MB, all begun at once, were answered, milliseconds. */
function timesOf(...asked: readonly Asked[]): readonly (number | undefined)[] {
  const kernel = new Kernel();
  const memory = new LocalMemory(kernel, PROFILE);
  const times: (number | undefined)[] = asked.map(() => undefined);
  for (const [index, each] of asked.entries()) {
    const operation = memory.begin({
      kind: each.kind ?? "put",
      bytes: 1_000_000 as Bytes,
      content: each.content ?? "binary",
      thread: each.thread ?? new ContainerThread(PROFILE),
      answered: () => {
        times[index] = kernel.now / 1000;
      },
    });
    const { abortAt_s } = each;
    if (abortAt_s === undefined) continue;
    kernel.at(seconds(abortAt_s), { step: () => operation.abort() });
  }
  kernel.run(() => kernel.isIdle);
  return times;
}

test("a put takes operation + body sent + bytes / bandwidth, whatever the body is", () => {
  for (const content of ["binary", "text", "filler"] as const) {
    assert.equal(timesOf({ content }), [3 + PASS + 10]);
  }
});

test("a get of a binary body takes a look-up, operation + body received + bytes / bandwidth", () => {
  assert.equal(timesOf({ kind: "get", content: "binary" }), [2 * 3 + PASS + 10]);
});

test("a get of JSON takes a look-up more, and the body is parsed", () => {
  for (const content of ["text", "filler"] as const) {
    assert.equal(timesOf({ kind: "get", content }), [3 * 3 + 2 * PASS + 10]);
  }
});

test("operations of two containers share the memory's bandwidth", () => {
  assert.equal(timesOf({}, {}), [3 + PASS + 20, 3 + PASS + 20]);
});

test("operations of one container pass its thread one after another", () => {
  const thread = new ContainerThread(PROFILE);
  assert.equal(timesOf({ thread }, { thread }), [33, 56]);
});

test("one that is aborted gets no answer", () => {
  assert.equal(timesOf({ abortAt_s: 0.005 }), [undefined]);
  assert.equal(timesOf({ abortAt_s: 0.001 }, {}), [undefined, 33]);
});

test.run();
