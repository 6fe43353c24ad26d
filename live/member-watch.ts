/**
 * What others see of a worker or master: its events and its functions' lines on their way to the
 * gateway, its figures, its health. Nothing here decides anything.
 */

import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { Input } from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { type NodeId, workerIndex } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import { quotaOf } from "../core/storage/quota.ts";
import type { Clock } from "./clock.ts";
import { type HttpAddress, serveDaemonHttp } from "./daemon-http.ts";
import type { Log } from "./daemon-log.ts";
import { EventFeed } from "./event-feed.ts";
import type { HttpError } from "./http.ts";
import type { NatsLink } from "./nats.ts";
import { type Meters, WorkerMeters } from "./prometheus.ts";

export interface MemberWatchParts {
  readonly clock: Clock;
  readonly link: NatsLink;
  readonly cluster: string;
  readonly node: NodeId;
  readonly incarnation: string;
  readonly meters: Meters;
  /** Where `/health` and `/metrics` are; undefined: nowhere. */
  readonly http: HttpAddress | undefined;
  readonly log: Log;
  /** Oldest first. */
  readonly plans: () => readonly Plan[];
}

export interface MemberWatch {
  /** A gateway has welcomed it: what is observed is for that one. */
  join(run: string): void;
  event(event: Event): void;
  input(input: Input): void;
  /** To the daemon's own log; to the gateway too, if it is about an activation. */
  readonly log: Log;
}

/** For the length of the scope. */
export const watchMember = Effect.fn("watchMember")(function* (
  parts: MemberWatchParts,
): Effect.fn.Return<MemberWatch, HttpError, Scope.Scope> {
  const { node, clock, link, http, meters, plans, log } = parts;
  const feed = yield* Effect.acquireRelease(
    Effect.sync(() => new EventFeed(parts)),
    (opened) => Effect.sync(() => opened.close()),
  );
  const figures =
    workerIndex(node) < 0 || http === undefined
      ? undefined
      : new WorkerMeters(meters, () => quotaOf(plans(), workerIndex(node)));
  let isWelcome = false;
  const health = (): readonly string[] => [
    ...(link.connected() ? [] : ["no connection to NATS; it is tried on"]),
    ...(isWelcome ? [] : ["no gateway has welcomed it yet. Is the gateway up?"]),
  ];
  if (http !== undefined) {
    const port = yield* serveDaemonHttp({ ...http, meters, health });
    log({ url: `http://${http.host}:${port}` }, "serves /health and /metrics");
  }
  return {
    join: (run) => {
      isWelcome = true;
      feed.join(run);
    },
    event: (event) => {
      feed.add(event);
      figures?.add(event);
    },
    input: ({ tag }) => {
      if (tag === "get-failed") figures?.storeFailed("get");
      if (tag === "put-failed") figures?.storeFailed("put");
    },
    log: (about, text) => {
      log(about, text);
      const { invocation, task, item, attempt } = about;
      if (typeof invocation !== "number" || typeof task !== "string") return;
      if (typeof item !== "string" || typeof attempt !== "number") return;
      const subject = { node, invocation, task, item, attempt };
      feed.write({ time_us: clock.now(), ...subject, text });
    },
  };
});
