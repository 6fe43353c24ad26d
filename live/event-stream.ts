/**
 * Events as server-sent events: `id` is the event's number, `event` its kind, `data` its line in an
 * event log. Pulled by the reader: a slow one makes nobody wait, and keeps nothing that the gateway
 * does not keep anyway.
 */

import type { Event } from "../core/events.ts";
import type { RecentEvents, Recorded } from "./recent-events.ts";

/** So that proxies and readers see that the stream is alive. */
const KEEP_ALIVE_MS = 15_000;
const EVENTS_A_CHUNK = 500;
/** A reader that is so far behind is let go; it can come back with its last id. */
const MAX_BEHIND = 50_000;

type Line = (event: Event) => string;

/** Of one invocation, until it is over and all its events have come. */
export async function* invocationStream(
  recent: RecentEvents,
  options: {
    readonly id: number;
    /** Events up to this number are left out. */
    readonly since: number;
    readonly line: Line;
    /** Once all that has happened so far has come. */
    readonly gather: () => Promise<void>;
  },
): AsyncGenerator<string> {
  const { id, since, line, gather } = options;
  let at = (recent.of(id) ?? []).findIndex(({ number }) => number > since);
  if (at === -1) at = recent.of(id)?.length ?? 0;
  let isComplete = false;
  for (;;) {
    const events = recent.of(id) ?? [];
    if (at < events.length) {
      const next = events.slice(at, at + EVENTS_A_CHUNK);
      at += next.length;
      yield textOf(next, line);
    } else if (isComplete) {
      return;
    } else if (!recent.isOpen(id)) {
      await gather();
      isComplete = true;
    } else if (!(await further(recent, id))) {
      yield ": still running\n\n";
    }
  }
}

/** Of all, without end. */
export async function* eventStream(
  recent: RecentEvents,
  options: { readonly since: number | undefined; readonly line: Line },
): AsyncGenerator<string> {
  const { since, line } = options;
  let waiting: Recorded[] = since === undefined ? [] : [...recent.since(since)];
  const room = waiting.length + MAX_BEHIND;
  let wake = (): void => undefined;
  const unfollow = recent.follow((recorded) => {
    if (waiting.length <= room) waiting.push(recorded);
    wake();
  });
  try {
    yield ": events\n\n";
    while (waiting.length <= room) {
      const some = waiting.length > 0 || (await within((resolve) => (wake = resolve)));
      if (!some) yield ": nothing new\n\n";
      const next = waiting.slice(0, EVENTS_A_CHUNK);
      waiting = waiting.slice(next.length);
      if (next.length > 0) yield textOf(next, line);
    }
    yield `: ${MAX_BEHIND} events behind; come back with the last id\n\n`;
  } finally {
    unfollow();
  }
}

function textOf(events: readonly Recorded[], line: Line): string {
  return events
    .map(({ number, event }) => `id: ${number}\nevent: ${event.kind}\ndata: ${line(event)}\n\n`)
    .join("");
}

/** Whether another event of the invocation came before the stream has to say that it is alive. */
async function further(recent: RecentEvents, id: number): Promise<boolean> {
  let unfollow = (): void => undefined;
  const came = await within((resolve) => {
    unfollow = recent.follow(({ event }) => {
      if (event.invocation === id) resolve();
    });
  });
  unfollow();
  return came;
}

/** Whether it was resolved in time. */
function within(start: (resolve: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), KEEP_ALIVE_MS).unref();
    start(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
