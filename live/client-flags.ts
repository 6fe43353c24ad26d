/** Flags of commands that speak to a gateway, and how they find it. */

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import * as Config from "effect/Config";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import {
  BENCHMARKS,
  benchmarkFile,
  GENERATORS,
  resolveWorkflow,
  SpecErrors,
  type ToRun,
} from "../workflows/load.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import { Client, ClientError } from "./client.ts";
import { publishedAddresses } from "./cluster-address.ts";
import { httpToken } from "./http-flags.ts";

const DEFAULT_URL = "http://127.0.0.1:8080";

export const CLIENT_FLAGS = {
  url: Flag.String("url").pipe(
    Flag.optional,
    Flag.withDescription(
      `the gateway; default FAASFLOW_URL, else the cluster of \`live up\`, else ${DEFAULT_URL}`,
    ),
  ),
  tokenFile: Flag.String("token-file").pipe(
    Flag.optional,
    Flag.withDescription("file with the gateway's token; default FAASFLOW_HTTP_TOKEN"),
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDefault(false),
    Flag.withDescription("print JSON, for programs"),
  ),
};

export interface ClientInput {
  readonly url: Option.Option<string>;
  readonly tokenFile: Option.Option<string>;
}

/** The gateway that is meant. The token of a cluster that `live up` started is known already. */
export const clientOf = Effect.fnUntraced(function* ({ url, tokenFile }: ClientInput) {
  const published = publishedAddresses();
  const inEnvironment = yield* Config.option(Config.String("FAASFLOW_URL"));
  const named = Option.getOrUndefined(Option.orElse(url, () => inEnvironment));
  if (named === undefined && published.length > 1) {
    const urls = published.map((each) => each.url).join(", ");
    const problem = `--url: several clusters run here, at ${urls}. Name one of them.`;
    return yield* new UsageErrors({ problems: [problem] });
  }
  if (named !== undefined && !/^https?:\/\/[^/]/.test(named)) {
    const problem = `--url: ${named} is no address of a gateway. Write http://HOST:PORT.`;
    return yield* new UsageErrors({ problems: [problem] });
  }
  const known =
    named === undefined
      ? published[0]
      : published.find((each) => each.url === named.replace(/\/+$/, ""));
  const address = named ?? known?.url ?? DEFAULT_URL;
  if (known !== undefined && Option.isNone(tokenFile)) return new Client(address, known.token);
  return new Client(address, yield* httpToken(tokenFile, "token-file"));
});

/** Whether it is one that generators make, such as `genome:500`: no file has its text. */
export function isGenerated(workflow: string): boolean {
  const [shape = "", ...rest] = workflow.split(":");
  return rest.length > 0 && GENERATORS.has(shape);
}

/** A workflow file, or a benchmark's: what is in it, its text, and where its modules are. */
export const sourceOf = Effect.fnUntraced(function* (workflow: string, toRun?: ToRun) {
  if (isGenerated(workflow)) {
    const problem = `${workflow}: generated workflows are for the simulator. Name a benchmark, such as \
${workflow.split(":")[0]}, or a workflow file.`;
    return yield* new UsageErrors({ problems: [problem] });
  }
  // Checked here too: problems are told with the file's name.
  const spec = yield* resolveWorkflow(workflow, toRun);
  const isBenchmark = (BENCHMARKS as readonly string[]).includes(workflow);
  const file = isBenchmark ? benchmarkFile(workflow) : workflow;
  return yield* Effect.try({
    try: () => ({ spec, text: readFileSync(file, "utf8"), folder: dirname(resolve(file)) }),
    catch: () => {
      const problem = `${workflow}: a live run needs a benchmark or a workflow file`;
      return new UsageErrors({ problems: [problem] });
    },
  });
});

/** Statuses for which what was asked is to be changed, not when it is asked. */
const WRONG: ReadonlySet<number> = new Set([0, 400, 401, 404, 413]);

/** What a gateway refuses in its own words: exit code 2 if the request was wrong, else 1. */
export function told<A, E extends { readonly message: string }, R>(
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, CheckFailed | UsageErrors, R> {
  return Effect.mapError(effect, (error: E) => {
    if (error instanceof UsageErrors || error instanceof CheckFailed) return error;
    const { message } = error;
    const isWrong =
      error instanceof SpecErrors || (error instanceof ClientError && WRONG.has(error.status));
    return isWrong ? new UsageErrors({ problems: [message] }) : new CheckFailed({ message });
  });
}
