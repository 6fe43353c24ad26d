/**
 * The master machine of MasterSP: counts every join of every invocation, places each task that may
 * run, assigns it to a worker, and is told of its end.
 */

import type { Env, Input } from "../env.ts";
import { NONE } from "../events.ts";
import { MASTER, type NodeId, workerIndex, workerNode } from "../node.ts";
import { choose, type WorkerLoad } from "../plan/choose.ts";
import type { InvocationId, Message } from "../protocol.ts";
import type { Item } from "../workflow/item.ts";
import type { Invocation } from "./invocation.ts";
import { Journal } from "./journal.ts";
import { isReadable, lostWork, toldTo } from "./recovery.ts";
import { Register } from "./register.ts";
import { expectWorker, type Settings } from "./settings.ts";
import { Sinks } from "./sinks.ts";
import { Tracker } from "./tracker.ts";

/** One assigned activation that has not been reported yet. */
interface Assignment {
  readonly invocation: Invocation;
  readonly task: number;
  readonly item: Item;
  readonly worker: number;
}

interface Poll {
  readonly invocation: Invocation;
  readonly task: number;
  /** Bodies of one foreach that may run at once are placed together. */
  readonly items: Item[];
  /** Workers that have not answered. */
  readonly open: Set<number>;
}

export class Master {
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #journal: Journal;
  readonly #register: Register;
  readonly #tracker: Tracker;
  readonly #load: WorkerLoad[];
  readonly #away: Set<number>;
  readonly #polls: Map<number, Poll>;
  /** By invocation, then task and item. */
  readonly #assigned: Map<InvocationId, Map<string, Assignment>>;
  /** Attempts so far, of what was assigned more than once. */
  readonly #attempts: Map<InvocationId, Map<string, number>>;
  /** Workers that took part, for the release. */
  readonly #parties: Map<InvocationId, Set<number>>;
  readonly #sinks: Sinks;
  #nextPoll: number;

