/**
 * What a gateway knows of its cluster beside the invocations themselves: recent events and lines,
 * and what is going on. Fed by its own machine, and by the daemons through `event-intake.ts`.
 */

import type { Event } from "../core/events.ts";
import type { NodeId } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import { Activity } from "./activity.ts";
import { EventIntake } from "./event-intake.ts";
import type { NatsLink } from "./nats.ts";
import type { ProcessorLog } from "./processor-log.ts";
import { RecentEvents } from "./recent-events.ts";
import { RecentLines } from "./recent-lines.ts";

export interface LoggedRun {
  readonly events: readonly Event[];
  /** Meanwhile, and maybe before. */
  readonly processor: ProcessorLog;
}

/** Writes events with names in place of ids, as event logs have them. */
export interface EventText {
  /** `about`: what the header says of the run, beside its names and the processors meanwhile. */
  header(about: Readonly<Record<string, unknown>>, run: LoggedRun): string;
  line(event: Event): string;
}

export interface ClusterViewParts {
  readonly link: NatsLink;
  readonly cluster: string;
  readonly run: string;
  /** Most events that are kept. */
  readonly maxEvents: number;
  readonly plans: () => readonly Plan[];
  readonly present: () => readonly NodeId[];
  readonly eventText: (plans: readonly Plan[]) => EventText;
}

export class ClusterView {
  readonly recent: RecentEvents;
  readonly activity: Activity;
  readonly lines: RecentLines;
  readonly intake: EventIntake;
  readonly #parts: ClusterViewParts;
  /** Made anew when there is a further plan. */
  #text: { readonly plans: number; readonly of: EventText } | undefined;

  constructor(parts: ClusterViewParts) {
    const { link, cluster, run, maxEvents, present } = parts;
    this.#parts = parts;
    this.#text = undefined;
    this.recent = new RecentEvents(maxEvents);
    this.activity = new Activity();
    this.lines = new RecentLines();
    this.intake = new EventIntake(link, cluster, {
      run,
      present,
      event: (event) => this.add(event),
      lines: (lines) => this.lines.add(lines),
    });
  }

  add(event: Event): void {
    this.recent.add(event);
    this.activity.add(event);
  }

  get text(): EventText {
    const plans = this.#parts.plans();
    if (this.#text?.plans !== plans.length) {
      this.#text = { plans: plans.length, of: this.#parts.eventText(plans) };
    }
    return this.#text.of;
  }
}
