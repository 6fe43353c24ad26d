/** `faasflow live up`: whatever ends it, no process that it started is left. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Client } from "../../live/client.ts";
import { PROGRAM } from "./daemon-cluster.ts";
import { until } from "./nats-cluster.ts";

const CHAIN = `
faasflow: 1
name: chain
tasks:
  one: { sleep: 700 ms, writes: { out: 10 kB } }
  two: { sleep: 700 ms, reads: [one.out], writes: { result: 10 kB } }
`;

interface Up {
  readonly command: ChildProcess;
  readonly client: Client;
  /** Of each process below the command, by its command line. */
  readonly processes: ReadonlyMap<number, string>;
  readonly stderr: () => string;
  readonly ended: Promise<number | string>;
}

interface Started extends Omit<Up, "processes" | "client"> {
  readonly stdout: Readable;
}

/** `directory`: for its temporary files. */
function started(args: readonly string[], directory = tmpdir()): Started {
  const command = spawn(process.execPath, [PROGRAM, "live", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: directory },
  });
  let stderr = "";
  command.stderr.on("data", (data) => {
    stderr += data;
  });
  const ended = new Promise<number | string>((resolve) => {
    command.once("exit", (code, signal) => resolve(code ?? signal ?? "?"));
  });
  return { command, stderr: () => stderr, stdout: command.stdout, ended };
}

interface UpOptions {
  readonly flags?: readonly string[];
  readonly folder?: string;
}

async function up({ flags = [], folder }: UpOptions = {}): Promise<Up> {
  const args = ["up", "--workers", "2", "--scheme", "master-sp", ...flags];
  const { stdout, ...rest } = started(args, folder);
  const { command, ended, stderr } = rest;
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    void ended.then((how) => reject(new Error(`it ended: ${how} ${stderr()}`)));
    createInterface({ input: stdout }).on("line", (line) => {
      said.push(line);
      if (line.startsWith("Ctrl-C")) resolve();
    });
  });
  const named = (name: string): string =>
    said
      .find((line) => line.startsWith(name))!
      .slice(name.length)
      .trim();
  const client = new Client(named("gateway"), named("token"));
  return { ...rest, client, processes: descendants(command.pid!) };
}

function descendants(root: number): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const below = new Set([root]);
  // A parent may have a higher id than its child: ids come round.
  for (let before = 0; before < below.size; ) {
    before = below.size;
    for (const pid of readdirSync("/proc").map(Number).filter(Boolean)) {
      if (below.has(pid) || !below.has(parentOf(pid))) continue;
      below.add(pid);
      const line = fileOf(pid, "cmdline").replaceAll("\0", " ");
      // One that has just ended has none.
      if (line !== "") found.set(pid, line);
    }
  }
  return found;
}

function parentOf(pid: number): number {
  const stat = fileOf(pid, "stat");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Empty: there is no such process. */
function fileOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

function left({ processes }: Pick<Up, "processes">): readonly string[] {
  return [...processes].flatMap(([pid, line]) =>
    fileOf(pid, "cmdline").replaceAll("\0", " ") === line ? [line] : [],
  );
}

function pidOf({ processes }: Up, part: string): number {
  return [...processes].find(([, line]) => line.includes(part))![0];
}

/** The folder of clusters' addresses stays, as /tmp does. */
function isNotForAddresses(name: string | Buffer): boolean {
  return String(name) !== `faasflow-${process.getuid!()}`;
}

test("Ctrl-C ends all of it, with exit code 0", async () => {
  const cluster = await up();
  assert.ok(cluster.processes.size >= 6);
  cluster.command.kill("SIGINT");
  assert.is(await cluster.ended, 0);
  assert.equal(left(cluster), []);
});

for (const [args, signal, code] of [
  [["run", "wordcount", "--workers", "2", "--invocations", "500"], "SIGINT", 130],
  [["run", "wordcount", "--workers", "2", "--invocations", "500"], "SIGTERM", 143],
  [["up", "--workers", "2"], "SIGHUP", 0],
] as const) {
  test(`${signal} in the middle of live ${args[0]} leaves no process and no file`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "faasflow-test-"));
    const { stdout, ...command } = started(args, directory);
    stdout.resume();
    const { pid } = command.command;
    await Effect.runPromise(until("daemons run", () => descendants(pid!).size >= 4));
    const processes = descendants(pid!);
    assert.ok(readdirSync(directory).length > 0);
    command.command.kill(signal);
    assert.is(await command.ended, code, command.stderr());
    assert.equal(left({ ...command, processes }), []);
    assert.equal(readdirSync(directory), []);
    rmSync(directory, { recursive: true });
  });
}

