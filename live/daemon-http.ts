/**
 * `GET /health` and `GET /metrics` of a daemon that serves nothing else over HTTP. 200: it is ready;
 * 503: it is not, and why. The token is the gateway's, if there is one.
 */

import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { HttpError } from "./http.ts";
import type { Meters } from "./prometheus.ts";

export interface HttpAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly token: string | undefined;
}

export interface DaemonHttpOptions extends HttpAddress {
  readonly meters: Meters;
  /** What keeps it from working; none: nothing. */
  readonly health: () => readonly string[];
}

/** Serves until the scope closes; gives its port. */
export const serveDaemonHttp = Effect.fn("serveDaemonHttp")(function* (
  options: DaemonHttpOptions,
): Effect.fn.Return<number, HttpError, Scope.Scope> {
  const { host, port, meters } = options;
  meters.addProcess();
  const listening = Effect.callback<Server, HttpError>((resume) => {
    const server = createServer((request, response) => {
      answer(options, request, response).catch(() => response.destroy());
    });
    server.once("error", ({ message }) =>
      resume(
        Effect.fail(new HttpError({ message: `cannot listen at ${host}:${port}: ${message}` })),
      ),
    );
    server.listen(port, host, () => resume(Effect.succeed(server)));
  });
  const server = yield* Effect.acquireRelease(listening, (opened) =>
    Effect.callback<void>((resume) => {
      opened.close(() => resume(Effect.void));
      opened.closeAllConnections();
    }),
  );
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : port;
});

async function answer(
  { token, meters, health }: DaemonHttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const json = (status: number, body: object): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(token === undefined ? "" : `Bearer ${token}`);
  const isAllowed = given.length === wanted.length && timingSafeEqual(given, wanted);
  if (token !== undefined && !isAllowed) {
    const problem = "the token is missing or wrong. Send `authorization: Bearer TOKEN`.";
    return json(401, { problems: [problem] });
  }
  const path = request.url?.replace(/\?.*$/, "");
  if (request.method === "GET" && path === "/health") {
    const problems = health();
    return json(problems.length === 0 ? 200 : 503, { ready: problems.length === 0, problems });
  }
  if (request.method === "GET" && path === "/metrics") {
    const text = await meters.text();
    response.writeHead(200, { "content-type": meters.type }).end(text);
    return;
  }
  json(404, { problems: ["there is nothing here. Ask for GET /health or GET /metrics."] });
}
