/** Each rule of the invariant checker: a correct run keeps it, a broken one is found. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { InvariantChecker } from "../../analysis/invariants.ts";
import type { Rule, Violation } from "../../analysis/violation.ts";
import { type Event, GATEWAY_LOST } from "../../core/events.ts";
import { workerNode } from "../../core/node.ts";
import type { Plan } from "../../core/plan/plan.ts";
import type { Bytes, Micros } from "../../core/units.ts";
import { childItem } from "../../core/workflow/item.ts";
import { activation, datum, event, inOrder, planOf, task, workflow } from "./builder.ts";

const graph = workflow(
  "video",
  [
    task("split", { writes: [datum("pieces", 100, 2)] }),
    task("work", { reads: ["split.pieces"], writes: [datum("piece", 10)] }),
    task("merge", { reads: ["work.piece"] }),
    task("alarm"),
    task("calm"),
  ],
  {
    steps: [
      { tag: "task", task: "split" },
      {
        tag: "foreach",
        name: "each",
        over: "split.pieces",
        steps: [{ tag: "task", task: "work" }],
      },
      { tag: "task", task: "merge" },
      {
        tag: "switch",
        name: "loud",
        cases: [
          {
            when: { tag: "literal", value: true },
            probability: undefined,
            steps: [{ tag: "task", task: "alarm" }],
          },
        ],
        otherwise: [{ tag: "task", task: "calm" }],
      },
    ],
  },
);
const plan = planOf(graph);
const vertexOf = (kind: string): number => graph.vertices.findIndex((each) => each.kind === kind);
const dataOf = (name: string): number => graph.data.findIndex((each) => each.name === name);
const [one, two] = [childItem(0, 0), childItem(0, 1)];
const [SPLIT, WORK, MERGE, ALARM, CALM] = [0, 1, 2, 3, 4] as const;
const PIECES = dataOf("split.pieces");
const PIECE = dataOf("work.piece");
const node = workerNode(0);
const piece = { node, datum: PIECES, bytes: 100, wait_us: 1 };
const made = { node, datum: PIECE, bytes: 10, wait_us: 1 };
const freed = { node, wait_us: -1, why: "consumed" };

/** One invocation of the workflow above that breaks no rule. */
function correct(invocation = 0): Event[] {
  const events = inOrder([
    event("arrival", 0),
    ...activation(SPLIT, { trigger: 1, execute: 10, complete: 14 }),
    event("put", 11, { ...piece, task: SPLIT, part: one, why: "local" }),
    event("put", 12, { ...piece, task: SPLIT, part: one, why: "remote" }),
    event("put", 13, { ...piece, task: SPLIT, part: two, why: "remote" }),
    event("expand", 15, { node, task: vertexOf("foreach"), value: 2 }),
    ...activation(WORK, { trigger: 16, start: 20, execute: 30, complete: 32 }, { item: one }),
    event("get", 20, { ...piece, task: WORK, item: one, part: one, why: "local" }),
    event("put", 31, { ...made, task: WORK, item: one, part: one, why: "local" }),
    ...activation(
      WORK,
      { trigger: 16, start: 25, execute: 35, complete: 37 },
      { item: two, container: 8 },
    ),
    event("get", 25, { ...piece, task: WORK, item: two, part: two, why: "remote" }),
    event("put", 36, { ...made, task: WORK, item: two, part: two, why: "remote" }),
    event("release", 38, { ...freed, datum: PIECES, part: one, bytes: 100 }),
    ...activation(MERGE, { trigger: 40, start: 45, execute: 50 }),
    event("get", 44, { ...made, task: MERGE, part: one, why: "local" }),
    event("get", 45, { ...made, task: MERGE, part: two, why: "remote" }),
    event("branch", 51, { node, task: vertexOf("switch"), value: 1 }),
    event("skip", 52, { node, task: ALARM }),
    ...activation(CALM, { trigger: 52, execute: 60 }),
    event("finish", 61, { wait_us: 61 }),
    event("release", 62, { ...freed, datum: PIECE, part: one, bytes: 10, why: "ended" }),
  ]);
  // Among events of one time, gets come before the start that waited for them.
  const ordered = [...events].sort((a, b) => a.time - b.time || rank(a) - rank(b));
  return ordered.map((each) => ({ ...each, invocation }));
}

function rank({ kind }: Event): number {
  return ["get"].includes(kind) ? 0 : 1;
}

