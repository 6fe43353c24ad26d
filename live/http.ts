/**
 * The HTTP API of the gateway: checks, serves and documents its routes (`GET /openapi.json`). The
 * only file that knows fastify. What is wrong with a request is told as `{"problems": [..]}`, all at
 * once; where asking again helps, `retry-after` says when.
 */

import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";
import swagger from "@fastify/swagger";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import fastify, { type FastifyInstance, type FastifyRequest, type FastifySchema } from "fastify";
import packageJson from "../package.json" with { type: "json" };
import { type Finding, findingText, refusalText } from "./http-problems.ts";
import { RequestError } from "./request-error.ts";
import { type Asked, type Route, refused, type Shapes, type Told } from "./route.ts";

export class HttpError extends Schema.TaggedError<HttpError>()("HttpError", {
  message: Schema.String,
}) {}

export interface HttpOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** What clients show as `authorization: Bearer TOKEN`; without one, who reaches it may use it. */
  readonly token: string | undefined;
  readonly routes: readonly Route[];
  /** A request was answered; `route` as declared. */
  readonly answered: (request: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
  }) => void;
  /** The server is about to end: whoever waits should be answered now. */
  readonly ending: () => void;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** How long the end of the server waits for answers that are under way. */
const ANSWER_MS = 2_000;

export const serveHttp = Effect.fn("serveHttp")(function* (
  options: HttpOptions,
): Effect.fn.Return<{ readonly url: string }, HttpError, Scope.Scope> {
  const started = Effect.tryPromise({
    try: async () => {
      const app = await build(options);
      return { app, url: await app.listen({ host: options.host, port: options.port }) };
    },
    catch: (cause) => {
      const where = `${options.host}:${options.port}`;
      return new HttpError({ message: `cannot listen at ${where}: ${(cause as Error).message}` });
    },
  });
  const { url } = yield* Effect.acquireRelease(started, ({ app }) =>
    Effect.promise(async () => {
      // Who waits for an invocation is answered with how it stands; a stream is not waited for.
      options.ending();
      const late = setTimeout(() => app.server.closeAllConnections(), ANSWER_MS);
      await app.close();
      clearTimeout(late);
    }),
  );
  return { url };
});

async function build(options: HttpOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: "idle",
    // All that is wrong at once; nothing is dropped in silence.
    ajv: { customOptions: { allErrors: true, verbose: true, removeAdditional: false } },
  });
  app.addContentTypeParser(
    ["text/plain", "application/yaml"],
    { parseAs: "string" },
    (_, body, done) => done(null, body),
  );
  addGuards(app, options);
  await app.register(swagger, {
    openapi: {
      openapi: "3.0.3",
      info: { title: "FaaSFlow gateway", version: packageJson.version },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
    },
  });
  for (const route of options.routes) add(app, route);
  add(app, {
    method: "GET",
    path: "/openapi.json",
    summary: "This API as an OpenAPI 3 document",
    answers: { 200: { description: "the document", shape: ANYTHING } },
    handle: () => ({ status: 200, body: app.swagger() }),
  });
  await app.ready();
  return app;
}

/** A refused body up to here is read and thrown away. */
const MAX_IGNORED_BYTES = 64 * 1024 * 1024;

const ANYTHING = { type: "object", additionalProperties: true } as const;

function addGuards(app: FastifyInstance, { token, answered }: HttpOptions): void {
  app.addHook("onRequest", async (request, reply) => {
    if (token === undefined || isAllowed(request.headers.authorization, token)) return;
    const problems = ["the token is missing or wrong. Send `authorization: Bearer TOKEN`."];
    await reply.status(401).send({ problems });
  });
  app.addHook("onResponse", async ({ method, routeOptions }, { statusCode: status }) => {
    answered({ method, route: routeOptions.url ?? "none", status });
  });
  app.setErrorHandler(async (error: ServerError, request, reply) => {
    if (error instanceof RequestError) {
      const { status, problems, retryAfter_s } = error;
      if (retryAfter_s !== undefined) reply.header("retry-after", retryAfter_s);
      return reply.status(status).send({ problems });
    }
    const { validation, validationContext, statusCode = 500 } = error;
    if (statusCode === 413) await ignored(request.raw);
    if (validation === undefined || validationContext === undefined) {
      return reply.status(statusCode).send({ problems: [refusalText(error, MAX_BODY_BYTES)] });
    }
    const problems = validation.map((finding) => findingText(validationContext, finding));
    // The server stops at the first part of a request that is wrong.
    if (validationContext !== "querystring") problems.push(...queryProblems(request));
    return reply.status(statusCode).send({ problems });
  });
  app.setNotFoundHandler((request, reply) => {
    const problem = `there is nothing at ${request.method} ${request.url}. See /openapi.json.`;
    return reply.status(404).send({ problems: [problem] });
  });
}

/** A client that is still sending would see its connection break, not the answer. */
async function ignored(body: IncomingMessage): Promise<void> {
  const announced = Number(body.headers["content-length"] ?? 0);
  if (announced > MAX_IGNORED_BYTES) return;
  let bytes = 0;
  body.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_IGNORED_BYTES) body.destroy();
  });
  await finished(body).catch(() => undefined);
}

function queryProblems(request: FastifyRequest): readonly string[] {
  const check = request.getValidationFunction("querystring");
  if (check?.(request.query) !== false) return [];
  const findings = (check as { readonly errors?: readonly Finding[] | null }).errors ?? [];
  return findings.map((finding) => findingText("querystring", finding));
}

interface ServerError extends Error {
  readonly code?: string;
  readonly statusCode?: number;
  readonly validation?: readonly Finding[];
  readonly validationContext?: string;
}

function add(app: FastifyInstance, { method, path, handle, ...route }: Route): void {
  app.route({
    method,
    url: path,
    schema: schemaOf(route),
    handler: async ({ params, query, body, headers }, reply) => {
      const answer = await handle({ params, query, body, headers } as Asked);
      if (answer.media !== undefined) reply.type(answer.media);
      return reply.status(answer.status).send(answer.body);
    },
  });
}

/** What every route may answer. */
const ALWAYS: Readonly<Record<number, Told>> = {
  400: refused("the request is wrong"),
  401: refused("the token is missing or wrong"),
  500: refused("a mistake in the gateway itself"),
};

function schemaOf({
  summary,
  params,
  query,
  body,
  answers,
}: Omit<Route, "method" | "path" | "handle">): FastifySchema {
  const response = Object.entries({ ...ALWAYS, ...answers }).map(([status, told]) => [
    status,
    toldSchema(told),
  ]);
  return {
    summary,
    ...(params === undefined ? {} : { params: record(params) }),
    querystring: record(query ?? {}),
    ...(body === undefined ? {} : { body: { content: contentOf(body) } }),
    response: Object.fromEntries(response),
  };
}

function record(properties: Shapes) {
  return { type: "object", properties, additionalProperties: false };
}

function toldSchema({ description, shape, media }: Told) {
  if (shape !== undefined) return { description, ...shape };
  return { description, content: { [media ?? "text/plain"]: { schema: { type: "string" } } } };
}

function contentOf(body: Shapes) {
  return Object.fromEntries(Object.entries(body).map(([media, schema]) => [media, { schema }]));
}

function isAllowed(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
