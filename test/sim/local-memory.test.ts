/** The local store's times against the formula in its head: operation + serialise + bytes / share. */

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
  container: { serialise: 50e6 },
});

interface Asked {
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
      bytes: 1_000_000 as Bytes,
      content: each.content ?? "binary",
      thread: each.thread ?? new ContainerThread(),
      answer: () => {
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

test("a binary body takes operation + bytes / bandwidth", () => {
  assert.equal(timesOf({}), [3 + 10]);
});

test("JSON is written or read in the container first", () => {
  assert.equal(timesOf({ content: "text" }), [3 + 20 + 10]);
  assert.equal(timesOf({ content: "filler" }), [3 + 20 + 10]);
});

test("operations of two containers share the memory's bandwidth", () => {
  assert.equal(timesOf({}, {}), [3 + 20, 3 + 20]);
});

test("operations of one container pass its thread one after another", () => {
  const thread = new ContainerThread();
  assert.equal(timesOf({ thread, content: "text" }, { thread, content: "text" }), [33, 56]);
});

test("one that is aborted gets no answer", () => {
  assert.equal(timesOf({ abortAt_s: 0.005 }), [undefined]);
  assert.equal(timesOf({ abortAt_s: 0.001 }, {}), [undefined, 13]);
});

test.run();