function check(events: readonly Event[], plans: readonly Plan[] = [plan]): readonly Violation[] {
  const checker = new InvariantChecker({ plans });
  for (const each of events) checker.add(each);
  return checker.finish();
}

function rulesOf(events: readonly Event[], plans?: readonly Plan[]): Rule[] {
  return [...new Set(check(events, plans).map(({ rule }) => rule))];
}

type Match = Partial<Event>;
const matches = (each: Event, match: Match): boolean =>
  Object.entries(match).every(([name, value]) => each[name as keyof Event] === value);

/** Changes the first event that matches. */
function changed(match: Match, change: Partial<Record<keyof Event, unknown>>): Event[] {
  const events = correct();
  const at = events.findIndex((each) => matches(each, match));
  assert.ok(at >= 0, `no event ${JSON.stringify(match)}`);
  events[at] = { ...events[at]!, ...change } as Event;
  return events;
}

/** Leaves out the first event that matches. */
function without(match: Match): Event[] {
  const events = correct();
  const at = events.findIndex((each) => matches(each, match));
  assert.ok(at >= 0, `no event ${JSON.stringify(match)}`);
  events.splice(at, 1);
  return events;
}

/** Puts further events after the first that matches. */
function withAfter(match: Match, ...more: readonly Event[]): Event[] {
  const events = correct();
  const at = events.findIndex((each) => matches(each, match));
  assert.ok(at >= 0, `no event ${JSON.stringify(match)}`);
  events.splice(at + 1, 0, ...more);
  return events;
}

test("a correct run breaks no rule", () => {
  assert.equal(check(correct()), []);
});

test("invocations that follow each other break no rule", () => {
  const second = correct(1).map((each) => ({ ...each, time: each.time + 100 }) as Event);
  assert.equal(check([...correct(), ...second]), []);
});

test("order: an event before the one that precedes it in the log", () => {
  assert.equal(rulesOf(changed({ kind: "expand" }, { time: 12 })), ["order"]);
});

test("in-flight: an event after the finish", () => {
  const late = event("trigger", 63, { node, task: CALM });
  assert.equal(rulesOf([...correct(), late]), ["in-flight"]);
  assert.equal(rulesOf([...correct(), event("finish", 63, { wait_us: 63 })]), ["in-flight"]);
});

test("in-flight: a second arrival, and an arrival with a plan that nobody deployed", () => {
  assert.equal(rulesOf(withAfter({ kind: "arrival" }, event("arrival", 0))), ["in-flight"]);
  assert.equal(rulesOf([event("arrival", 0, { plan: 9 })]), ["in-flight"]);
});

test("ends: an invocation that neither finishes nor is aborted", () => {
  const [found] = check([event("arrival", 7)]);
  assert.is(found!.rule, "ends");
  assert.match(found!.text, /invocation 0, workflow video: arrived at 7 us/);
});

test("an aborted invocation is counted, not held to its end", () => {
  const checker = new InvariantChecker({ plans: [plan] });
  const trigger = event("trigger", 12, { node, task: MERGE });
  const own = { node, datum: PIECES, part: childItem(0, 0), why: "local" } as const;
  const put = event("put", 10, { ...own, task: SPLIT, bytes: 100 });
  const get = event("get", 12, { ...own, task: WORK, bytes: 90 });
  const release = event("release", 13, { ...own, bytes: 100 });
  const abort = event("abort", 11, { why: "timeout" });
  const began = correct().slice(0, correct().findIndex(({ kind }) => kind === "execute") + 1);
  for (const each of [...began, put, abort, trigger, get, release]) checker.add(each);
  assert.equal(checker.finish(), []);
  assert.is(checker.aborted, 1);
});

test("latency: what finish states is not finish minus arrival", () => {
  assert.equal(rulesOf(changed({ kind: "finish" }, { wait_us: 60 })), ["latency"]);
});

test("phases: a task that is triggered twice", () => {
  const again = event("trigger", 53, { node, task: CALM });
  assert.ok(rulesOf(withAfter({ kind: "trigger", task: CALM }, again)).includes("phases"));
});

test("phases: an activation that completes twice", () => {
  const again = event("complete", 60, { node, task: CALM, attempt: 1, container: CALM });
  const events = withAfter({ kind: "complete", task: CALM }, again);
  const [found] = check(events);
  assert.equal(rulesOf(events), ["phases"]);
  assert.is(
    found!.text,
    "at 60 us, invocation 0, task calm: complete while completed; expected only while executed",
  );
});

