/**
 * A profile of a live cluster, from what its event logs tell (analysis/estimate.ts): YAML, each value
 * with what it was measured from. All daemons and functions of such a cluster are processes of one
 * machine and share its cores, so costs of containers and store are core times.
 *
 * What the logs cannot tell apart is zero here and part of another value; what live does by design is
 * no quantity but a mechanism by name.
 */

import type { Estimates, FunctionEstimate, TransferCost } from "../analysis/estimate.ts";
import type { Estimated } from "../analysis/estimate-robust.ts";
import type { Settings } from "../core/engine/settings.ts";
import { written } from "./calibrate.ts";

export interface LiveCluster extends Pick<Settings, "workerMemory" | "keepAlive"> {
  readonly workers: number;
  /** Capacity units of a worker that plans used. */
  readonly capacity: number;
  /** What was measured, for the head of the file. */
  readonly about: string;
}

export function liveProfileText(estimates: Estimates, cluster: LiveCluster): string {
  const lines = [
    `# A live cluster on one machine, as measured by \`faasflow calibrate --live\`: ${cluster.about}.`,
    "# [M] measured; [L] how live is built; [-] not told apart from another value, which has it.",
    ...clusterLines(estimates, cluster),
    ...storeLines(estimates),
    ...containerLines(estimates, cluster),
    ...engineLines(estimates),
    ...mechanismLines(),
    ...functionLines(estimates.functions),
  ];
  return `${lines.join("\n")}\n`;
}

const NOT_APART = "[-]";
const PACE = "[M] turns of a probe in a microsecond, on average";
const GIB = 2 ** 30;

function clusterLines(
  { cores, pace, workerLink }: Estimates,
  { workers, capacity, workerMemory }: LiveCluster,
): readonly string[] {
  const found = Number(cores.value.toPrecision(3));
  const source =
    cores.count === 0
      ? "[M] at least: nobody was seen to wait for one"
      : `[M] that all jobs together had; ${samples(cores, (value) => value.toPrecision(2))}`;
  return section("cluster", [
    entry("workers", `${workers}`, "[L] `--workers`"),
    entry("worker_cores", `${found}`, source),
    ...(pace === undefined ? [] : [entry("pace", `${Number(pace.toPrecision(4))}`, PACE)]),
    entry("worker_memory", `${workerMemory / GIB} GiB`, "[L] `--worker-memory`"),
    entry("worker_capacity", `${capacity}`, "[L] as plans reckon"),
    entry("storage_cores", `${Math.max(1, Math.round(found))}`, "[L] the same ones"),
  ]).concat(
    section("network", [
      entry("latency", "0", `${NOT_APART} daemon.message, look_up and commit have it`),
      workerLink === undefined
        ? entry("worker_link", "unlimited", "[-] no log shows it")
        : entry("worker_link", rate(workerLink.value), `[M] ${LINK}; n = ${workerLink.count}`),
      entry("storage_link", "unlimited", "[L] `--bandwidth` sets it"),
    ]),
  );
}

function storeLines({ get, put, operation }: Estimates): readonly string[] {
  return section("remote_store", [
    timed("look_up", get?.fixed, "core time of a get but for its bytes"),
    entry("record", "0", "[L] there are none"),
    timed("commit", put?.fixed, "core time of a put but for its bytes"),
    entry("connections", "1000000", "[L] each worker has its own"),
    rated("compress_filler", put, "bytes a core takes in"),
    entry("compress_text", "unlimited", "[L] all bodies are alike, see compress_filler"),
    rated("expand", get, "bytes a core gives out"),
    entry("disk", "unlimited", "[L] all bodies are alike, see compress_filler"),
  ]).concat(
    section("local_store", [
      timed("operation", operation, "one of an activation's gets or puts"),
      entry("bandwidth", "unlimited", "[L] files in memory are renamed, not copied"),
    ]),
  );
}

