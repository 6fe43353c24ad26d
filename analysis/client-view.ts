/**
 * A run as its clients saw it: they wait so long for an answer, and what comes later they do not
 * see. Metrics tell what the cluster did; this tells what it was worth.
 */

import { arrivalTime, type Event } from "../core/events.ts";

/** The measured requests of one workflow. */
export interface ClientsOf {
  /** Seconds, ascending: of the requests that were answered in time. */
  readonly latencies_s: readonly number[];
  /** Requests that were not. */
  readonly inVain: number;
}

interface Sent {
  readonly plan: number;
  readonly at: number;
}

const MICROS = 1_000_000;

export class ClientView {
  readonly #wait: number;
  readonly #skip: number;
  readonly #sent: Map<number, number>;
  readonly #waiting: Map<number, Sent>;
  readonly #latencies: Map<number, number[]>;
  readonly #failed: Map<number, number>;

  /** `wait_s`: how long clients wait, `Infinity` for ever; `skip`: first requests of each plan left out. */
  constructor({ wait_s, skip }: { readonly wait_s: number; readonly skip: number }) {
    this.#wait = wait_s * MICROS;
    this.#skip = skip;
    this.#sent = new Map();
    this.#waiting = new Map();
    this.#latencies = new Map();
    this.#failed = new Map();
  }

  add(event: Event): void {
    if (event.kind === "arrival") this.#arrive(event);
    else if (event.kind === "finish" || event.kind === "abort") this.#end(event);
  }

  /** What is still under way counts as in vain: ask when every client has left. */
  of(plan: number): ClientsOf {
    const waiting = [...this.#waiting.values()].filter((sent) => sent.plan === plan).length;
    const latencies_s = [...(this.#latencies.get(plan) ?? [])].sort((a, b) => a - b);
    return { latencies_s, inVain: waiting + (this.#failed.get(plan) ?? 0) };
  }

  #arrive(event: Event): void {
    const index = this.#sent.get(event.plan) ?? 0;
    this.#sent.set(event.plan, index + 1);
    if (index < this.#skip) return;
    this.#waiting.set(event.invocation, { plan: event.plan, at: arrivalTime(event) });
  }

  #end(event: Event): void {
    const sent = this.#waiting.get(event.invocation);
    if (sent === undefined) return;
    this.#waiting.delete(event.invocation);
    const latency = event.time - sent.at;
    if (event.kind === "abort" || latency > this.#wait) {
      this.#failed.set(sent.plan, (this.#failed.get(sent.plan) ?? 0) + 1);
      return;
    }
    const known = this.#latencies.get(sent.plan) ?? [];
    known.push(latency / MICROS);
    this.#latencies.set(sent.plan, known);
  }
}

/** Where it timed out, there is no number. */
export const TIMEOUT = "timeout";
export type Seconds = number | typeof TIMEOUT;

/** The quantile (type 7) if each request in vain took longer than any that was answered. */
export function quantileSeen({ latencies_s, inVain }: ClientsOf, share: number): Seconds {
  const position = (latencies_s.length + inVain - 1) * share;
  const above = Math.ceil(position);
  if (above >= latencies_s.length) return TIMEOUT;
  const low = latencies_s[Math.floor(position)]!;
  return low + (position - Math.floor(position)) * (latencies_s[above]! - low);
}

/** The largest; a timeout if one request was in vain. What the paper calls its 99th percentile. */
export function largestSeen(clients: ClientsOf): Seconds {
  return quantileSeen(clients, 1);
}

/** Of those answered; a timeout if `most` or more were in vain, or if none was answered. */
export function meanSeen({ latencies_s, inVain }: ClientsOf, most: number): Seconds {
  if (inVain >= most || latencies_s.length === 0) return TIMEOUT;
  return latencies_s.reduce((sum, latency) => sum + latency, 0) / latencies_s.length;
}