test("phases: a skipped task that runs", () => {
  const runs = activation(ALARM, { trigger: 53, execute: 54 });
  assert.ok(rulesOf(withAfter({ kind: "skip" }, ...runs)).includes("phases"));
});

test("phases: an execution without a start, and a put before the function has ended", () => {
  assert.ok(rulesOf(without({ kind: "start", task: MERGE })).includes("phases"));
  const early = changed({ kind: "execute", task: SPLIT }, {});
  const put = early.findIndex(({ kind }) => kind === "put");
  const execute = early.findIndex(({ kind }) => kind === "execute");
  [early[put], early[execute]] = [early[execute]!, early[put]!];
  assert.ok(rulesOf(early).includes("phases"));
});

/** The first attempt of `calm` fails, so often. */
function retried(failures: number): Event[] {
  const run = { node, task: CALM, container: CALM };
  const attempts: Event[] = [];
  for (let attempt = 1; attempt <= failures; attempt++) {
    attempts.push(
      event("queue", 53, { ...run, container: -1, attempt }),
      event("dispatch", 53, { ...run, attempt, why: "warm" }),
      event("fail", 53, { ...run, attempt, why: "error" }),
      event("retry", 53, { ...run, container: -1, attempt: attempt + 1 }),
    );
  }
  const events = withAfter({ kind: "trigger", task: CALM }, ...attempts);
  return events.map((each) => {
    const last = each.task === CALM && each.attempt === 1 && each.time !== 53;
    return last
      ? ({ ...each, attempt: failures + 1, time: Math.max(each.time, 53) } as Event)
      : each;
  });
}

test("attempts: as many as the spec allows, and not one more", () => {
  assert.equal(check(retried(1)), []);
  assert.equal(rulesOf(retried(2)), ["attempts"]);
});

test("attempts: a number is left out", () => {
  assert.equal(rulesOf(changed({ kind: "dispatch", task: CALM }, { attempt: 2 })), ["attempts"]);
  assert.ok(rulesOf(changed({ kind: "queue", task: CALM }, { attempt: 2 })).includes("attempts"));
});

test("causality: a join that goes on before one of its sources has answered", () => {
  const early = without({ kind: "complete", task: WORK, item: two });
  const [found] = check(early);
  assert.is(found!.rule, "causality");
  assert.match(found!.text, /trigger before close \S+ has answered/);
});

test("causality: a body that starts before its foreach, or beyond its width", () => {
  assert.ok(rulesOf(without({ kind: "expand" })).includes("causality"));
  assert.ok(rulesOf(changed({ kind: "expand" }, { value: 1 })).includes("causality"));
});

test("answers: the branch that was not chosen runs, the chosen one is skipped", () => {
  assert.equal(rulesOf(changed({ kind: "branch" }, { value: 0 })), ["answers"]);
});

test("coverage: a task that neither ran nor was skipped", () => {
  const [found] = check(without({ kind: "skip", task: ALARM }));
  assert.is(found!.rule, "coverage");
  assert.match(found!.text, /task alarm: waiting when the invocation finished/);
});

test("coverage: an item of a foreach that is missing", () => {
  assert.ok(rulesOf(changed({ kind: "expand" }, { value: 3 })).includes("coverage"));
});

test("put-before-get: a datum that was never put, or not into that store", () => {
  assert.ok(rulesOf(without({ kind: "put", part: two })).includes("put-before-get"));
  const elsewhere = changed({ kind: "get", task: WORK, item: two }, { part: one });
  assert.equal(rulesOf(elsewhere), []);
  const local = changed({ kind: "put", part: two }, { why: "local" });
  assert.ok(rulesOf(local).includes("put-before-get"));
});

test("put-before-get: a datum called absent that is there", () => {
  const absent = changed({ kind: "get", task: WORK, item: two }, { why: "absent" });
  assert.equal(rulesOf(absent), ["put-before-get"]);
});

test("same-bytes: a get or a release states other bytes than the put", () => {
  assert.equal(rulesOf(changed({ kind: "get", task: MERGE }, { bytes: 11 })), ["same-bytes"]);
  assert.equal(rulesOf(changed({ kind: "release" }, { bytes: 99 })), ["same-bytes"]);
});

