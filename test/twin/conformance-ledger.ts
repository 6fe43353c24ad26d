/**
 * What a log says beside times, as text: how each invocation ended, what became of each vertex, a
 * line a run, and the cold starts. Logs of one scenario have one ledger, whoever wrote them.
 *
 *     0 finish
 *     0 one: worker-1 execute, put one.out 1000 remote
 *     0 two: worker-2 get one.out 1000 remote, fail error
 *     0 two: worker-2 get one.out 1000 remote, execute
 *     0 three: skip
 *     cold starts: one 1, two 1
 *
 * Runs of an activation are in order; one that neither completed nor failed is `gone`.
 */

import { InvariantChecker } from "../../analysis/invariants.ts";
import type { Violation } from "../../analysis/violation.ts";
import type { Event, EventKind } from "../../core/events.ts";
import { nodeName } from "../../core/node.ts";
import type { Plan } from "../../core/plan/plan.ts";
import { itemPath, ROOT_ITEM } from "../../core/workflow/item.ts";
import type { Played } from "./drivers/driver.ts";

/** Of these the order within a run is not given: data are read and written at the same time. */
const RANKS: readonly EventKind[] = ["get", "execute", "spill", "put", "fail"];

export function ledgerOf({ plan, events }: Pick<Played, "plan" | "events">): string {
  const invocations = [...new Set(events.map(({ invocation }) => invocation))]
    .filter((invocation) => invocation >= 0)
    .sort((a, b) => a - b);
  const lines = invocations.flatMap((invocation) =>
    invocationLines(
      events.filter((event) => event.invocation === invocation),
      plan,
    ),
  );
  return [...lines, coldStarts(events, plan)].join("\n");
}

function invocationLines(events: readonly Event[], plan: Plan): readonly string[] {
  const ends = events.filter(({ kind }) => kind === "finish" || kind === "abort");
  const [first] = events;
  const activations = new Map<string, Event[]>();
  for (const event of events) {
    if (event.task < 0 || event.kind === "abort") continue;
    const key = `${event.task} ${event.item}`;
    activations.set(key, [...(activations.get(key) ?? []), event]);
  }
  const sorted = [...activations.values()].sort(
    ([a], [b]) => a!.task - b!.task || a!.item - b!.item,
  );
  return [
    ...ends.map(({ kind, why }) => `${first!.invocation} ${[kind, why].join(" ").trim()}`),
    ...sorted.flatMap((ofOne) => activationLines(ofOne, plan)),
  ];
}

function activationLines(events: readonly Event[], plan: Plan): readonly string[] {
  const [{ invocation, task, item }] = events as readonly [Event];
  const place = item === ROOT_ITEM ? "" : `[${itemPath(item)}]`;
  const head = `${invocation} ${plan.graph.vertices[task]!.name}${place}:`;
  const decisions = events.flatMap(({ kind, value }) => {
    if (kind === "skip") return ["skip"];
    return kind === "branch" || kind === "expand" ? [`${kind} ${value}`] : [];
  });
  const runs = runsOf(events).map((run) => runText(run, plan));
  return [...decisions, ...runs].map((text) => `${head} ${text}`);
}

/** Each begins where the activation is queued; at each node, so that a lost one's is told apart. */
function runsOf(events: readonly Event[]): readonly (readonly Event[])[] {
  const runs: Event[][] = [];
  for (const event of events) {
    if (event.kind === "queue") runs.push([event]);
    else runs.findLast(([first]) => first!.node === event.node)?.push(event);
  }
  return runs;
}

function runText(events: readonly Event[], plan: Plan): string {
  const { node } = events[0]!;
  const steps = events
    .filter(({ kind }) => RANKS.includes(kind))
    .map((event) => ({ rank: RANKS.indexOf(event.kind), text: stepText(event, plan) }))
    .sort((a, b) => a.rank - b.rank || (a.text < b.text ? -1 : 1));
  const isOver = events.some(({ kind }) => kind === "complete" || kind === "fail");
  const texts = [...steps.map(({ text }) => text), ...(isOver ? [] : ["gone"])];
  return `${nodeName(node)} ${texts.join(", ")}`;
}

function stepText({ kind, datum, part, bytes, why }: Event, plan: Plan): string {
  if (kind === "execute") return kind;
  if (kind === "fail") return `${kind} ${why}`;
  const place = part === ROOT_ITEM ? "" : `[${itemPath(part)}]`;
  return `${kind} ${plan.graph.data[datum]!.name}${place} ${bytes} ${why}`;
}

function coldStarts(events: readonly Event[], { graph, id }: Plan): string {
  const counts = graph.vertices.flatMap(({ name }, task) => {
    const starts = events.filter((event) => event.kind === "cold-start" && event.task === task);
    const count = starts.filter(({ plan }) => plan === id).length;
    return count === 0 ? [] : [`${name} ${count}`];
  });
  return `cold starts: ${counts.join(", ")}`;
}

/** What the invariant checker says of a whole log. */
export function violationsIn(
  plans: readonly Plan[],
  events: readonly Event[],
): readonly Violation[] {
  const checker = new InvariantChecker({ plans });
  for (const event of events) checker.add(event);
  return checker.finish();
}