function containerLines(
  { coldStart, setUp }: Estimates,
  { keepAlive }: LiveCluster,
): readonly string[] {
  const cold = coldStart ?? { median: 0, sigma: 0, count: 0 };
  const source = `[M] core time; n = ${cold.count}`;
  return section("container", [
    entry("cold_start", time(cold.median), source),
    entry("cold_start_sigma", `${Number(cold.sigma.toFixed(3))}`, source),
    entry("keep_alive", time(keepAlive), "[L] `--keep-alive`"),
    timed("set_up", setUp, "an activation's time around its function"),
    entry("request", "0", `${NOT_APART} look_up and commit have it`),
    entry("body", "unlimited", `${NOT_APART} compress_filler and expand have it`),
  ]);
}

function engineLines({
  request,
  message,
  intake,
  spawn,
  activation,
  handling,
}: Estimates): readonly string[] {
  return section("engine", [
    timed("request", request, "by how much each further message of one engine comes later"),
    entry("dispatch_tick", "0", "[L] at once"),
  ]).concat(
    section("daemon", [
      timed("intake", intake, "an input part stored"),
      timed("message", message, "from one engine to another, less two requests"),
      timed("spawn", spawn, "until a worker's loop goes on after it began to start a container"),
      timed("activation", activation, "core time that busy functions did not get, an activation"),
      timed("handling", handling, "core time that busy functions did not get, a message"),
    ]),
  );
}

function mechanismLines(): readonly string[] {
  return section("mechanisms", [
    entry("store_protocol", "embedded", "[L]"),
    entry("engine_protocol", "plain", "[L] no look-ups, no polls"),
    entry("document", "per-datum", "[L] a file a part"),
    entry("placement", "plan", "[L]"),
    entry("triggers", "batched", "[L]"),
    entry("at_limit", "wait", "[L]"),
    entry("hosts", "shared", "[L] all are processes of one machine"),
  ]);
}

function functionLines(functions: Estimates["functions"]): readonly string[] {
  if (functions.size === 0) return [];
  // Sorted as texts.
  const names = [...functions.keys()].sort();
  return section(
    "functions",
    names.map((name) => functionLine(name, functions.get(name)!)),
  );
}

function functionLine(name: string, of: FunctionEstimate): string {
  const { compute, sleep, cores, warmUp, setUp } = of;
  const fields = [
    `compute: [${compute.map(time).join(", ")}]`,
    `sleep: ${time(sleep.value)}`,
    `cores: ${Number(cores.toFixed(2))}`,
    `warm_up: ${time(warmUp)}`,
    `set_up: ${time(setUp)}`,
    `source: "[M] n = ${sleep.count}"`,
  ];
  return `${JSON.stringify(name)}: { ${fields.join(", ")} }`;
}

function section(name: string, lines: readonly string[]): readonly string[] {
  return ["", `${name}:`, ...lines.map((line) => `  ${line}`)];
}

function entry(name: string, value: string, source: string): string {
  return `${name}: { value: ${value}, source: ${JSON.stringify(source)} }`;
}

const LINK = "a worker's one thread, nobody else busy";

function rate(value: number): string {
  return value === Infinity ? "unlimited" : written(value, "rate");
}

function timed(name: string, of: Estimated | undefined, what: string): string {
  if (of === undefined) return entry(name, "0", "[-] no log shows it");
  return entry(name, time(of.value), `[M] ${what}; ${samples(of, time)}`);
}

function rated(name: string, of: TransferCost | undefined, what: string): string {
  if (of === undefined) return entry(name, "unlimited", "[-] no log shows it");
  return entry(name, rate(of.rate), `[M] ${what}; n = ${of.count}`);
}

function samples({ spread, count }: Estimated, text: (value: number) => string): string {
  return `n = ${count}, spread ${text(spread)}`;
}

function time(micros: number): string {
  return micros < 0.5 ? "0" : written(Math.max(1, micros), "time");
}
