/** What a worker makes of what a container says it wrote. */

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Input, StartRequest } from "../../core/env.ts";
import type { InvocationId } from "../../core/protocol.ts";
import { ROOT_ITEM } from "../../core/workflow/item.ts";
import { planOf } from "../../live/deployments.ts";
import { openEmbeddedStore } from "../../live/embedded-store.ts";
import { openLocalFiles } from "../../live/local-files.ts";
import { WorkerBody } from "../../live/worker-body.ts";
import { specIn } from "../fixtures/scenario.ts";

const SPEC = specIn(`
faasflow: 1
name: asks
tasks:
  first: { timeout: 3 s, writes: { asked: 1 kB, told: 1 kB } }
  then: { reads: [first.asked, first.told] }
steps:
  - first
  - switch:
      name: way
      cases: [{ when: first.asked == 1, steps: [then] }]
`);
const PLAN = planOf(
  { id: 0, version: 1, spec: SPEC, partition: "faasflow-plus", storage: "faastore" },
  { workers: 1 },
);
const REQUEST: StartRequest = {
  ...{ activation: 7, container: 3, plan: 0, invocation: 0 as InvocationId },
  ...{ task: 0, item: ROOT_ITEM, attempt: 0 },
};

/** What they are asked for is not what is tested here. */
const CONTAINERS = { boot: () => undefined, run: () => undefined, stop: () => undefined };

interface Stage {
  readonly body: WorkerBody;
  readonly inputs: readonly Input[];
  readonly log: readonly string[];
  readonly scratch: string;
  /** As the container says it, of these files. */
  readonly done: (written: readonly string[]) => void;
}

/** With the activation running. */
function onStage<A>(act: (stage: Stage) => A): Promise<A> {
  const inputs: Input[] = [];
  const log: string[] = [];
  const acted = Effect.gen(function* () {
    const files = yield* openLocalFiles();
    const store = yield* openEmbeddedStore({ url: "http://127.0.0.1:1", token: "none" });
    const body = new WorkerBody({
      ...{ run: "r", containers: CONTAINERS, files, store, plan: () => PLAN },
      feed: (input) => inputs.push(input),
      log: (_, text) => log.push(text),
    });
    body.start(REQUEST);
    const done: Stage["done"] = (written) =>
      body.done(REQUEST.container, {
        activation: REQUEST.activation,
        outputs: written.map((file) => ({ name: "any", files: [{ file, bytes: 1 }] })),
        values: { asked: 1, told: "much" },
        ...{ compute_us: 1, sleep_us: 1, log: "" },
      });
    return act({ body, inputs, log, scratch: files.scratch(REQUEST.activation), done });
  });
  return Effect.runPromise(Effect.scoped(acted));
}

/** The inputs that follow from the outputs that `write` gives, by the activation's directory. */
function heard(write: (scratch: string) => readonly string[]): Promise<readonly Input[]> {
  return onStage(({ done, scratch, inputs }) => {
    done(write(scratch));
    return inputs;
  });
}

function file(folder: string, name: string): string {
  fs.mkdirSync(dirname(join(folder, name)), { recursive: true });
  fs.writeFileSync(join(folder, name), "x");
  return join(folder, name);
}

test("a function that is stopped while it runs leaves a line that says why", async () => {
  const stopped = await onStage(({ body, log }) => {
    body.stop(REQUEST.container);
    return log;
  });
  assert.match(stopped.join("\n"), /^It was stopped before it returned.* 3 s \(`timeout`\)\.$/);
  const idle = await onStage(({ body, log, done, scratch }) => {
    done([file(scratch, "asked"), file(scratch, "told")]);
    body.stop(REQUEST.container);
    return log;
  });
  assert.equal(idle, []);
});

test("values travel inline only where a condition needs them", async () => {
  const [input] = await heard((scratch) => [file(scratch, "asked"), file(scratch, "deep/told")]);
  assert.is(input?.tag, "executed");
  assert.equal(input?.tag === "executed" && input.facts, [
    { tag: "value", datum: 0, item: ROOT_ITEM, value: 1 },
  ]);
});

for (const [what, second] of [
  ["a link to a file elsewhere", (scratch: string) => link(scratch, "told", "/etc/hostname")],
  ["a file elsewhere", () => "/etc/hostname"],
  [
    "a file in a directory that is a link",
    (scratch: string) => join(link(scratch, "d", "/etc"), "hostname"),
  ],
  ["a directory", (scratch: string) => scratch],
  ["nothing", (scratch: string) => join(scratch, "none")],
] as const) {
  test(`an output that is ${what} fails the activation`, async () => {
    const inputs = await heard((scratch) => [file(scratch, "asked"), second(scratch)]);
    assert.equal(inputs, [{ tag: "execution-failed", activation: 7, reason: "error" }]);
  });
}

function link(folder: string, name: string, target: string): string {
  fs.symlinkSync(target, join(folder, name));
  return join(folder, name);
}

test.run();
