/** What a gateway accepts, forgets and hands on, without the cluster behind it. */

import * as Effect from "effect/Effect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Settings, STORE_RETRIES } from "../../core/engine/settings.ts";
import type { Input } from "../../core/env.ts";
import type { Bytes, Micros } from "../../core/units.ts";
import { systemClock } from "../../live/clock.ts";
import { GatewayService } from "../../live/gateway-service.ts";
import { type Accepted, type Legacy, volatileLedger } from "../../live/ledger.ts";
import { type RemoteStoreShape, StoreError } from "../../live/remote-store.ts";
import { RequestError } from "../../live/request-error.ts";
import type { Roster } from "../../live/roster.ts";
import { specIn } from "../fixtures/scenario.ts";

const SPEC = specIn(`
faasflow: 1
name: one
inputs: { size: { size: 10, value: 7 } }
tasks: { only: { compute: 1 ms, reads: [input.size] } }
`);
const SETTINGS: Settings = {
  ...{ scheme: "worker-sp", workers: 1, atLimit: "wait", pollBeforeAssign: false },
  ...{ followPlan: true, batchTriggers: false, ...STORE_RETRIES },
  ...{ workerMemory: 1e9 as Bytes, keepAlive: 1e6 as Micros, dispatchTick: 0 as Micros },
};
const PUT_MS = 50;

/** Every daemon is there; a put takes `PUT_MS`, and fails if `broken`. */
function serviceOf({ legacy, maxPayload = 1e6, broken = false }: Asked = {}) {
  const told = { inputs: [] as Input[], noted: [] as Accepted[], forgotten: [] as number[] };
  const dropped: number[] = [];
  const store = {
    put: () =>
      Effect.andThen(Effect.sleep(PUT_MS), broken ? Effect.fail(BROKEN) : Effect.succeed(1)),
    forget: ({ invocation }) => Effect.sync(() => void dropped.push(invocation)),
  } as Partial<RemoteStoreShape> as RemoteStoreShape;
  const service = new GatewayService({
    ledger: {
      ...volatileLedger("r"),
      legacy,
      invocation: (accepted) => told.noted.push(structuredClone(accepted)),
      forget: (id) => told.forgotten.push(id),
    },
    ...{ settings: SETTINGS, storage: "faastore", partition: "faasflow-plus" },
    ...{ clock: systemClock(), store, maxInvocations: 1_000, log: () => undefined },
    roster: () => ({ list: () => [], has: () => true }) as Partial<Roster> as Roster,
    feed: (input) => told.inputs.push(input),
    link: { connected: () => true, maxPayload: () => maxPayload },
  });
  return { service, dropped, ...told };
}

interface Asked {
  readonly legacy?: Legacy;
  readonly maxPayload?: number;
  readonly broken?: boolean;
}

const BROKEN = new StoreError({ kind: "io", message: "no room" });

function accepted(id: number, state: "running" | "finished"): Accepted {
  const ended = { latency_s: undefined, reason: undefined };
  const status = { id, workflow: "one", state, arrived_us: 0, ...ended };
  return { status, plan: 0, storing: 0 as Micros, facts: [] };
}

test("the last id stays in the ledger, whatever ends after it: it is never given again", () => {
  const running = Array.from({ length: 250 }, (_, id) => accepted(id, "running"));
  const deployment = { ...{ id: 0, version: 1, spec: SPEC }, partition: "raw", storage: "remote" };
  const { service, forgotten } = serviceOf({
    legacy: {
      deployments: [deployment as Legacy["deployments"][number]],
      invocations: [...running, accepted(250, "finished")],
    },
  });
  service.takeOver();
  for (const { status } of running) service.cancel(status.id);
  assert.ok(forgotten.length > 40);
  assert.not.ok(forgotten.includes(250));
});

test("what is cancelled while its inputs are being stored never begins", async () => {
  const { service, inputs, noted } = serviceOf();
  service.deploy(SPEC);
  const invoked = service.invoke("one", {});
  await new Promise((resolve) => setTimeout(resolve, PUT_MS / 5));
  service.cancel(0);
  assert.is(await invoked, 0);
  assert.equal(
    inputs.map(({ tag }) => tag),
    ["deploy"],
  );
  const { state, reason } = service.status(0);
  assert.equal([state, reason, service.inFlight], ["failed", "cancelled", 0]);
  assert.is(noted.at(-1)?.status.reason, "cancelled");
});

test("inputs that cannot be stored leave nothing behind", async () => {
  const { service, inputs, dropped } = serviceOf({ broken: true });
  service.deploy(SPEC);
  const error = await service.invoke("one", {}).catch((cause: unknown) => cause);
  assert.is((error as RequestError).status, 503);
  assert.equal(dropped, [0]);
  assert.is(service.inFlight, 0);
  assert.equal(
    inputs.map(({ tag }) => tag),
    ["deploy"],
  );
});

test("a workflow that no message of NATS can carry is refused, and nothing knows of it", () => {
  const { service, inputs } = serviceOf({ maxPayload: 2_500 });
  try {
    service.deploy(SPEC);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, RequestError);
    assert.is((error as RequestError).status, 413);
    assert.match((error as RequestError).problems.join(), /max_payload/);
  }
  assert.equal(service.deployments, []);
  assert.equal(inputs, []);
});

test.run();