  constructor(env: Env, settings: Settings) {
    this.#env = env;
    this.#settings = settings;
    this.#journal = new Journal(env, MASTER);
    this.#register = new Register();
    this.#load = Array.from({ length: settings.workers }, () => ({ assigned: 0, reported: 0 }));
    this.#away = new Set();
    this.#polls = new Map();
    this.#assigned = new Map();
    this.#attempts = new Map();
    this.#parties = new Map();
    this.#sinks = new Sinks(env);
    this.#nextPoll = 0;
    this.#tracker = new Tracker(
      {
        owns: () => true,
        run: (invocation, task, item) => this.#runnable(invocation, task, item),
        forward: () => undefined,
        resolved: () => undefined,
        sink: (invocation, vertex) => this.#sinks.add(invocation, vertex),
      },
      this.#journal,
    );
  }

  handle(input: Input): void {
    switch (input.tag) {
      case "deploy":
        this.#register.addPlan(input.plan);
        break;
      case "message":
        this.#message(input.from, input.message);
        break;
      case "worker-lost":
        this.#lost(input.worker);
        break;
      case "worker-leaving":
        this.#leaving(input.worker);
        break;
      case "worker-left":
        this.#left(input.worker);
        break;
      case "worker-back":
        this.#away.delete(input.worker);
        break;
      case "arrival":
      case "cancel":
      case "master-back":
      case "gateway-back":
        // The gateway's business.
        break;
      case "timer":
      case "ready":
      case "container-lost":
      case "got":
      case "get-failed":
      case "executed":
      case "execution-failed":
      case "stored":
      case "put-failed":
        // A master runs nothing, and sets no timer.
        break;
      default:
        input satisfies never;
    }
    this.#sinks.flush();
  }

  #message(from: NodeId, message: Message): void {
    switch (message.tag) {
      case "invoke": {
        const known = this.#register.find(message.invocation);
        // It began here before the gateway knew that this master is a new one.
        if (known !== undefined && known.round < message.round) this.#forget(known.id);
        const invocation = this.#register.enter(message.invocation, message.plan, message.round);
        if (invocation === undefined) return;
        invocation.knowledge.learn(message.facts);
        // Of a loss while the message was on its way, only one of the two may know. One that began
        // here before goes on with a worker that is leaving: what it needs may be there.
        invocation.lose(known === invocation ? message.lost : [...message.lost, ...this.#away]);
        this.#tracker.answer(invocation, message.answers);
        return;
      }
      case "load":
        this.#loaded(workerIndex(from), message);
        return;
      case "completed":
        this.#completed(workerIndex(from), message);
        return;
      case "release":
        this.#release(message.invocation, message);
        return;
      default:
        // The rest is for workers and the gateway.
        return;
    }
  }

  #runnable(invocation: Invocation, task: number, item: Item): void {
    if (!this.#settings.pollBeforeAssign) {
      this.#assign(invocation, task, item);
      return;
    }
    const last = this.#polls.get(this.#nextPoll - 1);
    if (last?.invocation === invocation && last.task === task) {
      last.items.push(item);
      return;
    }
    const poll = this.#nextPoll++;
    const open = new Set<number>();
    for (let worker = 0; worker < this.#settings.workers; worker++) {
      if (!this.#away.has(worker)) open.add(worker);
    }
    const asked: Poll = { invocation, task, items: [item], open };
    this.#polls.set(poll, asked);
    for (const worker of open) this.#env.send(workerNode(worker), { tag: "poll", poll });
    this.#closeIfHeard(poll, asked);
  }

  #loaded(worker: number, message: Extract<Message, { tag: "load" }>): void {
    this.#load[worker]!.reported = message.running + message.queued;
    const poll = this.#polls.get(message.poll);
    if (poll?.open.delete(worker)) this.#closeIfHeard(message.poll, poll);
  }

  #closeIfHeard(id: number, poll: Poll): void {
    if (poll.open.size > 0) return;
    this.#polls.delete(id);
    if (this.#register.find(poll.invocation.id) !== poll.invocation) return;
    for (const item of poll.items) this.#assign(poll.invocation, poll.task, item);
  }

  /** Assigns it, or holds it back until what it reads from a lost memory is written again. */
  #assign(invocation: Invocation, task: number, item: Item): void {
    if (!isReadable(invocation, task, item)) {
      invocation.holdBack({ task, item });
      return;
    }
    const { id, plan, round, workerOf } = invocation;
    const worker = this.#settings.followPlan
      ? workerOf[task]!
      : choose(task, { plan, workerOf, load: this.#load, away: this.#away });
    const key = `${task} ${item}`;
    const attempts = entry(this.#attempts, id, () => new Map<string, number>());
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    entry(this.#assigned, id, () => new Map<string, Assignment>()).set(key, {
      invocation,
      task,
      item,
      worker,
    });
    entry(this.#parties, id, () => new Set<number>()).add(worker);
    this.#load[worker]!.assigned++;
    const run = { plan: plan.id, invocation: id, task, item, attempt, container: NONE };
    this.#journal.run("assign", run, NONE, worker, "");
    this.#env.send(workerNode(worker), {
      tag: "assign",
      plan: plan.id,
      invocation: id,
      task,
      item,
      attempt,
      round,
      facts: invocation.knowledge.facts,
      lost: invocation.lost,
    });
  }

  #completed(worker: number, message: Extract<Message, { tag: "completed" }>): void {
    const { invocation: id, task, item } = message;
    const invocation = this.#register.find(id);
    if (invocation === undefined) {
      const release = this.#register.releaseOf(id);
      if (release !== undefined) this.#env.send(workerNode(worker), release);
      return;
    }
    if (message.round !== invocation.round) return;
    const assignments = this.#assigned.get(id);
    const key = `${task} ${item}`;
    // Only from whom it was assigned to: what a worker given up for lost wrote, nobody can read.
    if (assignments?.get(key)?.worker !== worker) return;
    this.#unassign(id, key);
    invocation.knowledge.learn(message.facts);
    this.#tracker.complete(invocation, task, item);
    for (const held of invocation.takeHeldBack()) this.#assign(invocation, held.task, held.item);
  }

  /** Runs again what the lost worker had not ended, or had written where nobody reads it now. */
  #lost(worker: number): void {
    expectWorker(worker, this.#settings);
    this.#journal.fact("lost", { value: worker });
    this.#away.add(worker);
    this.#waitNoMoreFor(worker);
    for (const invocation of this.#register.open()) {
      this.#runAgain(invocation, worker);
    }
  }

  #leaving(worker: number): void {
    expectWorker(worker, this.#settings);
    this.#away.add(worker);
  }

  /** What is under way does without it: it must not inherit from a worker that is lost later. */
  #left(worker: number): void {
    for (const invocation of this.#register.open()) invocation.lose([worker]);
    this.#waitNoMoreFor(worker);
  }

  /** Its answers to polls will not come. */
  #waitNoMoreFor(worker: number): void {
    for (const [id, poll] of [...this.#polls]) {
      if (poll.open.delete(worker)) this.#closeIfHeard(id, poll);
    }
  }

  #runAgain(invocation: Invocation, worker: number): void {
    const { id, plan } = invocation;
    const assigned = [...(this.#assigned.get(id) ?? [])];
    const lost = assigned.filter(([, assignment]) => assignment.worker === worker);
    for (const [key] of lost) this.#unassign(id, key);
    const running = lost.map(([, assignment]) => assignment);
    const before = invocation.workerOf;
    invocation.lose([worker]);
    // With nobody left the gateway gives it up.
    if (invocation.lost.length === this.#settings.workers) return;
    const again = lostWork(invocation, { running, wasThere: (task) => before[task] === worker });
    const vertices = new Set<number>();
    for (const { task, item } of again) {
      this.#journal.fact("recover", { plan: plan.id, invocation: id, task, item });
      for (const [key, poll] of this.#polls) {
        if (poll.invocation !== invocation || poll.task !== task) continue;
        const index = poll.items.indexOf(item);
        if (index !== -1) poll.items.splice(index, 1);
        if (poll.items.length === 0) this.#polls.delete(key);
      }
      invocation.dropHeldBack({ task, item });
      invocation.reset(task, item);
      vertices.add(task);
    }
    this.#tracker.answer(
      invocation,
      toldTo(invocation, (to) => vertices.has(to)),
    );
  }

  #release(id: InvocationId, message: Message): void {
    this.#register.end(id);
    this.#forget(id);
    const parties = [...(this.#parties.get(id) ?? [])].sort((a, b) => a - b);
    this.#parties.delete(id);
    for (const worker of parties) this.#env.send(workerNode(worker), message);
  }

  #forget(id: InvocationId): void {
    for (const key of [...(this.#assigned.get(id)?.keys() ?? [])]) this.#unassign(id, key);
    this.#assigned.delete(id);
    this.#attempts.delete(id);
  }

  /** Nothing is expected of the assignment any more. */
  #unassign(id: InvocationId, key: string): void {
    const assignments = this.#assigned.get(id)!;
    this.#load[assignments.get(key)!.worker]!.assigned--;
    assignments.delete(key);
  }
}

/** The value under `key`, made if there is none. */
function entry<V>(map: Map<InvocationId, V>, key: InvocationId, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