test("local-copy: a local get after the copy was released, or at another worker", () => {
  const release = event("release", 17, { ...freed, datum: PIECES, part: one, bytes: 100 });
  const early = withAfter({ kind: "trigger", task: WORK, item: two }, release);
  assert.ok(rulesOf(early).includes("local-copy"));
  const elsewhere = changed({ kind: "get", task: MERGE, part: one }, { node: workerNode(1) });
  assert.equal(rulesOf(elsewhere), ["local-copy"]);
});

test("quota: local copies beyond the quota of all deployed plans", () => {
  const small = planOf(graph, { quotaOf: [109 as Bytes] });
  const other = {
    ...planOf(graph, { id: 1, quotaOf: [1 as Bytes] }),
    graph: { ...graph, name: "b" },
  };
  assert.equal(rulesOf(correct(), [small]), ["quota"]);
  assert.equal(rulesOf(correct(), [small, other]), []);
});

test("release: twice, or never", () => {
  const again = event("release", 63, { ...freed, datum: PIECE, part: one, bytes: 10 });
  assert.equal(rulesOf([...correct(), again]), ["release"]);
  assert.equal(rulesOf(without({ kind: "release", time: 62 as Event["time"] })), ["release"]);
});

test("release: an eviction needs a copy in the remote store", () => {
  const evict = (part: number, datum: number, bytes: number): Event =>
    event("evict", 33, { ...freed, datum, part, bytes, why: "quota" });
  const only = withAfter({ kind: "complete", item: one }, evict(one, PIECE, 10));
  assert.ok(rulesOf(only).includes("release"));
});

test("container: two activations at a time", () => {
  const events = correct().map((each) =>
    each.container === 8 ? { ...each, container: WORK } : each,
  );
  const [found] = check(events);
  assert.equal(rulesOf(events), ["container"]);
  assert.match(found!.text, /dispatch to container 1 of worker-1, which still runs invocation 0/);
});

test("container: ended for keep-alive while it runs", () => {
  const stop = { node, invocation: -1, container: MERGE };
  const idle = event("stop", 47, { ...stop, why: "keep-alive" });
  const killed = event("stop", 47, { ...stop, why: "timeout" });
  assert.equal(rulesOf(withAfter({ kind: "start", task: MERGE }, idle)), ["container"]);
  assert.equal(rulesOf(withAfter({ kind: "start", task: MERGE }, killed)), []);
});

test("container: a task starts where it has stalled", () => {
  const stall = event("stall", 40, { node, invocation: -1, task: MERGE });
  const later = event("stall", 46, { node, invocation: -1, task: MERGE });
  const before = { kind: "trigger", task: MERGE } as const;
  assert.equal(rulesOf(withAfter(before, stall)), ["container"]);
  assert.equal(rulesOf(withAfter(before, { ...stall, node: workerNode(1) })), []);
  assert.equal(rulesOf(withAfter({ kind: "start", task: MERGE }, later)), []);
});

test("the loss of a worker lets its tasks start again and its copies vanish", () => {
  const lost = event("lost", 33, { node: workerNode(1), plan: -1, invocation: -1, value: 0 });
  const again = activation(SPLIT, { trigger: 33, execute: 33 }, { node: workerNode(1) });
  const events = withAfter({ kind: "complete", task: WORK, item: one }, lost, ...again);
  assert.equal(check(events), []);
  assert.ok(rulesOf(events.filter(({ kind }) => kind !== "lost")).includes("phases"));
});

test("after the loss of a gateway all begins anew: what is under way arrives again, or is gone", () => {
  const lost = event("lost", 33, { plan: -1, invocation: -1, value: GATEWAY_LOST });
  const begun = correct().filter(({ time }) => time <= 33);
  const unaccepted = event("arrival", 33, { invocation: 1 });
  const anew = correct().map((each) => ({ ...each, time: (each.time + 33) as Micros }));
  const events = [...begun, unaccepted, lost, ...anew];
  assert.equal(check(events), []);
  assert.ok(rulesOf(events.filter(({ kind }) => kind !== "lost")).includes("in-flight"));
});

test("violations beyond the limit are counted only", () => {
  const checker = new InvariantChecker({ plans: [plan], limit: 2 });
  for (let i = 0; i < 5; i++) checker.add(event("finish", i));
  assert.is(checker.finish().length, 2);
  assert.is(checker.count, 5);
});

test.run();
