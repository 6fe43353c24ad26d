/** The HTTP API of the gateway. The only file that knows fastify. */

import { timingSafeEqual } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import fastify, { type FastifyInstance } from "fastify";
import { nodeName } from "../core/node.ts";
import { type GatewayService, RequestError } from "./gateway-service.ts";
import type { Roster } from "./membership.ts";

export class HttpError extends Schema.TaggedError<HttpError>()("HttpError", {
  message: Schema.String,
}) {}

export interface HttpOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** What clients show as `authorization: Bearer TOKEN`; without one, who reaches it may use it. */
  readonly token: string | undefined;
  readonly service: GatewayService;
  readonly roster: () => Roster;
  /** Reads and checks a workflow file; throws `RequestError`. */
  readonly parse: (
    text: string,
    folder: string | undefined,
  ) => Parameters<GatewayService["deploy"]>[0];
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Longest `?wait=`; whoever wants longer asks again. */
const MAX_WAIT_S = 300;
const DEPLOY_PATIENCE_MS = 15_000;

/**
 * | request | answer |
 * |---|---|
 * | `GET /health` | 200 when every daemon is there, else 503; who is there |
 * | `POST /v1/workflows[?folder=PATH]` (YAML or JSON; its modules are beside PATH on the workers) | 201 name, version, plan, once every daemon has it |
 * | `GET /v1/workflows` | what is deployed |
 * | `POST /v1/workflows/NAME/invocations[?wait=SECONDS]` (`{"inputs": {..}}`) | 202 id, or its status once over |
 * | `GET /v1/invocations`, `GET /v1/invocations/ID[?wait=SECONDS]` | status |
 * | `DELETE /v1/invocations/ID` | 202, cancelled |
 * | `GET /v1/invocations/ID/data/TASK.DATUM[?item=0]` | the bytes of a result |
 *
 * What is wrong is told as `{"problems": [..]}`, all at once.
 */
export const serveHttp = Effect.fn("serveHttp")(function* (
  options: HttpOptions,
): Effect.fn.Return<{ readonly url: string }, HttpError, Scope.Scope> {
  const app = build(options);
  const url = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => app.listen({ host: options.host, port: options.port }),
      catch: (cause) => {
        const where = `${options.host}:${options.port}`;
        return new HttpError({ message: `cannot listen at ${where}: ${(cause as Error).message}` });
      },
    }),
    // Who waits for an invocation is answered with how it stands, else the server waits for them.
    () =>
      Effect.promise(() => {
        options.service.stopWaiting();
        return app.close();
      }),
  );
  return { url };
});

function build(options: HttpOptions): FastifyInstance {
  const app = fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true });
  app.addContentTypeParser(
    ["text/plain", "application/yaml"],
    { parseAs: "string" },
    (_, body, done) => done(null, body),
  );
  app.addHook("onRequest", async (request, reply) => {
    if (options.token === undefined || isAllowed(request.headers.authorization, options.token))
      return;
    const problems = ["the token is missing or wrong. Send `authorization: Bearer TOKEN`."];
    await reply.status(401).send({ problems });
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
    if (error instanceof RequestError) {
      return reply.status(error.status).send({ problems: error.problems });
    }
    return reply.status(error.statusCode ?? 500).send({ problems: [error.message] });
  });
  app.setNotFoundHandler((request, reply) => {
    const problem = `there is nothing at ${request.method} ${request.url}`;
    return reply.status(404).send({ problems: [problem] });
  });
  addHealth(app, options);
  addWorkflows(app, options);
  addInvocations(app, options);
  return app;
}

function addHealth(app: FastifyInstance, { service, roster }: HttpOptions): void {
  app.get("/health", (_, reply) => {
    const plans = service.deployments.map(({ id }) => id);
    const ready = roster().has(service.members(), plans);
    const nodes = roster().list();
    const members = nodes.map(({ node, ...state }) => ({ node: nodeName(node), ...state }));
    return reply.status(ready ? 200 : 503).send({ ready, members });
  });
}

function addWorkflows(app: FastifyInstance, { service, parse }: HttpOptions): void {
  app.post("/v1/workflows", async (request, reply) => {
    const body = request.body;
    const { folder } = request.query as { readonly folder?: string };
    const spec = parse(typeof body === "string" ? body : JSON.stringify(body), folder);
    const { id, version } = service.deploy(spec);
    if (!(await service.ready(DEPLOY_PATIENCE_MS))) {
      const problem = "not every daemon has taken the plan over yet. See /health.";
      throw new RequestError({ status: 503, problems: [problem] });
    }
    return reply.status(201).send({ workflow: spec.name, version, plan: id });
  });
  app.get("/v1/workflows", (_, reply) =>
    reply.send(
      service.deployments.map(({ id, version, spec }) => ({
        workflow: spec.name,
        version,
        plan: id,
      })),
    ),
  );
}

function addInvocations(app: FastifyInstance, { service }: HttpOptions): void {
  app.post("/v1/workflows/:name/invocations", async (request, reply) => {
    const { name } = request.params as { readonly name: string };
    const id = await service.invoke(name, inputsIn(request.body));
    const wait = waitIn(request.query);
    if (wait === 0) return reply.status(202).send({ id });
    return reply.send(await service.wait(id, wait));
  });
  app.get("/v1/invocations", (_, reply) => reply.send(service.list()));
  app.get("/v1/invocations/:id", async (request, reply) =>
    reply.send(await service.wait(idIn(request.params), waitIn(request.query))),
  );
  app.delete("/v1/invocations/:id", (request, reply) => {
    service.cancel(idIn(request.params));
    return reply.status(202).send({});
  });
  app.get("/v1/invocations/:id/data/:datum", async (request, reply) => {
    const { datum } = request.params as { readonly datum: string };
    const { item } = request.query as { readonly item?: string };
    const folder = mkdtempSync(join(tmpdir(), "faasflow-fetch-"));
    const file = join(folder, "datum");
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    try {
      await Effect.runPromise(service.fetch(idIn(request.params), datum, item ?? "", file));
    } catch (cause) {
      remove();
      throw cause;
    }
    return reply
      .type("application/octet-stream")
      .send(createReadStream(file).once("close", remove));
  });
}

function inputsIn(body: unknown): Readonly<Record<string, unknown>> {
  if (body === undefined || body === null || body === "") return {};
  const { inputs = {} } = body as { readonly inputs?: Readonly<Record<string, unknown>> };
  if (typeof inputs === "object" && !Array.isArray(inputs)) return inputs;
  const problem = 'the body is not like {"inputs": {"name": "value"}}';
  throw new RequestError({ status: 400, problems: [problem] });
}

function idIn(params: unknown): number {
  const { id } = params as { readonly id: string };
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw new RequestError({
    status: 400,
    problems: [`${JSON.stringify(id)} is no invocation's id`],
  });
}

/** Milliseconds. */
function waitIn(query: unknown): number {
  const { wait } = query as { readonly wait?: string };
  if (wait === undefined) return 0;
  const seconds = Number(wait);
  if (seconds > 0 && seconds <= MAX_WAIT_S) return seconds * 1_000;
  const problem = `wait is ${JSON.stringify(wait)}; give seconds, at most ${MAX_WAIT_S}`;
  throw new RequestError({ status: 400, problems: [problem] });
}

function isAllowed(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
