/**
 * One simulation run: a cluster, plans, and clients that send invocations; events out, in order.
 */

import type { Settings } from "../core/engine/settings.ts";
import type { Event } from "../core/events.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { InvocationId } from "../core/protocol.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import type { Recorded } from "../core/workflow/recorded.ts";
import { Clients, type Load } from "./clients.ts";
import { Cluster, type Observer, type Watching } from "./cluster.ts";
import { drawRecorded } from "./draw.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import { Kernel } from "./kernel.ts";
import { Population } from "./population.ts";
import type { Profile } from "./profile.ts";
import { Streams } from "./streams.ts";

export interface RunOptions {
  readonly profile: Profile;
  readonly settings: Settings;
  /** By plan id. */
  readonly plans: readonly Plan[];
  readonly loads: readonly Load[];
  readonly seed: string | number;
  readonly faults?: Faults;
  /** How fast all cores are, each from its time to the next; 1 before the first. */
  readonly speeds?: readonly Speed[];
  /** Invocations that their clients call off. */
  readonly cancels?: readonly Cancel[];
  readonly record: (event: Event) => void;
  readonly watch?: Watching | undefined;
}

export interface Speed {
  readonly at: Micros;
  readonly speed: number;
}

export interface Cancel {
  readonly invocation: InvocationId;
  readonly at: Micros;
}

export interface RunResult {
  /** When the last invocation was over. */
  readonly end: Micros;
  readonly started: number;
  readonly finished: number;
  /** Invocations that neither finished nor were aborted; their clients may have left. */
  readonly unfinished: readonly InvocationId[];
  readonly messages: { readonly sent: number; readonly lost: number };
  /** Steps of the kernel. */
  readonly steps: number;
  /** Worker to core-microseconds used. */
  readonly busy: readonly number[];
  /** Worker to microseconds that its engine was in service. */
  readonly engineBusy: readonly number[];
}

export function run(options: RunOptions): RunResult {
  return new Run(options).run();
}

class Run implements Observer {
  readonly #options: RunOptions;
  readonly #kernel: Kernel;
  readonly #streams: Streams;
  readonly #population: Population;
  readonly #cluster: Cluster;
  readonly #clients: Clients;
  /** Invocations under way. */
  readonly #active: Set<InvocationId>;
  #nextId: InvocationId;
  #finished: number;
  #end: Micros;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#kernel = new Kernel();
    this.#streams = new Streams(options.seed);
    const watchStore = (options.faults ?? NO_FAULTS).crashes.length > 0;
    this.#population = new Population(options.plans, { profile: options.profile, watchStore });
    this.#clients = new Clients(this.#kernel, (plan, known) => this.#invoke(plan, known));
    this.#active = new Set();
    this.#nextId = 0;
    this.#finished = 0;
    this.#end = NO_TIME;
    this.#cluster = new Cluster({
      kernel: this.#kernel,
      profile: options.profile,
      settings: options.settings,
      plans: options.plans,
      population: this.#population,
      faults: options.faults ?? NO_FAULTS,
      streams: this.#streams,
      observer: this,
      watch: options.watch,
    });
  }

  run(): RunResult {
    for (const load of this.#options.loads) this.#clients.begin(load);
    for (const { at, speed } of this.#options.speeds ?? []) {
      this.#kernel.background(at, { step: () => this.#cluster.setSpeed(speed) });
    }
    for (const { invocation, at } of this.#options.cancels ?? []) {
      const step = (): void => this.#cluster.arrive({ tag: "cancel", invocation });
      this.#kernel.background(at, { step });
    }
    this.#kernel.run(() => this.#clients.haveLeft || this.#isQuiet);
    const workers = [...Array(this.#options.settings.workers).keys()];
    return {
      end: this.#end,
      started: this.#nextId,
      finished: this.#finished,
      unfinished: [...this.#active],
      messages: this.#cluster.messages,
      steps: this.#kernel.steps,
      busy: workers.map((worker) => this.#cluster.busyOf(worker)),
      engineBusy: workers.map((worker) => this.#cluster.engineBusyOf(worker)),
    };
  }

  get #isQuiet(): boolean {
    // Asked after each step: first what is seldom so and soon known.
    return this.#kernel.isIdle && this.#active.size === 0;
  }

  #invoke(plan: number, known: Recorded): InvocationId {
    const workload = this.#population.workload(plan);
    const recorded = workload.isRandom ? drawRecorded(workload.graph, known, this.#streams) : known;
    const invocation = this.#nextId++;
    this.#active.add(invocation);
    this.#population.add(invocation, recorded);
    this.#cluster.arrive({
      tag: "arrival",
      at: this.#kernel.now,
      invocation,
      plan,
      facts: workload.factsOf(recorded),
    });
    return invocation;
  }

  record(event: Event): void {
    this.#options.record(event);
  }

  ended({ kind, invocation, time }: Event): void {
    const answered = kind === "finish";
    if (answered) this.#finished++;
    this.#active.delete(invocation);
    this.#population.remove(invocation);
    this.#cluster.forget(invocation);
    this.#end = time;
    this.#clients.ended(invocation, { answered });
  }
}
