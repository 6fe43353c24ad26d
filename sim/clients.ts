/**
 * The clients of a run: open and closed loops, how long each client waits for its answer, and which
 * load follows which. A client that gives up changes nothing in the cluster: the invocation goes on.
 */

import { invariant } from "../core/invariant.ts";
import type { InvocationId } from "../core/protocol.ts";
import type { Micros } from "../core/units.ts";
import { NOTHING_RECORDED, type Recorded } from "../core/workflow/recorded.ts";
import type { EventToken } from "./event-queue.ts";
import type { Kernel } from "./kernel.ts";

/** One request to come. */
export interface Arrival {
  /** Since the start of its load. */
  readonly at: Micros;
  /** Plan id. */
  readonly plan: number;
  readonly recorded: Recorded;
}

/** How much clients bear. */
export interface Patience {
  /** Without an answer for so long, or with a failure, a request was in vain. */
  readonly wait: Micros;
  /** Requests of the load, in the order sent, that the two rules below leave out. */
  readonly skip: number;
  /**
   * Once so many were in vain, no more is sent. Until then a closed loop with a duration goes on
   * beyond it until one was answered.
   */
  readonly inVain: number;
}

interface AnyLoad {
  /** None: clients wait for ever. */
  readonly patience?: Patience | undefined;
  /** Starts when no client of this one waits any more; its times count from then. */
  readonly next?: Load | undefined;
}

export type Load =
  /** Requests at times of their own, in time order; drawn from the iterator one by one. */
  | (AnyLoad & { readonly tag: "open"; readonly arrivals: Iterator<Arrival> })
  /** Each client sends its next request when the one before is over. */
  | (AnyLoad & {
      readonly tag: "closed";
      readonly plan: number;
      readonly clients: number;
      readonly start: Micros;
      /** No request is sent later than this after the start; none: no limit. */
      readonly duration: Micros | undefined;
      /** Requests in all; none: no limit. One of the two is needed. */
      readonly invocations: number | undefined;
    });

/** A load under way. */
interface Loop {
  readonly load: Load;
  readonly begin: Micros;
  /** Clients, or the stream of arrivals, that may send once more. */
  senders: number;
  waiting: number;
  sent: number;
  /** Of the requests after the first `skip`. */
  answered: number;
  inVain: number;
}

interface Request {
  readonly loop: Loop;
  /** From 0, within its load. */
  readonly index: number;
  readonly timer: EventToken | undefined;
}

export class Clients {
  readonly #kernel: Kernel;
  readonly #send: (plan: number, known: Recorded) => InvocationId;
  /** What clients wait for. */
  readonly #requests: Map<InvocationId, Request>;
  /** Loads that are not over. */
  #loads: number;
  /** Whether the clients of some load may leave before their answer. */
  #mayLeave: boolean;

  /** `send` starts an invocation; what it leads to happens later. */
  constructor(kernel: Kernel, send: (plan: number, known: Recorded) => InvocationId) {
    this.#kernel = kernel;
    this.#send = send;
    this.#requests = new Map();
    this.#loads = 0;
    this.#mayLeave = false;
  }

  /** Every load is over, and invocations may go on that nobody waits for. */
  get haveLeft(): boolean {
    return this.#loads === 0 && this.#mayLeave;
  }

  begin(load: Load): void {
    this.#loads++;
    if (load.patience !== undefined) this.#mayLeave = true;
    const now = this.#kernel.now;
    const none = { waiting: 0, sent: 0, answered: 0, inVain: 0 };
    if (load.tag === "open") {
      this.#nextArrival({ load, begin: now, senders: 1, ...none }, load.arrivals);
      return;
    }
    const { invocations, duration, clients } = load;
    invariant(invocations !== undefined || duration !== undefined, "a closed loop has an end");
    const begin = (now + load.start) as Micros;
    const loop = { load, begin, senders: clients, ...none };
    for (let index = 0; index < clients; index++) {
      this.#schedule(begin, () => this.#again(loop, load));
    }
  }

  /** The invocation is over. */
  ended(invocation: InvocationId, how: { readonly answered: boolean }): void {
    const request = this.#requests.get(invocation);
    if (request === undefined) return;
    if (request.timer !== undefined) this.#kernel.cancel(request.timer);
    this.#over(invocation, request, how);
  }

  #over(
    invocation: InvocationId,
    { loop, index }: Request,
    { answered }: { readonly answered: boolean },
  ): void {
    this.#requests.delete(invocation);
    loop.waiting--;
    if (index >= (loop.load.patience?.skip ?? 0)) {
      if (answered) loop.answered++;
      else loop.inVain++;
    }
    const { load } = loop;
    if (load.tag === "closed") this.#schedule(this.#kernel.now, () => this.#again(loop, load));
    else this.#endIfDone(loop);
  }

  /** Only the next arrival is ever pending, however long the trace. */
  #nextArrival(loop: Loop, arrivals: Iterator<Arrival>): void {
    const next = arrivals.next();
    if (next.done === true) {
      this.#leave(loop);
      return;
    }
    const { at, plan, recorded } = next.value;
    const arrive = (): void => {
      if (hasEnough(loop)) {
        this.#leave(loop);
        return;
      }
      this.#request(loop, plan, recorded);
      this.#nextArrival(loop, arrivals);
    };
    // After what else happens then: a replayed closed loop sends when the answer before is there.
    const due = (): void => this.#schedule(this.#kernel.now, arrive);
    this.#schedule((loop.begin + at) as Micros, due);
  }

  #again(loop: Loop, load: Extract<Load, { tag: "closed" }>): void {
    const { duration, invocations, patience } = load;
    const late = duration !== undefined && this.#kernel.now >= loop.begin + duration;
    const persists = patience !== undefined && loop.answered === 0;
    const all = loop.sent === invocations;
    if (all || hasEnough(loop) || (late && !persists)) this.#leave(loop);
    else this.#request(loop, load.plan, NOTHING_RECORDED);
  }

  #request(loop: Loop, plan: number, known: Recorded): void {
    const index = loop.sent++;
    loop.waiting++;
    const invocation = this.#send(plan, known);
    const { patience } = loop.load;
    const timer = patience && this.#giveUpAfter(patience.wait as Micros, invocation);
    this.#requests.set(invocation, { loop, index, timer });
  }

  #giveUpAfter(wait: Micros, invocation: InvocationId): EventToken {
    return this.#kernel.timer(wait, { step: () => this.ended(invocation, { answered: false }) });
  }

  #leave(loop: Loop): void {
    loop.senders--;
    this.#endIfDone(loop);
  }

  #endIfDone(loop: Loop): void {
    if (loop.senders > 0 || loop.waiting > 0) return;
    this.#loads--;
    if (loop.load.next !== undefined) this.begin(loop.load.next);
    if (this.haveLeft) this.#kernel.reconsider();
  }

  #schedule(at: Micros, then: () => void): void {
    this.#kernel.at(Math.max(at, this.#kernel.now) as Micros, { step: then });
  }
}

function hasEnough({ load, inVain }: Loop): boolean {
  return load.patience !== undefined && inVain >= load.patience.inVain;
}
