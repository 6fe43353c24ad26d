/** The smallest driver there is: notes what a machine asks for, so that a test can compare it. */

import type {
  BootRequest,
  DropRequest,
  Env,
  GetRequest,
  PutRequest,
  StartRequest,
  Timer,
} from "../../../core/env.ts";
import type { Event, EventKind } from "../../../core/events.ts";
import type { NodeId } from "../../../core/node.ts";
import type { Message } from "../../../core/protocol.ts";
import type { Micros } from "../../../core/units.ts";

export type Call =
  | { readonly call: "send"; readonly to: NodeId; readonly message: Message }
  | { readonly call: "timer"; readonly delay: Micros; readonly timer: Timer }
  | { readonly call: "cancel"; readonly token: number }
  | { readonly call: "stop"; readonly container: number }
  | { readonly call: "boot"; readonly request: BootRequest }
  | { readonly call: "get"; readonly request: GetRequest }
  | { readonly call: "start"; readonly request: StartRequest }
  | { readonly call: "put"; readonly request: PutRequest }
  | { readonly call: "drop"; readonly request: DropRequest };

export class RecordEnv implements Env {
  readonly calls: Call[] = [];
  readonly events: Event[] = [];
  time = 0;
  #tokens = 0;

  /** What was asked for since the last time. */
  take(): readonly Call[] {
    return this.calls.splice(0);
  }

  /** The kinds of the events since the last time. */
  takeKinds(): readonly EventKind[] {
    return this.events.splice(0).map(({ kind }) => kind);
  }

  now(): Micros {
    return this.time as Micros;
  }

  send(to: NodeId, message: Message): void {
    this.calls.push({ call: "send", to, message });
  }

  timer(delay: Micros, timer: Timer): number {
    this.calls.push({ call: "timer", delay, timer });
    return this.#tokens++;
  }

  cancel(token: number): void {
    this.calls.push({ call: "cancel", token });
  }

  stop(container: number): void {
    this.calls.push({ call: "stop", container });
  }

  boot(request: BootRequest): void {
    this.calls.push({ call: "boot", request });
  }

  get(request: GetRequest): void {
    this.calls.push({ call: "get", request });
  }

  start(request: StartRequest): void {
    this.calls.push({ call: "start", request });
  }

  put(request: PutRequest): void {
    this.calls.push({ call: "put", request });
  }

  drop(request: DropRequest): void {
    this.calls.push({ call: "drop", request });
  }

  emit(event: Event): void {
    this.events.push(event);
  }
}

/** The messages among calls, with whom they go to. */
export function sent(calls: readonly Call[]): readonly (readonly [NodeId, Message])[] {
  return calls.flatMap((each) => (each.call === "send" ? [[each.to, each.message] as const] : []));
}
