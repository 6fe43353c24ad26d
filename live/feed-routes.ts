/** Routes to look into a cluster: what runs now, events as they happen, logs, figures. */

import { Readable } from "node:stream";
import type { Event } from "../core/events.ts";
import { nodeName } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import { itemPath } from "../core/workflow/item.ts";
import { ACTIVATION_STATES } from "./activity.ts";
import type { ClusterView } from "./cluster-view.ts";
import { eventStream, invocationStream } from "./event-stream.ts";
import type { GatewayService } from "./gateway-service.ts";
import type { ReadProcessor } from "./processor-log.ts";
import type { Meters } from "./prometheus.ts";
import { RequestError } from "./request-error.ts";
import { type Asked, type Route, refused, type Shape, type Shapes } from "./route.ts";

export interface FeedRouteParts {
  readonly service: GatewayService;
  readonly view: ClusterView;
  readonly meters: Meters;
  readonly processor: ReadProcessor;
  /** What the header of a log says of the cluster. */
  readonly about: Readonly<Record<string, unknown>>;
}

const TEXT: Shape = { type: "string" };
const INTEGER: Shape = { type: "integer" };
const ID: Shape = { type: "integer", minimum: 0, description: "the id of an invocation" };
const SINCE: Shapes = {
  since: {
    type: "integer",
    minimum: 0,
    description: "the id of the last event that is known already, as the stream gave it",
  },
};
const ACTIVATION: Shape = {
  type: "object",
  properties: {
    invocation: INTEGER,
    workflow: TEXT,
    task: TEXT,
    item: TEXT,
    attempt: INTEGER,
    node: TEXT,
    state: { type: "string", enum: ACTIVATION_STATES },
    since_us: { type: "integer", description: "microseconds since the epoch" },
  },
};
const LINES: Shape = {
  type: "object",
  properties: {
    time_us: INTEGER,
    node: TEXT,
    task: TEXT,
    item: TEXT,
    attempt: INTEGER,
    text: TEXT,
  },
};
const LOGS: Shape = {
  type: "object",
  properties: {
    lines: { type: "array", items: LINES },
    cut: { type: "integer", description: "characters that were written and are not here" },
  },
};
const GONE = refused("no such invocation, or it ended too long ago");
const LINES_A_CHUNK = 1_000;

export function feedRoutes(parts: FeedRouteParts): readonly Route[] {
  return [activations(parts), ...streams(parts), log(parts), lines(parts), figures(parts)];
}

function activations({ service, view }: FeedRouteParts): Route {
  return {
    method: "GET",
    path: "/v1/activations",
    summary: "What is queued, runs, or waits for its next attempt, and on which worker",
    answers: {
      200: { description: "by invocation", shape: { type: "array", items: ACTIVATION } },
    },
    handle: () => {
      const body = view.activity.list().map(({ plan, task, item, node, ...rest }) => {
        const { graph }: Plan = service.plan(plan);
        const name = graph.vertices[task]!.name;
        const names = { workflow: graph.name, task: name, item: itemPath(item) };
        return { ...rest, ...names, node: nodeName(node) };
      });
      return { status: 200, body };
    },
  };
}

function streams({ view }: FeedRouteParts): readonly Route[] {
  const media = "text/event-stream";
  const answer = { description: "events as an event log has them, with names", media };
  const line = (event: Event): string => view.text.line(event);
  return [
    {
      method: "GET",
      path: "/v1/events",
      summary: "Every event from now on; with `since` or last-event-id, also what came after that",
      query: SINCE,
      answers: { 200: answer },
      handle: (asked) => {
        const texts = eventStream(view.recent, { since: sinceIn(asked), line });
        return { status: 200, body: Readable.from(texts), media };
      },
    },
    {
      method: "GET",
      path: "/v1/invocations/:id/events",
      summary: "The events of an invocation, from its arrival until it is over",
      params: { id: ID },
      query: SINCE,
      answers: { 200: answer, 404: GONE },
      handle: (asked) => {
        const { id } = asked.params as { readonly id: number };
        if (view.recent.of(id) === undefined) throw unknown(id);
        const gather = (): Promise<void> => view.intake.gather();
        const since = sinceIn(asked) ?? 0;
        const texts = invocationStream(view.recent, { id, since, line, gather });
        return { status: 200, body: Readable.from(texts), media };
      },
    },
  ];
}

function sinceIn({ query, headers }: Asked): number | undefined {
  const { since } = query as { readonly since?: number };
  const last = headers["last-event-id"];
  if (since !== undefined || last === undefined) return since;
  if (typeof last === "string" && /^\d{1,15}$/.test(last)) return Number(last);
  const problem = `last-event-id is ${JSON.stringify(last)}. Give the id that the stream gave.`;
  throw new RequestError({ status: 400, problems: [problem] });
}

function log({ service, view, processor, about }: FeedRouteParts): Route {
  return {
    method: "GET",
    path: "/v1/log",
    summary: "The event log of the invocations kept, merged by time, as the simulator writes it",
    query: {
      from: { ...ID, description: "the id of the first invocation wanted" },
      to: { ...ID, description: "the id of the last invocation wanted" },
    },
    answers: {
      200: {
        description:
          "a header, then an event a line. `events_missing` in the header's config: how many never " +
          "came from the daemons; `events_forgotten`: how many are kept no longer. 0 and 0: the log " +
          "is complete but for what is still said after the last finish",
        media: "application/x-ndjson",
      },
    },
    handle: async ({ query }) => {
      const { from = 0, to = Number.MAX_SAFE_INTEGER } = query as {
        readonly from?: number;
        readonly to?: number;
      };
      await view.intake.gather();
      const counts = {
        events_missing: view.intake.missing,
        events_forgotten: view.recent.forgotten,
      };
      const references = [...new Set(service.deployments.map(({ spec }) => spec.name))];
      const events = view.recent.log({ from, to });
      const run = { events, processor: processor() };
      const head = view.text.header({ references, ...about, ...counts }, run);
      const body = Readable.from(chunks(head, events, (event) => view.text.line(event)));
      return { status: 200, body, media: "application/x-ndjson" };
    },
  };
}

/** Of a long log, only a part is text at any time. */
function* chunks(
  head: string,
  events: readonly Event[],
  line: (event: Event) => string,
): Iterable<string> {
  yield `${head}\n`;
  for (let start = 0; start < events.length; start += LINES_A_CHUNK) {
    yield `${events
      .slice(start, start + LINES_A_CHUNK)
      .map(line)
      .join("\n")}\n`;
  }
}

function lines({ service, view }: FeedRouteParts): Route {
  return {
    method: "GET",
    path: "/v1/invocations/:id/logs",
    summary: "What the functions of an invocation wrote, and why attempts failed",
    params: { id: ID },
    answers: { 200: { description: "by time", shape: LOGS }, 404: GONE },
    handle: async ({ params }) => {
      const { id } = params as { readonly id: number };
      service.status(id);
      await view.intake.gather();
      const kept = view.lines.of(id);
      const named = kept.lines.map((each) => ({ ...each, node: nodeName(each.node) }));
      return { status: 200, body: { ...kept, lines: named } };
    },
  };
}

function figures({ meters }: FeedRouteParts): Route {
  return {
    method: "GET",
    path: "/metrics",
    summary: "Figures for Prometheus",
    answers: { 200: { description: "text exposition format", media: "text/plain" } },
    handle: async () => ({ status: 200, body: await meters.text(), media: meters.type }),
  };
}

function unknown(id: number): RequestError {
  const problem = `there is no invocation ${id}, or its events are kept no longer`;
  return new RequestError({ status: 404, problems: [problem] });
}
