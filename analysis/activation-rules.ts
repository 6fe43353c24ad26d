/**
 * Rules about one activation: its events come in their order, each attempt once, attempts no more
 * than the spec allows.
 */

import type { Event, EventKind } from "../core/events.ts";
import type { Course, Passage, Phase } from "./course.ts";
import type { Report } from "./violation.ts";

/** Event kind to the phases it may follow and the phase it leads to; undefined: it stays. */
interface Step {
  readonly from: readonly Phase[];
  readonly to: Phase | undefined;
}

const STEPS: { readonly [K in EventKind]?: Step } = {
  trigger: { from: ["waiting"], to: "triggered" },
  skip: { from: ["waiting"], to: "skipped" },
  branch: { from: ["waiting"], to: "passed" },
  expand: { from: ["waiting"], to: "passed" },
  queue: { from: ["triggered", "failed"], to: "queued" },
  dispatch: { from: ["queued"], to: "dispatched" },
  get: { from: ["dispatched"], to: undefined },
  start: { from: ["dispatched"], to: "started" },
  execute: { from: ["started"], to: "executed" },
  put: { from: ["executed"], to: undefined },
  complete: { from: ["executed"], to: "completed" },
  fail: { from: ["queued", "dispatched", "started", "executed"], to: "failed" },
  retry: { from: ["failed"], to: undefined },
};

export function checkActivation(event: Event, course: Course, report: Report): void {
  const step = STEPS[event.kind];
  if (step === undefined) return;
  const passage = course.at(event.task, event.item);
  if (!course.disturbed) checkStep(event, { course, passage, step }, report);
  if (event.kind === "trigger") passage.triggered = true;
  if (event.kind === "complete") passage.completed = true;
  if (event.kind === "branch" || event.kind === "expand") passage.value = event.value;
  if (event.kind === "queue") passage.attempt = event.attempt;
  if (step.to !== undefined) passage.phase = step.to;
}

function checkStep(
  event: Event,
  at: { readonly course: Course; readonly passage: Passage; readonly step: Step },
  report: Report,
): void {
  const { course, passage, step } = at;
  const subject = course.nameOf(event.task, event.item);
  const where = { time: event.time, invocation: event.invocation, subject };
  // A cancelled activation may have been waiting for its next attempt.
  const cancelled = event.kind === "fail" && event.why === "cancelled";
  if (!cancelled && !step.from.includes(passage.phase)) {
    const expected = step.from.join(" or ");
    report(
      "phases",
      where,
      `${event.kind} while ${passage.phase}; expected only while ${expected}`,
    );
    return;
  }
  if (event.kind === "queue") checkAttempt(event, at, report);
  else if (event.kind === "dispatch" && event.attempt !== passage.attempt) {
    const expected = `attempt ${passage.attempt}, which was queued`;
    report("attempts", where, `attempt ${event.attempt} is dispatched; expected ${expected}`);
  }
}

function checkAttempt(
  event: Event,
  { course, passage }: { readonly course: Course; readonly passage: Passage },
  report: Report,
): void {
  const subject = course.nameOf(event.task, event.item);
  const where = { time: event.time, invocation: event.invocation, subject };
  const limit = (course.plan.graph.vertices[event.task]?.task?.retries.limit ?? 0) + 1;
  if (event.attempt !== passage.attempt + 1) {
    const what = `attempt ${event.attempt} is queued after attempt ${passage.attempt}`;
    report("attempts", where, `${what}; expected attempt ${passage.attempt + 1}`);
  } else if (event.attempt > limit) {
    report("attempts", where, `attempt ${event.attempt} is queued; expected at most ${limit}`);
  }
}
