/** `faasflow live status|invocations|logs|cancel`: look into a running cluster. */

import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Effect from "effect/Effect";
import { counted } from "../analysis/count-text.ts";
import { number, table } from "../analysis/table.ts";
import { command } from "../workflows/command.ts";
import { CheckFailed } from "../workflows/usage-errors.ts";
import type { Health, Invocation, Logs, RunningActivation } from "./client.ts";
import { CLIENT_FLAGS, type ClientInput, clientOf, told } from "./client-flags.ts";

interface Input extends ClientInput {
  readonly json: boolean;
}

const status = Effect.fnUntraced(function* (input: Input) {
  const client = yield* clientOf(input);
  const [health, workflows, invocations, activations] = yield* Effect.all([
    client.health(),
    client.deployed(),
    client.invocations(),
    client.activations(),
  ]);
  const { url } = client;
  if (input.json) {
    yield* Console.log(JSON.stringify({ url, ...health, workflows, invocations, activations }));
  } else {
    const latest = new Map(workflows.map((each) => [each.workflow, each.version]));
    const names = [...latest].map(([name, version]) => `${name} (version ${version})`);
    const running = invocations.filter(({ state }) => state === "running");
    const lines = [
      `gateway ${url}, ${health.ready ? "ready" : "not ready"}`,
      `deployed: ${names.join(", ") || "nothing"}`,
      memberTable(health, activations),
      `${counted(running.length, "invocation")} under way`,
      ...(activations.length === 0 ? [] : [activationTable(activations)]),
    ];
    yield* Console.log(lines.join("\n"));
  }
  if (health.ready) return;
  const why = health.problems.join("\n") || "not every daemon is there";
  return yield* new CheckFailed({ message: `the cluster is not ready: ${why}` });
});

const STATES = ["queued", "reading", "running", "writing", "retrying"] as const;

/** A daemon a row: whether it is there, and how many activations it has in each state. */
function memberTable({ members }: Health, activations: readonly RunningActivation[]): string {
  const rows = members.map(({ node, ready, lost, phase }) => [
    node,
    lost ? "lost" : ready ? phase : "not ready",
    ...STATES.map((state) => {
      const count = activations.filter((each) => each.node === node && each.state === state).length;
      return count === 0 ? "" : `${count}`;
    }),
  ]);
  const counts = STATES.map((header) => ({ header }));
  const name = { header: "daemon", align: "left" } as const;
  return table(
    [
      { heading: "", columns: [name, { header: "state", align: "left" }] },
      { heading: "activations", columns: counts },
    ],
    rows,
  );
}

const MOST_SHOWN = 40;

function activationTable(activations: readonly RunningActivation[]): string {
  const now_us = Date.now() * 1_000;
  const shown = activations
    .slice(0, MOST_SHOWN)
    .map((each) => [
      `${each.invocation}`,
      each.workflow,
      each.item === "" ? each.task : `${each.task}[${each.item}]`,
      each.state,
      number(Math.max(0, now_us - each.since_us) / 1e6),
      each.node,
      `${each.attempt}`,
    ]);
  const columns = [
    { header: "invocation" },
    { header: "workflow", align: "left" },
    { header: "task", align: "left" },
    { header: "state", align: "left" },
    { header: "for", unit: "s" },
    { header: "on", align: "left" },
    { header: "attempt" },
  ] as const;
  const text = table([{ heading: "", columns }], shown);
  const more = activations.length - shown.length;
  return more > 0 ? `${text}\nand ${more} more; --json has them all` : text;
}

const invocations = Effect.fnUntraced(function* (input: Input) {
  const all = yield* Effect.flatMap(clientOf(input), (client) => client.invocations());
  yield* Console.log(input.json ? JSON.stringify(all) : invocationTable(all));
});

function invocationTable(all: readonly Invocation[]): string {
  if (all.length === 0) return "no invocation yet";
  const rows = all.map(({ id, workflow, state, arrived_us, latency_s, reason }) => [
    `${id}`,
    workflow,
    new Date(arrived_us / 1_000).toISOString(),
    state,
    number(latency_s),
    reason ?? "",
  ]);
  const columns = [
    { header: "id" },
    { header: "workflow", align: "left" },
    { header: "arrived", align: "left" },
    { header: "state", align: "left" },
    { header: "latency", unit: "s" },
    { header: "why it failed", align: "left" },
  ] as const;
  return table([{ heading: "", columns }], rows);
}

interface OneInput extends Input {
  readonly id: number;
}

const logs = Effect.fnUntraced(function* ({ id, ...input }: OneInput) {
  const kept = yield* Effect.flatMap(clientOf(input), (client) => client.logs(id));
  yield* Console.log(input.json ? JSON.stringify(kept) : logText(id, kept));
});

/** Each line with the activation that wrote it. */
export function logText(id: number, { lines, cut }: Logs): string {
  const texts = lines.flatMap(({ node, task, item, attempt, text }) => {
    const name = item === "" ? task : `${task}[${item}]`;
    const again = attempt > 1 ? `, attempt ${attempt}` : "";
    const written = text.trimEnd().split("\n");
    return written.map((line) => `${name} (${node}${again}): ${line}`);
  });
  if (texts.length === 0) return `the functions of invocation ${id} have written nothing so far`;
  return [...texts, ...(cut > 0 ? [`${cut} more characters were not kept`] : [])].join("\n");
}

const cancel = Effect.fnUntraced(function* ({ id, ...input }: OneInput) {
  yield* Effect.flatMap(clientOf(input), (client) => client.cancel(id));
  yield* Console.log(input.json ? JSON.stringify({ id }) : `invocation ${id} is being ended`);
});

const ID = Argument.Int("id").pipe(Argument.withDescription("the id that `invoke` printed"));

export const statusCommand = command("status", CLIENT_FLAGS, (input) => told(status(input))).pipe(
  Command.withDescription("Who is there, and what is queued, runs, or is retried, and where"),
);

export const invocationsCommand = command("invocations", CLIENT_FLAGS, (input) =>
  told(invocations(input)),
).pipe(Command.withDescription("Invocations under way, and those that ended last"));

export const logsCommand = command("logs", { id: ID, ...CLIENT_FLAGS }, (input) =>
  told(logs(input)),
).pipe(Command.withDescription("What the functions of an invocation wrote"));

export const cancelCommand = command("cancel", { id: ID, ...CLIENT_FLAGS }, (input) =>
  told(cancel(input)),
).pipe(Command.withDescription("End an invocation"));
