/** The command line: subcommands put together, errors told on standard error, exit codes. */

import * as NodeChildProcessSpawner from "@effect/platform-node-shared/NodeChildProcessSpawner";
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem";
import * as NodePath from "@effect/platform-node-shared/NodePath";
import * as NodeStdio from "@effect/platform-node-shared/NodeStdio";
import * as NodeTerminal from "@effect/platform-node-shared/NodeTerminal";
import * as Cause from "effect/Cause";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Runtime from "effect/Runtime";
import { planCommand } from "./analysis/plan-command.ts";
import packageJson from "./package.json" with { type: "json" };
import { simulateCommand } from "./sim/simulate-command.ts";
import { startCommand } from "./sim/start-command.ts";
import { traceCommand } from "./traces/trace-command.ts";
import { checkCommand } from "./workflows/check-command.ts";

const faasflow = Command.make("faasflow").pipe(
  Command.withDescription("Serverless workflows: schedule them, store their data, simulate both"),
  Command.withSubcommands([startCommand, simulateCommand, planCommand, checkCommand, traceCommand]),
);

const services = NodeChildProcessSpawner.layer.pipe(
  Layer.provideMerge(
    Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, NodeStdio.layer, NodeTerminal.layer),
  ),
);

const run = Command.runWith(faasflow, { version: packageJson.version });
const program = run(process.argv.slice(2)).pipe(Effect.provide(services));

process.setSourceMapsEnabled(true);
const exit = await Effect.runPromiseExit(program);
if (Exit.isFailure(exit)) process.exitCode = tell(exit.cause);

/** Prints what went wrong, unless it was printed already; gives the exit code. */
function tell(cause: Cause.Cause<unknown>): number {
  const error = Cause.squash(cause);
  if (isUsage(error)) return 2;
  if (error instanceof Error && Runtime.errorExitCode in error) {
    process.stderr.write(`${error.message}\n`);
    return Runtime.getErrorExitCode(error);
  }
  process.stderr.write(`${Cause.pretty(cause)}\nThis is a mistake in faasflow itself.\n`);
  return 1;
}

/** The command line itself was wrong; the command has said so and shown its help. */
function isUsage(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp"
  );
}
