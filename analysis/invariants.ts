/**
 * Global invariants of a run, checked on its events as they come: whatever the schedule, the
 * policies or the faults, these hold. What is kept follows what is in flight, plus one number an
 * invocation that was aborted or touched by the loss of a worker.
 *
 * | rule | says |
 * |---|---|
 * | `order` | time never goes back |
 * | `in-flight` | events of an invocation lie between its arrival and its end |
 * | `ends` | every invocation that arrived finishes or is aborted |
 * | `latency` | the latency that `finish` states is finish - arrival |
 * | `phases` | trigger or skip once; then queue, dispatch, get, start, execute, put, complete once |
 * | `attempts` | attempts are numbered from 1 and no more than the retry limit + 1 |
 * | `causality` | a vertex goes on only when every in-edge has answered |
 * | `answers` | it runs if one in-edge was taken, else it is skipped |
 * | `coverage` | in a finished invocation every task ran or was skipped, for each item |
 * | `put-before-get` | what is got was put before, into that store |
 * | `same-bytes` | get, evict and release state the bytes of the put |
 * | `local-copy` | a local get finds its copy at that worker |
 * | `quota` | a worker's local copies stay within the quota of the deployed plans |
 * | `release` | a local copy is given up once, and none is left at the end |
 * | `container` | a container runs one activation at a time |
 *
 * Relaxed once a worker or the master was lost, for the invocations in flight then: `phases` and `attempts` (a
 * task that was moved starts again), `put-before-get`, `local-copy` and `release` (copies die with
 * their worker), `in-flight` (a worker that was thought lost may go on). An aborted invocation is
 * held to `container` and `quota` only. After the loss of a gateway all begins anew: what was in flight
 * arrives again, or was never accepted.
 */

import { arrivalTime, type Event, GATEWAY_LOST, NONE } from "../core/events.ts";
import { workerNode } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import { checkActivation } from "./activation-rules.ts";
import { ContainerRules } from "./container-rules.ts";
import { Course } from "./course.ts";
import { checkCoverage, checkJoin } from "./join-rules.ts";
import { StoreRules } from "./store-rules.ts";
import { type Report, type Rule, type Violation, violation, type Where } from "./violation.ts";

export interface InvariantOptions {
  readonly plans: readonly Plan[];
  /** The log goes on until nothing is under way: then `ends` and leftover copies count. Default true. */
  readonly complete?: boolean;
  /** How many violations are kept in full; default 1,000. */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 1_000;

export class InvariantChecker {
  readonly #plans: Map<number, Plan>;
  readonly #complete: boolean;
  readonly #limit: number;
  readonly #violations: Violation[];
  #count: number;
  readonly #courses: Map<number, Course>;
  /** Aborted, or finished after the loss of a worker: further events are no surprise. */
  readonly #excused: Set<number>;
  readonly #report: Report;
  readonly #stores: StoreRules;
  readonly #containers: ContainerRules;
  /** Whether any worker was lost, and the greatest invocation that arrived. */
  #anyLost: boolean;
  #newest: number;
  #time: number;
  #aborted: number;

  constructor(options: InvariantOptions) {
    this.#plans = new Map(options.plans.map((plan) => [plan.id, plan]));
    this.#complete = options.complete ?? true;
    this.#limit = options.limit ?? DEFAULT_LIMIT;
    this.#violations = [];
    this.#count = 0;
    this.#courses = new Map();
    this.#excused = new Set();
    this.#report = (rule, at, what) => this.#note(rule, at, what);
    this.#stores = new StoreRules(this.#plans, this.#report);
    this.#containers = new ContainerRules(this.#report);
    this.#anyLost = false;
    this.#newest = NONE;
    this.#time = 0;
    this.#aborted = 0;
  }

  /** Invocations that were aborted: no violation, but no success either. */
  get aborted(): number {
    return this.#aborted;
  }

  /** All violations so far, those beyond the limit included. */
  get count(): number {
    return this.#count;
  }

  add(event: Event): void {
    if (event.time < this.#time) {
      const what = `${event.kind} after an event at ${this.#time} us; expected times in order`;
      this.#note("order", this.#where(event, ""), what);
    }
    this.#time = Math.max(this.#time, event.time);
    switch (event.kind) {
      case "arrival":
        this.#arrive(event);
        return;
      case "lost":
        this.#lose(event);
        return;
      case "leaving":
        return;
      case "left":
        this.#leave(event);
        return;
      case "finish":
      case "abort":
        this.#end(event);
        return;
      case "late":
      case "duplicate":
      case "recover":
      case "assign":
        return;
      default:
        if (event.invocation === NONE) this.#containers.add(event, "");
        else this.#ofInvocation(event);
    }
  }

