/** `faasflow invoke`: start a workflow on a running cluster, and wait for it if that is wanted. */

import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import { command } from "../workflows/command.ts";
import { BENCHMARKS } from "../workflows/load.ts";
import { CheckFailed, UsageErrors } from "../workflows/usage-errors.ts";
import type { Client } from "./client.ts";
import { CLIENT_FLAGS, clientOf, isGenerated, sourceOf, told } from "./client-flags.ts";
import { INPUT_FLAGS, readInputs } from "./input-flags.ts";

const INVOKE_FLAGS = {
  workflow: Argument.String("workflow").pipe(
    Argument.withDescription("what is deployed; a file or a benchmark is deployed first"),
  ),
  ...INPUT_FLAGS,
  wait: Flag.Boolean("wait").pipe(
    Flag.withDefault(false),
    Flag.withDescription("wait until it is over; exit code 1 if it failed"),
  ),
  ...CLIENT_FLAGS,
};

type InvokeInput = Command.Command.Config.Infer<typeof INVOKE_FLAGS>;

const invoke = Effect.fnUntraced(function* (input: InvokeInput) {
  const { inputs, problems } = readInputs(input.input);
  if (problems.length > 0) return yield* new UsageErrors({ problems });
  const client = yield* clientOf(input);
  const workflow = yield* deployedName(client, input.workflow);
  // Another command may have deployed it a moment ago: not every daemon has the plan yet.
  const id = yield* client.invoke(workflow, inputs).pipe(
    Effect.retry({
      schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "5 seconds" })),
      while: ({ status, retryAfter_s }) => status === 503 && retryAfter_s !== undefined,
    }),
  );
  if (!input.wait) {
    const next = `\`faasflow live logs ${id}\` shows what it writes.`;
    return yield* Console.log(input.json ? JSON.stringify({ id }) : `invocation ${id}. ${next}`);
  }
  const { state, latency_s, reason, ...rest } = yield* client.end(id);
  if (input.json) yield* Console.log(JSON.stringify({ ...rest, state, latency_s, reason }));
  if (state === "failed") {
    const next = `\`faasflow live logs ${id}\` may say more.`;
    return yield* new CheckFailed({ message: `invocation ${id} failed: ${reason}. ${next}` });
  }
  if (!input.json) yield* Console.log(`invocation ${id} finished in ${latency_s?.toFixed(3)} s`);
});

/** A file is deployed each time (the same once more is no new version), a benchmark if it is not. */
const deployedName = Effect.fnUntraced(function* (client: Client, workflow: string) {
  const isFile = /[/\\]|\.(ya?ml|json)$/i.test(workflow);
  if (!isFile && !isGenerated(workflow)) {
    const isBenchmark = (BENCHMARKS as readonly string[]).includes(workflow);
    const deployed = yield* client.deployed();
    if (!isBenchmark || deployed.some((each) => each.workflow === workflow)) return workflow;
  }
  const { text, folder } = yield* sourceOf(workflow);
  const { workflow: name, version } = yield* client.deploy(text, folder);
  yield* Console.error(`${name} is deployed, version ${version}`);
  return name;
});

export const invokeCommand = command("invoke", INVOKE_FLAGS, (input) => told(invoke(input))).pipe(
  Command.withDescription("Start a workflow on a running cluster"),
  Command.withExamples([
    { command: "faasflow invoke wordcount --wait", description: "on the cluster of `live up`" },
    {
      command: "faasflow invoke my-workflow.yaml --input name=value --url http://10.0.0.1:8080",
      description: "deploy a file, start it with an input, print its id",
    },
  ]),
);
