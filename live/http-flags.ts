/** Flags about HTTP: where a daemon listens, which gateway a client means, and their token. */

import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import { UsageErrors } from "../workflows/usage-errors.ts";
import type { HttpAddress } from "./daemon-http.ts";
import { secretIn } from "./secret-flags.ts";

const TOKEN = "FAASFLOW_HTTP_TOKEN";

const tokenFile = (name: string) =>
  Flag.String(name).pipe(
    Flag.optional,
    Flag.withDescription(`file with the HTTP API's token; else it is in ${TOKEN}`),
  );

/** Of a daemon that serves only `/health` and `/metrics`. */
export const WATCH_FLAGS = {
  http: Flag.String("http").pipe(
    Flag.optional,
    Flag.withDescription("HOST:PORT for /health and /metrics; without it there are none"),
  ),
  httpTokenFile: tokenFile("http-token-file"),
};

/** Of the gateway. */
export const API_FLAGS = {
  http: Flag.String("http").pipe(
    Flag.withDefault("127.0.0.1:8080"),
    Flag.withDescription("HOST:PORT of the HTTP API"),
  ),
  httpTokenFile: tokenFile("http-token-file"),
};

/** The token in the file, else the one in the environment, else none. `flag` names the file. */
export const httpToken = Effect.fnUntraced(function* (file: Option.Option<string>, flag: string) {
  const token = yield* secretIn(file, { flag, variable: TOKEN });
  return token && Redacted.value(token);
});

/** Where to listen, with the token that is asked for there. */
export const httpAddress = Effect.fnUntraced(function* (
  address: string,
  file: Option.Option<string>,
): Effect.fn.Return<HttpAddress, Effect.Error<ReturnType<typeof httpToken>>> {
  const token = yield* httpToken(file, "http-token-file");
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (host !== undefined && Number(port) < 65_536) return { host, port: Number(port), token };
  const problem = `--http: ${address}. Write HOST:PORT, such as 127.0.0.1:8080.`;
  return yield* new UsageErrors({ problems: [problem] });
});

/** The same where it may be left out; then a token would be read by nobody. */
export const watchAddress = Effect.fnUntraced(function* (input: {
  readonly http: Option.Option<string>;
  readonly httpTokenFile: Option.Option<string>;
}) {
  const { http, httpTokenFile } = input;
  if (Option.isSome(http)) return yield* httpAddress(http.value, httpTokenFile);
  if (Option.isNone(httpTokenFile)) return undefined;
  const problem = "--http-token-file: nothing reads it without --http HOST:PORT.";
  return yield* new UsageErrors({ problems: [problem] });
});
