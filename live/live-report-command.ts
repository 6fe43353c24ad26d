/** What `faasflow live run` tells of a run that is over: results, where the time went, its files. */

import { availableParallelism } from "node:os";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { counted } from "../analysis/count-text.ts";
import {
  type EventHeader,
  eventHeader,
  formatHeader,
  planHeader,
  specOutline,
} from "../analysis/event-header.ts";
import { EventNames, formatEvent } from "../analysis/event-log.ts";
import { InvariantChecker } from "../analysis/invariants.ts";
import { metricRows } from "../analysis/metric-rows.ts";
import { Metrics } from "../analysis/metrics.ts";
import { PerfettoWriter } from "../analysis/perfetto.ts";
import { type ProcessorLog, processorHeader } from "../analysis/processor-speed.ts";
import { runText } from "../analysis/run-text.ts";
import { LIVE_WORKER } from "../core/engine/settings.ts";
import type { Event } from "../core/events.ts";
import type { Plan } from "../core/plan/plan.ts";
import { FileOutput } from "../traces/file-output.ts";
import { writing } from "../workflows/named-files.ts";
import type { Client } from "./client.ts";
import { mergeEvents } from "./event-file.ts";
import type { ClusterOptions, LocalCluster } from "./local-cluster.ts";
import { writtenRate } from "./net-flags.ts";
import { writtenWorkerSize } from "./worker-size-flags.ts";

const PREVIEW_LINES = 10;
const PREVIEW_BYTES = 400;

/** The first lines of each result: what nobody in the workflow reads. Filler says nothing. */
export const previews = Effect.fnUntraced(function* (
  client: Client,
  plan: Plan,
  invocation: number,
) {
  const { tasks } = plan.graph.spec;
  const lines: string[] = [];
  for (const { name, readers, producer, spec } of plan.graph.data) {
    if (readers.length > 0 || producer < 0 || spec.items !== undefined) continue;
    if (tasks[producer]?.run.tag === "synthetic") continue;
    const bytes = yield* Effect.option(client.data(invocation, name));
    if (Option.isNone(bytes)) continue;
    const size = `${name} (${counted(bytes.value.length, "byte")})`;
    lines.push(spec.content === "binary" ? size : `${size}: ${preview(bytes.value)}`);
  }
  return lines;
});

function preview(bytes: Buffer): string {
  // A character that is cut in two is none.
  const start = bytes
    .subarray(0, PREVIEW_BYTES)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
  const lines = start.trimEnd().split("\n");
  const isCut = bytes.length > PREVIEW_BYTES || lines.length > PREVIEW_LINES;
  return `${lines.slice(0, PREVIEW_LINES).join("\n  ")}${isCut ? "…" : ""}`;
}

export interface ReportFiles {
  readonly events: Option.Option<string>;
  readonly perfetto: Option.Option<string>;
}

/** A run that is over. */
export interface Reported {
  readonly started: LocalCluster;
  readonly plan: Plan;
  /** Of this machine, meanwhile. */
  readonly processor: ProcessorLog;
}

interface Report {
  readonly events: readonly Event[];
  readonly header: EventHeader;
  readonly table: string;
  readonly violations: readonly string[];
}

export function report(
  { started, plan, processor }: Reported,
  { scheme, storage, partition, workers, durable, netns }: ClusterOptions,
): Report {
  const events = mergeEvents(started.events);
  const metrics = new Metrics({ plans: [planHeader(plan)] });
  const checker = new InvariantChecker({ plans: [plan] });
  for (const event of events) {
    metrics.add(event);
    checker.add(event);
  }
  const config = {
    references: [plan.graph.name],
    specs: [specOutline(plan.graph.spec)],
    scheme,
    storage,
    partition,
    workers,
    live: true,
    durable,
    cores: availableParallelism(),
    ...writtenWorkerSize(LIVE_WORKER),
    ...(netns !== undefined && { bandwidth: writtenRate(netns.bandwidth) }),
    ...processorHeader(processor, events),
  };
  const violations = checker.finish().map(({ text }) => text);
  const table = runText(metricRows(metrics, { scheme, storage }), {
    scheme,
    storage,
    partition,
    workers,
    profile: "this machine, live",
    again: undefined,
    messages: undefined,
    violations: violations.length,
  });
  const header = eventHeader({ seed: "live", config, config_hash: "live" }, [plan]);
  return { events, header, table, violations };
}

/** Those that were asked for. */
export const writeFiles = Effect.fnUntraced(function* (
  { events, header }: Report,
  to: ReportFiles,
) {
  if (Option.isSome(to.events)) {
    const file = to.events.value;
    yield* writing("events", file, () => writeEvents(file, { events, header }));
  }
  if (Option.isSome(to.perfetto)) {
    const file = to.perfetto.value;
    yield* writing("perfetto", file, () => writePerfetto(file, { events, header }));
  }
});

function writeEvents(path: string, { events, header }: Pick<Report, "events" | "header">): void {
  const output = new FileOutput(path);
  const names = new EventNames(header.workflows);
  output.write(`${formatHeader(header)}\n`);
  for (const event of events) output.write(`${formatEvent(event, names)}\n`);
  output.end();
}

function writePerfetto(path: string, { events, header }: Pick<Report, "events" | "header">): void {
  const output = new FileOutput(path);
  const writer = new PerfettoWriter(header.workflows);
  for (const event of events) output.write(writer.add(event));
  output.write(writer.finish());
  output.end();
}
