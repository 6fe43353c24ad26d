/**
 * The worker machine: containers, local store and executor, with a scheme on top that says what
 * runs next. Driven by `handle(input)`.
 */

import type { Env, Input, Timer } from "../env.ts";
import { GATEWAY, type NodeId, workerIndex } from "../node.ts";
import { Executor } from "./executor.ts";
import type { Invocation } from "./invocation.ts";
import { Journal } from "./journal.ts";
import { LocalStore } from "./local-store.ts";
import { MasterSpWorker } from "./master-sp.ts";
import { Register } from "./register.ts";
import type { WorkerContext, WorkerScheme } from "./scheme.ts";
import type { Settings } from "./settings.ts";
import { WorkerSp } from "./worker-sp.ts";

export class Worker {
  readonly #env: Env;
  readonly #journal: Journal;
  readonly #register: Register;
  readonly #store: LocalStore;
  readonly #executor: Executor;
  readonly #scheme: WorkerScheme;

  constructor(env: Env, node: NodeId, settings: Settings) {
    const worker = workerIndex(node);
    const journal = new Journal(env, node);
    const register = new Register();
    const store = new LocalStore(env, journal, worker);
    const executor = new Executor(
      env,
      journal,
      {
        completed: (activation, facts) => this.#scheme.completed(activation, facts),
        failed: ({ invocation, task, item }, reason) =>
          env.send(GATEWAY, { tag: "failed", invocation, task, item, reason }),
      },
      { settings, store },
    );
    const giveUp = (invocation: Invocation): void => {
      executor.cancel(invocation);
      store.end(invocation);
    };
    const context: WorkerContext = {
      env,
      journal,
      settings,
      worker,
      register,
      get load() {
        return executor.load;
      },
      enqueue: (invocation, run) => executor.enqueue(invocation, run),
      consumed: (invocation, task, item) => store.consumed(invocation, { task, item }),
      end: (id) => {
        const invocation = register.end(id);
        if (invocation !== undefined) giveUp(invocation);
      },
      giveUp,
    };
    this.#env = env;
    this.#journal = journal;
    this.#register = register;
    this.#store = store;
    this.#executor = executor;
    this.#scheme =
      settings.scheme === "worker-sp" ? new WorkerSp(context) : new MasterSpWorker(context);
  }

  handle(input: Input): void {
    this.#dispatch(input);
    this.#scheme.flush();
  }

  #dispatch(input: Input): void {
    switch (input.tag) {
      case "deploy":
        this.#register.addPlan(input.plan);
        this.#store.deploy(input.plan);
        this.#executor.deploy(input.plan);
        return;
      case "message":
        this.#scheme.message(input.from, input.message);
        return;
      case "timer":
        this.#timer(input.timer);
        return;
      case "ready":
        this.#executor.ready(input.container);
        return;
      case "container-lost":
        this.#executor.containerLost(input.container);
        return;
      case "got":
        this.#executor.got(input);
        return;
      case "executed":
        this.#executor.executed(input);
        return;
      case "execution-failed":
        this.#executor.executionFailed(input.activation, input.reason);
        return;
      case "stored":
        this.#executor.stored(input.activation, input.slot);
        return;
      case "get-failed":
      case "put-failed":
        this.#executor.transferFailed(input.activation, input.slot);
        return;
      case "worker-lost":
        this.#journal.fact("lost", { value: input.worker });
        this.#scheme.lost(input.worker);
        return;
      case "master-back":
        this.#askAfter();
        return;
      case "arrival":
      case "cancel":
      case "worker-back":
      case "worker-leaving":
      case "worker-left":
      case "gateway-back":
        // The gateway's and the master's business.
        return;
      default:
        input satisfies never;
    }
  }

  /**
   * What the old master was told to release, and did not pass on: the gateway answers a message
   * about an invocation that is over with its release.
   */
  #askAfter(): void {
    for (const { id } of this.#register.open()) {
      this.#env.send(GATEWAY, { tag: "answered", invocation: id, sinks: [] });
    }
  }

  #timer(timer: Timer): void {
    if (timer.tag !== "run") {
      this.#executor.timer(timer);
      return;
    }
    // Gone if the invocation was over before its turn came.
    const invocation = this.#register.find(timer.invocation);
    const { task, item } = timer;
    if (invocation !== undefined) this.#executor.enqueue(invocation, { task, item, attempt: 1 });
  }
}
