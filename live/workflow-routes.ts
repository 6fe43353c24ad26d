/** Routes to deploy workflows, to invoke them, and to see what became of it. */

import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { nodeName } from "../core/node.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import type { GatewayService } from "./gateway-service.ts";
import { RequestError } from "./request-error.ts";
import type { Roster } from "./roster.ts";
import { type Answer, type Route, refused, type Shape } from "./route.ts";

export interface WorkflowRouteParts {
  readonly service: GatewayService;
  readonly roster: () => Roster;
  /** Reads and checks a workflow file; throws `RequestError`. */
  readonly parse: (text: string, folder: string | undefined) => WorkflowSpec;
}

/** Longest `?wait=`; whoever wants longer asks again. */
const MAX_WAIT_S = 300;
const DEPLOY_PATIENCE_MS = 15_000;

const TEXT: Shape = { type: "string" };
const ID: Shape = { type: "integer", minimum: 0, description: "the id of an invocation" };
const WAIT: Shape = {
  type: "number",
  exclusiveMinimum: 0,
  maximum: MAX_WAIT_S,
  description: `the seconds to wait for its end, at most ${MAX_WAIT_S}`,
};
const STATUS: Shape = {
  type: "object",
  properties: {
    id: { type: "integer" },
    workflow: TEXT,
    state: { type: "string", enum: ["running", "finished", "failed"] },
    arrived_us: { type: "integer", description: "microseconds since the epoch" },
    latency_s: { type: "number", description: "end-to-end latency, once it is over" },
    reason: { type: "string", description: "why it failed, and at which task" },
  },
  required: ["id", "workflow", "state", "arrived_us"],
};
const DEPLOYED: Shape = {
  type: "object",
  properties: { workflow: TEXT, version: { type: "integer" }, plan: { type: "integer" } },
  required: ["workflow", "version", "plan"],
};
const HEALTH: Shape = {
  type: "object",
  properties: {
    ready: { type: "boolean" },
    problems: { type: "array", items: TEXT },
    members: {
      type: "array",
      items: {
        type: "object",
        properties: {
          node: TEXT,
          ready: { type: "boolean" },
          lost: { type: "boolean" },
          phase: { type: "string", description: "serving, or how far it is on its way out" },
        },
        required: ["node", "ready", "lost", "phase"],
      },
    },
  },
  required: ["ready", "problems", "members"],
};
const GONE = refused("no such invocation, or it ended too long ago");

export function workflowRoutes(parts: WorkflowRouteParts): readonly Route[] {
  return [health(parts), ...deployRoutes(parts), ...invocationRoutes(parts), dataRoute(parts)];
}

function health({ service, roster }: WorkflowRouteParts): Route {
  return {
    method: "GET",
    path: "/health",
    summary: "Whether every daemon is there, and has every plan",
    answers: {
      200: { description: "all are there", shape: HEALTH },
      503: { description: "not all are there", shape: HEALTH },
    },
    handle: () => {
      const plans = service.deployments.map(({ id }) => id);
      const problems = service.admission.unready(plans);
      const ready = problems.length === 0 && roster().has(service.admission.members(), plans);
      const nodes = roster().list();
      const members = nodes.map(({ node, ...state }) => ({ node: nodeName(node), ...state }));
      return { status: ready ? 200 : 503, body: { ready, problems, members } };
    },
  };
}

function deployRoutes({ service, parse }: WorkflowRouteParts): readonly Route[] {
  const shown = ({ id, version, spec }: GatewayService["deployments"][number]) => ({
    workflow: spec.name,
    version,
    plan: id,
  });
  return [
    {
      method: "POST",
      path: "/v1/workflows",
      summary: "Deploy a workflow file, for new invocations; the same once more changes nothing",
      query: {
        folder: { type: "string", description: "where on the workers the file's modules are" },
      },
      body: {
        "application/json": { type: "object", additionalProperties: true },
        "application/yaml": TEXT,
        "text/plain": TEXT,
      },
      answers: {
        201: { description: "every daemon has its plan", shape: DEPLOYED },
        413: refused("the file is too large"),
        503: refused("a daemon has not taken the plan over"),
      },
      handle: async ({ body, query }) => {
        const { folder } = query as { readonly folder?: string };
        const text = typeof body === "string" ? body : JSON.stringify(body ?? {});
        const deployment = service.deploy(parse(text, folder));
        await service.safe();
        if (await service.ready(DEPLOY_PATIENCE_MS)) {
          return { status: 201, body: shown(deployment) };
        }
        const problem = "not every daemon has taken the plan over yet. See /health.";
        throw new RequestError({ status: 503, problems: [problem], retryAfter_s: 5 });
      },
    },
    {
      method: "GET",
      path: "/v1/workflows",
      summary: "What is deployed, every version",
      answers: { 200: { description: "oldest first", shape: { type: "array", items: DEPLOYED } } },
      handle: () => ({ status: 200, body: service.deployments.map(shown) }),
    },
  ];
}

