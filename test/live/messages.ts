/** A message of every kind, and arbitrary ones. */

import fc from "fast-check";
import type { FailureReason, Message } from "../../core/protocol.ts";
import type { Micros } from "../../core/units.ts";
import type { ControlInput, Parcel } from "../../live/wire.ts";

const facts = [
  { tag: "value", datum: 2, item: 0, value: "grün\ud800" },
  { tag: "value", datum: 3, item: 65_537, value: undefined },
  { tag: "value", datum: 4, item: 0, value: Infinity },
  { tag: "value", datum: 5, item: 0, value: null },
  { tag: "count", datum: 1, item: 0, count: 65_535 },
  { tag: "absent", datum: 2, item: 0 },
  { tag: "branch", vertex: 1, item: 0, branch: -1 },
] as const;
const answers = [
  { edge: 0, item: 0, taken: true },
  { edge: 7, item: 281_470_681_743_360, taken: false },
];
const context = { plan: 1, invocation: 4, lost: [0, 3], facts };

const MESSAGES: { readonly [Tag in Message["tag"]]: Extract<Message, { tag: Tag }> } = {
  trigger: { tag: "trigger", answers, ...context },
  invoke: { tag: "invoke", round: 1, answers, ...context },
  poll: { tag: "poll", poll: 3 },
  load: { tag: "load", poll: 3, running: 1, queued: 0 },
  assign: { tag: "assign", round: 1, task: 2, item: 65_537, attempt: 1, ...context },
  completed: { tag: "completed", invocation: 4, round: 0, task: 2, item: 1, attempt: 2, facts },
  answered: { tag: "answered", invocation: 4, sinks: [2, 3] },
  failed: { tag: "failed", invocation: 4, task: 2, item: 0, reason: "worker-lost" },
  release: { tag: "release", plan: 1, invocation: 4 },
  recover: { tag: "recover", told: answers, heard: [], ...context },
};
const CONTROLS: { readonly [Tag in ControlInput["tag"]]: Extract<ControlInput, { tag: Tag }> } = {
  arrival: { tag: "arrival", at: 1_234_567 as Micros, invocation: 9, plan: 0, facts },
  cancel: { tag: "cancel", invocation: 9 },
  "worker-lost": { tag: "worker-lost", worker: 6 },
  "worker-back": { tag: "worker-back", worker: 6 },
  "worker-leaving": { tag: "worker-leaving", worker: 6 },
  "worker-left": { tag: "worker-left", worker: 6 },
  "master-back": { tag: "master-back" },
};

export const EVERY_KIND: readonly Parcel[] = [
  ...Object.values(MESSAGES).map(
    (message) => ({ kind: "message", run: "a-run", message }) as const,
  ),
  ...Object.values(CONTROLS).map(
    (message) => ({ kind: "control", run: "a-run", message }) as const,
  ),
];

const id = fc.maxSafeNat();
const reason = fc.constantFrom<FailureReason>("error", "timeout", "store", "container");
/** Records like those that JSON.parse makes. */
const record = <T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc.record(model, { noNullPrototype: true });
const fact = fc.oneof(
  record({
    tag: fc.constant("value" as const),
    datum: id,
    item: id,
    value: fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.boolean(),
      fc.constantFrom(null, undefined),
    ),
  }),
  record({ tag: fc.constant("count" as const), datum: id, item: id, count: id }),
  record({ tag: fc.constant("absent" as const), datum: id, item: id }),
  record({
    tag: fc.constant("branch" as const),
    vertex: id,
    item: id,
    branch: fc.maxSafeInteger(),
  }),
);
const answer = record({ edge: id, item: id, taken: fc.boolean() });
const fields = {
  plan: id,
  round: id,
  invocation: id,
  answers: fc.array(answer),
  told: fc.array(answer),
  heard: fc.array(answer),
  facts: fc.array(fact),
  lost: fc.array(id),
  sinks: fc.array(id),
  poll: id,
  running: id,
  queued: id,
  task: id,
  item: id,
  attempt: id,
  at: id,
  worker: id,
  reason,
};

/** Any message of any kind: the fields of the samples, with other values. */
export const anyParcel: fc.Arbitrary<Parcel> = fc.oneof(
  ...EVERY_KIND.map(({ kind, message }) => {
    const names = Object.keys(message).filter((name) => name !== "tag") as (keyof typeof fields)[];
    const values = Object.fromEntries(names.map((name) => [name, fields[name]]));
    return record(values).map(
      (some) =>
        ({ kind, run: "a-run", message: { tag: message.tag, ...some } }) as unknown as Parcel,
    );
  }),
);