for (const part of ["nats-server", " gateway ", "worker-2"]) {
  test(`the crash of ${part.trim()} ends all of it, and is told`, async () => {
    const cluster = await up();
    process.kill(pidOf(cluster, part), "SIGKILL");
    assert.is.not(await cluster.ended, 0);
    assert.match(cluster.stderr(), new RegExp(`${part.trim()} ended`));
    assert.equal(left(cluster), []);
  });
}

test("with --restart what is killed is started again, and what was accepted finishes", async () => {
  const cluster = await up({ flags: ["--restart"] });
  const { client } = cluster;
  const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect);
  await run(client.deploy(CHAIN));
  for (const part of [" worker ", " master ", " gateway ", "nats-server", " storage "]) {
    await run(client.ready(60_000));
    // What is refused was not accepted: it is asked again.
    const id = await run(
      Effect.retry(client.invoke("chain", {}), {
        while: ({ status }) => status === 0 || status === 503,
        schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "30 seconds" })),
      }),
    );
    // Under its own data nothing can go on without the store.
    if (part === " storage ") await run(client.end(id));
    process.kill(pidOf(cluster, part), "SIGKILL");
    assert.is((await run(client.end(id))).state, "finished", `${part}: ${cluster.stderr()}`);
  }
  await run(client.ready(60_000));
  const processes = descendants(cluster.command.pid!);
  cluster.command.kill("SIGINT");
  assert.is(await cluster.ended, 0);
  assert.equal(left({ processes }), []);
});

test("with --restart also what dies while it starts is started again", async () => {
  const { command, ended, stdout, stderr } = started(["up", "--workers", "1", "--restart"]);
  const storage = (): number | undefined =>
    [...descendants(command.pid!)].find(([, line]) => line.includes(" storage "))?.[0];
  await Effect.runPromise(until("it is there", () => storage() !== undefined));
  process.kill(storage()!, "SIGKILL");
  const isUp = new Promise<void>((resolve) => {
    createInterface({ input: stdout }).on("line", (line) => {
      if (line.startsWith("Ctrl-C")) resolve();
    });
  });
  const how = await Promise.race([isUp, ended]);
  assert.is(how, undefined, stderr());
  command.kill("SIGINT");
  assert.is(await ended, 0);
});

test("when nobody reads what it prints, it ends, and leaves nothing behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-test-"));
  const { ended, stdout, stderr } = started(["up", "--workers", "1"], folder);
  stdout.destroy();
  assert.is(await ended, 0, stderr());
  assert.equal(readdirSync(folder, { recursive: true }).filter(isNotForAddresses), []);
  rmSync(folder, { recursive: true });
});

test("when the command itself is killed, all of it ends by itself, and the next one clears up", async () => {
  const folder = mkdtempSync(join(tmpdir(), "faasflow-test-"));
  const killed = await up({ folder });
  killed.command.kill("SIGKILL");
  await killed.ended;
  await Effect.runPromise(until("nothing is left", () => left(killed).length === 0));
  assert.equal(left(killed), []);
  const next = await up({ folder });
  next.command.kill("SIGINT");
  assert.is(await next.ended, 0);
  assert.equal(readdirSync(folder).filter(isNotForAddresses), []);
  rmSync(folder, { recursive: true });
});

test.run();