  /** The violations within the limit; the last one counts the rest. */
  finish(): readonly Violation[] {
    if (this.#complete) {
      for (const { invocation, plan, arrival } of this.#courses.values()) {
        const where = { time: this.#time, invocation, subject: `workflow ${plan.graph.name}` };
        this.#note("ends", where, `arrived at ${arrival} us; expected it to finish or abort`);
      }
      this.#stores.finish(this.#time, (invocation) => this.#courses.has(invocation));
    }
    return this.#violations;
  }

  #note(rule: Rule, at: Where, what: string): void {
    this.#count += 1;
    if (this.#violations.length < this.#limit) this.#violations.push(violation(rule, at, what));
  }

  #where(event: Event, subject: string): Where {
    return { time: event.time, invocation: event.invocation, subject };
  }

  #arrive(event: Event): void {
    const plan = this.#plans.get(event.plan);
    if (plan === undefined) {
      const what = `arrival with plan ${event.plan}; expected a plan that was deployed`;
      this.#note("in-flight", this.#where(event, ""), what);
      return;
    }
    if (this.#courses.has(event.invocation)) {
      this.#note("in-flight", this.#where(event, ""), "arrival; expected only one");
      return;
    }
    const { invocation } = event;
    this.#newest = Math.max(this.#newest, invocation);
    this.#courses.set(invocation, new Course({ invocation, plan, arrival: arrivalTime(event) }));
  }

  #ofInvocation(event: Event): void {
    const course = this.#courses.get(event.invocation);
    const excused = course?.disturbed ?? this.#excused.has(event.invocation);
    const subject = course === undefined ? "" : course.nameOf(event.task, event.item);
    this.#containers.add(event, event.task === NONE ? "" : subject);
    this.#stores.add(event, { disturbed: excused, over: course === undefined && excused });
    if (course === undefined) {
      // Local copies are released once the end has got about.
      if (excused || event.kind === "release" || event.kind === "evict") return;
      // Those who heard of a loss before they heard of the end take over what is over.
      if (this.#anyLost && event.invocation <= this.#newest) return;
      const what = `${event.kind}, but the invocation is not in flight`;
      this.#note(
        "in-flight",
        this.#where(event, ""),
        `${what}; expected arrival before, end after`,
      );
      return;
    }
    switch (event.kind) {
      case "trigger":
      case "skip":
      case "branch":
      case "expand":
        checkJoin(event, course, this.#report);
        break;
      default:
    }
    checkActivation(event, course, this.#report);
  }

  #end(event: Event): void {
    const course = this.#courses.get(event.invocation);
    if (course === undefined) {
      if (this.#excused.has(event.invocation)) return;
      const what = `${event.kind}, but the invocation is not in flight; expected one end`;
      this.#note("in-flight", this.#where(event, ""), what);
      return;
    }
    this.#courses.delete(event.invocation);
    if (event.kind === "abort") this.#aborted += 1;
    if (event.kind === "abort" || course.disturbed) this.#excused.add(event.invocation);
    if (event.kind === "finish") {
      checkCoverage(course, event.time, this.#report);
      const latency = event.time - course.arrival;
      if (event.wait_us !== latency) {
        const what = `finish states a latency of ${event.wait_us} us; expected ${latency} us`;
        this.#note("latency", this.#where(event, ""), what);
      }
    }
    this.#stores.ended(event.invocation);
  }

  #lose(event: Event): void {
    if (event.value === GATEWAY_LOST) {
      this.#courses.clear();
      this.#containers.allLost();
      this.#stores.allLost();
      return;
    }
    this.#anyLost = true;
    this.#leave(event);
    for (const course of this.#courses.values()) course.disturbed = true;
  }

  /** Containers and copies go with their worker. */
  #leave(event: Event): void {
    const node = workerNode(event.value);
    this.#containers.lost(node);
    for (const invocation of this.#stores.lost(node)) {
      if (!this.#courses.has(invocation)) this.#excused.add(invocation);
    }
  }
}