function invocationRoutes({ service }: WorkflowRouteParts): readonly Route[] {
  const waited = async (id: number, wait_s: number | undefined): Promise<Answer> => {
    return { status: 200, body: await service.wait(id, (wait_s ?? 0) * 1_000) };
  };
  return [
    {
      method: "POST",
      path: "/v1/workflows/:name/invocations",
      summary: "Invoke a workflow; with `wait`, answer when it is over",
      params: { name: { type: "string", description: "the name of a workflow" } },
      query: { wait: WAIT },
      body: { "application/json": INVOKE },
      answers: {
        200: { description: "how it stands after the wait", shape: STATUS },
        202: { description: "it is under way", shape: ID_ALONE },
        404: refused("no such workflow is deployed"),
        413: refused("the body is too large"),
        429: refused("too many are in flight; `retry-after` says when to ask again"),
        503: refused("it could not run now; `retry-after` says when to ask again"),
      },
      handle: async ({ params, query, body }) => {
        const { name } = params as { readonly name: string };
        const { wait } = query as { readonly wait?: number };
        const { inputs = {} } = (body ?? {}) as { readonly inputs?: Record<string, unknown> };
        const id = await service.invoke(name, inputs);
        return wait === undefined ? { status: 202, body: { id } } : waited(id, wait);
      },
    },
    {
      method: "GET",
      path: "/v1/invocations",
      summary: "Invocations under way, and those that ended last",
      answers: { 200: { description: "by id", shape: { type: "array", items: STATUS } } },
      handle: () => ({ status: 200, body: service.list() }),
    },
    {
      method: "GET",
      path: "/v1/invocations/:id",
      summary: "How an invocation stands; with `wait`, once it is over",
      params: { id: ID },
      query: { wait: WAIT },
      answers: { 200: { description: "how it stands", shape: STATUS }, 404: GONE },
      handle: ({ params, query }) => {
        const { wait } = query as { readonly wait?: number };
        return waited((params as { readonly id: number }).id, wait);
      },
    },
    {
      method: "DELETE",
      path: "/v1/invocations/:id",
      summary: "Cancel an invocation",
      params: { id: ID },
      answers: {
        202: { description: "it is being ended", shape: ID_ALONE },
        404: GONE,
        409: refused("it is over already"),
      },
      handle: ({ params }) => {
        const { id } = params as { readonly id: number };
        service.cancel(id);
        return { status: 202, body: { id } };
      },
    },
  ];
}

const ID_ALONE: Shape = {
  type: "object",
  properties: { id: { type: "integer" } },
  required: ["id"],
};
const INVOKE: Shape = {
  type: "object",
  nullable: true,
  description: 'an object like {"inputs": {"name": "value"}}',
  properties: {
    inputs: {
      type: "object",
      additionalProperties: true,
      description: "values by the names of the workflow's inputs",
    },
  },
  additionalProperties: false,
};

function dataRoute({ service }: WorkflowRouteParts): Route {
  return {
    method: "GET",
    path: "/v1/invocations/:id/data/:datum",
    summary: "The bytes of a result: of a datum that no task reads",
    params: { id: ID, datum: { type: "string", description: "TASK.DATUM" } },
    query: { item: { type: "string", description: "which item of a list, from 0" } },
    answers: {
      200: { description: "the bytes", media: "application/octet-stream" },
      404: refused("no such invocation or datum"),
      503: refused("the store does not answer"),
    },
    handle: async ({ params, query }) => {
      const { id, datum } = params as { readonly id: number; readonly datum: string };
      const { item = "" } = query as { readonly item?: string };
      const folder = mkdtempSync(join(tmpdir(), "faasflow-fetch-"));
      const file = join(folder, "datum");
      const remove = (): void => rmSync(folder, { recursive: true, force: true });
      try {
        await Effect.runPromise(service.fetch(id, { datum, item }, file));
      } catch (cause) {
        remove();
        throw cause;
      }
      const body = createReadStream(file).once("close", remove);
      return { status: 200, body, media: "application/octet-stream" };
    },
  };
}
