/** The command line: subcommands put together, errors told on standard error, exit codes. */

import { fstatSync, writeFileSync } from "node:fs";
import * as NodeChildProcessSpawner from "@effect/platform-node-shared/NodeChildProcessSpawner";
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem";
import * as NodePath from "@effect/platform-node-shared/NodePath";
import * as NodeStdio from "@effect/platform-node-shared/NodeStdio";
import * as NodeTerminal from "@effect/platform-node-shared/NodeTerminal";
import * as Cause from "effect/Cause";
import * as Console from "effect/Console";
import type * as CliError from "effect/cli/CliError";
import * as CliOutput from "effect/cli/CliOutput";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Runtime from "effect/Runtime";
import { planCommand } from "./analysis/plan-command.ts";
import {
  CONFIGURED,
  gatewayCommand,
  masterCommand,
  storageCommand,
  workerCommand,
} from "./live/daemon-command.ts";
import { withConfig } from "./live/daemon-config.ts";
import { invokeCommand } from "./live/invoke-command.ts";
import { liveCommand } from "./live/live-command.ts";
import { replayCommand } from "./live/replay-command.ts";
import packageJson from "./package.json" with { type: "json" };
import { adviseCommand } from "./sim/advise-command.ts";
import { calibrateCommand } from "./sim/calibrate-command.ts";
import { compareCommand } from "./sim/compare-command.ts";
import { experimentCommand } from "./sim/experiment-command.ts";
import { reportCommand } from "./sim/report-command.ts";
import { simulateCommand } from "./sim/simulate-command.ts";
import { startCommand } from "./sim/start-command.ts";
import { sweepCommand } from "./sim/sweep-command.ts";
import { SWEEP_WORKER_FLAGS, sweepWorkerCommand } from "./sim/sweep-worker-command.ts";
import { traceCommand } from "./traces/trace-command.ts";
import { checkCommand } from "./workflows/check-command.ts";
import { importCommand } from "./workflows/import-command.ts";
import { readProblem } from "./workflows/named-files.ts";
import { newCommand } from "./workflows/new-command.ts";

const faasflow = Command.make("faasflow").pipe(
  Command.withDescription("Serverless workflows: schedule them, store their data, simulate both"),
  Command.withSubcommands([
    startCommand,
    simulateCommand,
    sweepCommand,
    sweepWorkerCommand,
    adviseCommand,
    calibrateCommand,
    compareCommand,
    planCommand,
    checkCommand,
    newCommand,
    importCommand,
    traceCommand,
    experimentCommand,
    reportCommand,
    liveCommand,
    invokeCommand,
    replayCommand,
    gatewayCommand,
    masterCommand,
    workerCommand,
    storageCommand,
  ]),
);

/** What was asked for goes to standard output; what is wrong, without a page of help, to the other. */
const presenter: CliOutput.Presenter = {
  present(event) {
    const wanted =
      event._tag === "Version" || (event._tag === "Help" && event.reason === "Requested");
    if (wanted) return CliOutput.defaultPresenter.present(event);
    const command = event.commandPath.join(" ");
    const subcommands = event.helpDoc.subcommands?.flatMap((group) => group.commands) ?? [];
    const names = subcommands.map(({ name }) => name).join(", ");
    const problems =
      event._tag === "Help"
        ? [`${command}: no command is named. Name one of ${names}.`]
        : event.errors.flatMap(problemsIn);
    const usage = `Usage: ${event.helpDoc.usage}`;
    const next = `\`${command} --help\` explains it, with examples.`;
    return Console.error([...problems, usage, next].join("\n"));
  },
};

const services = NodeChildProcessSpawner.layer.pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      NodeFileSystem.layer,
      NodePath.layer,
      NodeStdio.layer,
      NodeTerminal.layer,
      CliOutput.layerPresenter(presenter),
    ),
  ),
);

const GRACE_MS = 2_000;

const run = Command.runWith(faasflow, { version: packageJson.version });
const program = withConfig(process.argv.slice(2), {
  ...CONFIGURED,
  "sweep-worker": SWEEP_WORKER_FLAGS,
}).pipe(Effect.flatMap(run), Effect.provide(services));

const ELSEWHERE = "Let it go where there is room.";

/**
 * Whoever reads our output may have read enough (`| head`): that is no mistake, and what is open is
 * closed as at any other end. That it cannot be written may turn out when all else is over.
 */
const unread = new Promise<void>((resolve) => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") {
        process.exitCode = 2;
        if (stream === process.stdout)
          console.error(readProblem("standard output", error, ELSEWHERE));
      }
      resolve();
    });
  }
});
// Into a file Node writes what there is room for, and says nothing of the rest.
if (fstatSync(process.stdout.fd).isFile()) {
  process.stdout._write = (chunk, _encoding, done) => {
    try {
      writeFileSync(process.stdout.fd, chunk);
      done();
    } catch (cause) {
      done(cause as Error);
    }
  };
}

process.setSourceMapsEnabled(true);
const exit = await Effect.runPromiseExit(
  Effect.raceFirst(
    program,
    Effect.promise(() => unread),
  ),
);
if (Exit.isFailure(exit)) process.exitCode = tell(exit.cause);
// Nothing should be left that keeps the process alive; if something is, it must not.
setTimeout(() => process.exit(), GRACE_MS).unref();

/** What is wrong with values comes together (see `command`), a problem a line. */
function problemsIn({ _tag, message }: CliError.CliError): readonly string[] {
  return (_tag === "ValidationError" ? message.split("\n") : [message]).map(inOneLine);
}

/** The library's own words, its suggestions included. */
function inOneLine(message: string): string {
  const [problem = "", names] = message.trim().split(/\s*Did you mean this\?\s*/);
  const hint = names === undefined ? "" : ` Did you mean ${names.split(/\s+/).join(" or ")}?`;
  return `${problem.replace(/\.*$/, "")}.${hint}`;
}

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
