/**
 * One simulation run: a cluster, plans, and clients that send invocations; events out, in order.
 */

import type { Settings } from "../core/engine/settings.ts";
import type { Event } from "../core/events.ts";
import { invariant } from "../core/invariant.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { Facts, InvocationId } from "../core/protocol.ts";
import type { Micros } from "../core/units.ts";
import { ROOT_ITEM } from "../core/workflow/item.ts";
import { NOTHING_RECORDED, type Recorded } from "../core/workflow/recorded.ts";
import { Cluster } from "./cluster.ts";
import { drawRecorded, isRandom } from "./draw.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import { Kernel } from "./kernel.ts";
import { Population } from "./population.ts";
import type { Profile } from "./profile.ts";
import { Streams } from "./streams.ts";

/** One request to come. */
export interface Arrival {
  readonly at: Micros;
  /** Plan id. */
  readonly plan: number;
  readonly recorded: Recorded;
}

export type Load =
  /** Requests at times of their own, in time order; drawn from the iterator one by one. */
  | { readonly tag: "open"; readonly arrivals: Iterator<Arrival> }
  /** Each client sends its next request when the one before is over. */
  | {
      readonly tag: "closed";
      readonly plan: number;
      readonly clients: number;
      readonly start: Micros;
      /** No request is sent later than this after the start; none: no limit. */
      readonly duration: Micros | undefined;
      /** Requests in all; none: no limit. One of the two is needed. */
      readonly invocations: number | undefined;
    };

export interface RunOptions {
  readonly profile: Profile;
  readonly settings: Settings;
  /** By plan id. */
  readonly plans: readonly Plan[];
  readonly loads: readonly Load[];
  readonly seed: string | number;
  readonly faults?: Faults;
  readonly record: (event: Event) => void;
}

export interface RunResult {
  /** When the last invocation was over. */
  readonly end: Micros;
  readonly started: number;
  readonly finished: number;
  /** Invocations that neither finished nor were aborted. */
  readonly unfinished: readonly InvocationId[];
  readonly messages: { readonly sent: number; readonly lost: number };
  /** Steps of the kernel. */
  readonly steps: number;
  /** Worker to core-microseconds used. */
  readonly busy: readonly number[];
}

export function run(options: RunOptions): RunResult {
  return new Run(options).run();
}

type ClosedLoad = Extract<Load, { tag: "closed" }>;

interface Client {
  readonly load: ClosedLoad;
  left: number;
}

class Run {
  readonly #options: RunOptions;
  readonly #kernel: Kernel;
  readonly #streams: Streams;
  readonly #population: Population;
  readonly #cluster: Cluster;
  /** Invocations under way, and the closed loop that waits for each, if one does. */
  readonly #active: Map<InvocationId, Client | undefined>;
  readonly #random: readonly boolean[];
  #nextId: InvocationId;
  #finished: number;
  #end: Micros;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#kernel = new Kernel();
    this.#streams = new Streams(options.seed);
    const watchStore = (options.faults ?? NO_FAULTS).crashes.length > 0;
    this.#population = new Population(options.plans, { watchStore });
    this.#active = new Map();
    this.#random = options.plans.map((plan) => isRandom(plan.graph));
    this.#nextId = 0;
    this.#finished = 0;
    this.#end = 0 as Micros;
    this.#cluster = new Cluster({
      kernel: this.#kernel,
      profile: options.profile,
      settings: options.settings,
      plans: options.plans,
      population: this.#population,
      faults: options.faults ?? NO_FAULTS,
      streams: this.#streams,
      record: (event) => this.#record(event),
    });
  }

  run(): RunResult {
    for (const load of this.#options.loads) this.#begin(load);
    this.#kernel.run(() => this.#active.size === 0 && this.#kernel.isIdle);
    return {
      end: this.#end,
      started: this.#nextId,
      finished: this.#finished,
      unfinished: [...this.#active.keys()],
      messages: this.#cluster.messages,
      steps: this.#kernel.steps,
      busy: Array.from({ length: this.#options.settings.workers }, (_, worker) =>
        this.#cluster.busyOf(worker),
      ),
    };
  }

  #begin(load: Load): void {
    if (load.tag === "open") {
      this.#nextArrival(load.arrivals);
      return;
    }
    const { invocations, duration } = load;
    invariant(invocations !== undefined || duration !== undefined, "a closed loop has an end");
    const client: Client = { load, left: invocations ?? Infinity };
    for (let index = 0; index < load.clients; index++) {
      this.#schedule(load.start, () => this.#again(client));
    }
  }

  /** Only the next arrival is ever pending, however long the trace. */
  #nextArrival(arrivals: Iterator<Arrival>): void {
    const next = arrivals.next();
    if (next.done === true) return;
    const { at, plan, recorded } = next.value;
    this.#schedule(at, () => {
      this.#invoke(plan, recorded, undefined);
      this.#nextArrival(arrivals);
    });
  }

  #schedule(at: Micros, then: () => void): void {
    this.#kernel.at(Math.max(at, this.#kernel.now) as Micros, { step: then });
  }

  #again(client: Client): void {
    const { plan, start, duration } = client.load;
    const over = duration !== undefined && this.#kernel.now >= start + duration;
    if (client.left === 0 || over) return;
    client.left--;
    this.#invoke(plan, NOTHING_RECORDED, client);
  }

  #invoke(plan: number, known: Recorded, client: Client | undefined): void {
    const { graph } = this.#options.plans[plan]!;
    const recorded = this.#random[plan]! ? drawRecorded(graph, known, this.#streams) : known;
    const invocation = this.#nextId++;
    this.#active.set(invocation, client);
    this.#population.add(invocation, recorded);
    this.#cluster.arrive({
      tag: "arrival",
      at: this.#kernel.now,
      invocation,
      plan,
      facts: factsOf(recorded),
    });
  }

  #record(event: Event): void {
    this.#options.record(event);
    if (event.kind !== "finish" && event.kind !== "abort") return;
    if (event.kind === "finish") this.#finished++;
    const client = this.#active.get(event.invocation);
    this.#active.delete(event.invocation);
    this.#population.remove(event.invocation);
    this.#cluster.forget(event.invocation);
    this.#end = event.time;
    if (client !== undefined) this.#schedule(this.#kernel.now, () => this.#again(client));
  }
}

/** Branches are the one thing drawn that the core has to know. */
function factsOf({ branches }: Recorded): Facts {
  return [...branches].flatMap(([vertex, value]) =>
    typeof value === "number"
      ? [{ tag: "branch", vertex, item: ROOT_ITEM, branch: value } as const]
      : [...value].map(([item, branch]) => ({ tag: "branch", vertex, item, branch }) as const),
  );
}
