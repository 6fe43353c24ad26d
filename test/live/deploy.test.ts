/**
 * live/deploy on one machine: every unit of the inventory, with its very command, environment and
 * address, each host a network namespace. Needs what net-hosts.test.ts needs.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { Client } from "../../live/client.ts";
import type { Host } from "../../live/hosts.ts";
import { netHostsProblems, openNetHosts } from "../../live/net-hosts.ts";
import { benchmarkFile } from "../../workflows/load.ts";
import { ableTest } from "../fixtures/able.ts";
import { until } from "./nats-cluster.ts";
import { commandOf, environmentOf, readDeployFile, readUnit, type Unit } from "./systemd-unit.ts";

const testHosts = ableTest(test, netHostsProblems());

interface Inventory {
  readonly hosts: Readonly<
    Record<string, { readonly address: string; readonly units: readonly string[] }>
  >;
}

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const FILES = fileURLToPath(new URL("../../live/deploy/", import.meta.url));
const { hosts: HOSTS }: Inventory = parse(readDeployFile("inventory.yaml"));
const UNITS = [...new Set(Object.values(HOSTS).flatMap(({ units }) => units))].map(readUnit);
const PATIENCE_MS = 60_000;
const MAX_LOG = 500;

/** Where an installation has its programs and files, and where they are in the tree. */
function installed(words: readonly string[]): readonly string[] {
  const [program, ...args] = words.map((word) => word.replace(/^\/etc\/faasflow\//, FILES));
  return program === "faasflow" ? [process.execPath, PROGRAM, ...args] : [program!, ...args];
}

/** One unit on its host, as systemd would start it; the kernel ends it with this process. */
class Service {
  readonly #command: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;
  /** What it wrote last. */
  log: string;

  constructor(unit: Unit, host: Host, state: string) {
    const environment = { ...environmentOf(unit), HOST_ADDRESS: host.address };
    const command = installed(commandOf(unit, { environment, state }));
    this.#command = ["setpriv", "--pdeathsig", "KILL", ...host.enter, ...command];
    this.#environment = { PATH: process.env["PATH"], ...environment };
    this.#process = undefined;
    this.log = "";
  }

  /** Again when it has failed: what it needs may not be there yet. */
  start(): void {
    const [first, ...args] = this.#command;
    const stdio = ["ignore", "ignore", "pipe"] as const;
    const child = spawn(first!, args, { env: this.#environment, stdio: [...stdio] });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.log = `${this.log}${text}`.slice(-MAX_LOG);
    });
    this.#process = child;
    child.once("exit", () => {
      if (this.#process === child) setTimeout(() => this.#process === child && this.start(), 500);
    });
  }

  stop(): Effect.Effect<void> {
    const child = this.#process;
    this.#process = undefined;
    child?.kill("SIGTERM");
    const ended = () => child === undefined || child.exitCode !== null || child.signalCode !== null;
    return until(`it has ended: ${this.#command.join(" ")}`, ended);
  }
}

const startAll = Effect.fnUntraced(function* (): Effect.fn.Return<
  ReadonlyMap<string, Service>,
  unknown,
  Scope.Scope
> {
  const addresses = Object.values(HOSTS).map(({ address }) => address);
  const names = Object.keys(HOSTS);
  const bandwidth = Number.POSITIVE_INFINITY;
  const hosts = yield* openNetHosts({ hosts: names, addresses, bandwidth });
  const state = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "faasflow-deploy-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
  );
  const services = new Map<string, Service>();
  for (const [name, { units }] of Object.entries(HOSTS)) {
    for (const unit of units) services.set(unit, new Service(readUnit(unit), hosts(name), state));
  }
  // What others need goes last.
  yield* Effect.addFinalizer(() =>
    Effect.forEach([...services.values()].reverse(), (service) => service.stop()),
  );
  for (const service of services.values()) service.start();
  return services;
});

function statusOf(url: string, token: string): Effect.Effect<number> {
  const headers = { authorization: `Bearer ${token}` };
  return Effect.promise(async () => (await fetch(url, { headers })).status);
}

test("every unit's command has only flags that its command knows", () => {
  for (const unit of UNITS) {
    const words = commandOf(unit, { environment: environmentOf(unit), state: "state" });
    const [program, subcommand] = words;
    const help = program === "faasflow" ? [subcommand!, "--help"] : ["--help"];
    const [first, ...args] = installed([program!, ...help]);
    const { stdout, stderr } = spawnSync(first!, args, { encoding: "utf8" });
    const known = new Set(`${stdout}${stderr}`.match(/--[a-z_-]+/g));
    const flags = words.filter((word) => word.startsWith("--"));
    assert.ok(flags.length > 0);
    const unknown = flags.filter((flag) => !known.has(flag));
    assert.equal(unknown, [], `${unit.name}: ${program} ${subcommand}`);
  }
});

test("every host of the inventory has an address of its own, and every worker is there once", () => {
  const addresses = Object.values(HOSTS).map(({ address }) => address);
  assert.is(new Set(addresses).size, addresses.length);
  const workers = UNITS.filter(({ name }) => name.startsWith("faasflow-worker@"));
  const wanted = environmentOf(readUnit("faasflow-gateway"))["FAASFLOW_WORKERS"];
  assert.is(workers.length, Number(wanted));
});

testHosts("the units on 1+7 hosts run wordcount, also after a worker was restarted", async () => {
  const program = Effect.gen(function* () {
    const services = yield* startAll();
    const token = environmentOf(readUnit("faasflow-gateway"))["FAASFLOW_HTTP_TOKEN"]!;
    const client = new Client(`http://${HOSTS["storage"]!.address}:8080`, token);
    const logs = (): string => [...services].map(([name, { log }]) => `${name}: ${log}`).join("\n");
    const ready = client
      .ready(PATIENCE_MS)
      .pipe(Effect.mapError(({ message }) => new Error(`${message}:\n${logs()}`)));
    yield* ready;
    const watched = yield* Effect.forEach(Object.values(HOSTS).slice(1), ({ address }) =>
      statusOf(`http://${address}:8081/health`, token),
    );
    const file = benchmarkFile("wordcount");
    yield* client.deploy(readFileSync(file, "utf8"), dirname(file));
    const first = yield* client.run("wordcount", {});
    const worker = services.get("faasflow-worker@3")!;
    yield* worker.stop();
    worker.start();
    yield* ready;
    const second = yield* client.run("wordcount", {});
    const counted = yield* client.data(second.id, "merge.result");
    return {
      watched,
      states: [first.state, second.state],
      counted: JSON.parse(counted.toString("utf8")),
    };
  });
  const limited = Effect.timeout(Effect.scoped(program), 3 * PATIENCE_MS);
  const { watched, states, counted } = await Effect.runPromise(limited);
  assert.equal(watched, [200, 200, 200, 200, 200, 200, 200]);
  assert.equal(states, ["finished", "finished"]);
  assert.ok(counted.words > 0);
});

test.run();
