/** `faasflow invoke` and `faasflow live status|invocations|logs|cancel` against a cluster of `live up`. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { publishAddress } from "../../live/cluster-address.ts";
import { type Finished, faasflow } from "../fixtures/command.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PATIENCE_MS = 20_000;

const FILES = {
  "nap.yaml": "faasflow: 1\nname: nap\ntasks:\n  rest: { sleep: 5 ms }\n",
  "slow.yaml": "faasflow: 1\nname: slow\ntasks:\n  wait: { sleep: 60 s }\n",
  "talk.yaml": "faasflow: 1\nname: talk\ntasks:\n  speak: { run: ./speak.mjs, retries: 0 }\n",
  "speak.mjs": "export default () => { console.log('hello'); throw new Error('bye'); };",
  "wrong.yaml": "faasflow: 1\nname: wrong\ntaks: 1\ntasks:\n  a: { sleep: 3 parsecs }\n",
  "empty.txt": "\n",
  "wrong.txt": "not-the-token\n",
};

const test = suite("client commands");
let folder: string;
let cluster: ChildProcess;
const before = { ...process.env };

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "faasflow-commands-"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  process.env["XDG_RUNTIME_DIR"] = folder;
  for (const name of ["FAASFLOW_URL", "FAASFLOW_HTTP_TOKEN"]) delete process.env[name];
  // Builds what is started, if it is stale.
  faasflow("--version");
  cluster = spawn(process.execPath, [PROGRAM, "live", "up", "--workers", "2"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = createInterface({ input: cluster.stdout! });
  for await (const line of output) if (line.startsWith("Ctrl-C")) break;
});
test.after(async () => {
  process.env = before;
  cluster.kill("SIGTERM");
  if (cluster.exitCode === null && cluster.signalCode === null) await once(cluster, "exit");
  rmSync(folder, { recursive: true, force: true });
});

function file(name: keyof typeof FILES): string {
  return join(folder, name);
}

function refused(run: Finished, code: number, ...reasons: readonly RegExp[]): void {
  assert.is(run.code, code, run.stderr);
  for (const reason of reasons) assert.match(run.stderr, reason);
  assert.not.match(run.stderr, /^\s+at .*:\d+:\d+/m);
}

function json(run: Finished) {
  assert.is(run.code, 0, run.stderr);
  return JSON.parse(run.stdout);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not so after ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("invoke finds the cluster by itself, deploys a file, waits and tells the latency", () => {
  const { code, stdout, stderr } = faasflow("invoke", file("nap.yaml"), "--wait");
  assert.is(code, 0, stderr);
  assert.match(stdout, /^invocation \d+ finished in \d+\.\d{3} s$/m);
  assert.match(stderr, /nap is deployed, version 1/);
});

test("what is deployed is invoked by its name", () => {
  faasflow("invoke", file("nap.yaml"));
  const { id, state, workflow } = json(faasflow("invoke", "nap", "--wait", "--json"));
  assert.equal([state, workflow], ["finished", "nap"]);
  const all = json(faasflow("live", "invocations", "--json"));
  assert.is(all.find((each: { id: number }) => each.id === id).state, "finished");
});

test("of commands at once that want the same workflow one deploys it, and all of them succeed", async () => {
  const commands = Array.from({ length: 6 }, (_, index) => {
    const workflow = index % 2 === 0 ? "wordcount" : "genome";
    const args = [PROGRAM, "invoke", workflow, "--wait"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    return new Promise<string>((resolve) => {
      child.once("close", (code) => resolve(code === 0 ? "" : stderr));
    });
  });
  assert.equal(await Promise.all(commands), ["", "", "", "", "", ""]);
});

test("an invocation that failed is exit code 1, with the reason and where to look", () => {
  const run = faasflow("invoke", file("talk.yaml"), "--wait");
  refused(run, 1, /^invocation \d+ failed: error in task speak\. `faasflow live logs \d+`/m);
  const id = /invocation (\d+)/.exec(run.stderr)![1]!;
  const { code, stdout } = faasflow("live", "logs", id);
  assert.is(code, 0);
  assert.match(stdout, /^speak \(worker-\d\): hello$/m);
  assert.match(stdout, /^speak \(worker-\d\): .*bye/m);
});

test("status shows what runs and on which worker, until it is cancelled", async () => {
  const { id } = json(faasflow("invoke", file("slow.yaml"), "--json"));
  const mine = () => {
    const { activations } = json(faasflow("live", "status", "--json"));
    return activations.find((each: { invocation: number }) => each.invocation === id);
  };
  await until("it runs", () => mine()?.state === "running");
  const shown = faasflow("live", "status");
  assert.is(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /gateway http:\/\/127\.0\.0\.1:\d+, ready/);
  assert.match(shown.stdout, new RegExp(`${id}\\s+slow\\s+wait\\s+running\\s.*worker-\\d`));
  assert.is(faasflow("live", "cancel", `${id}`).code, 0);
  await until("it is gone", () => mine() === undefined);
  refused(faasflow("live", "cancel", `${id}`), 1, /is over already/);
});

test("what is asked for and is not there is exit code 2, with what there is", () => {
  refused(faasflow("invoke", "nothing"), 2, /no workflow "nothing" is deployed\. Deployed: nap/);
  refused(faasflow("live", "logs", "99999"), 2, /there is no invocation 99999/);
});

test("all that is wrong with a file, or with inputs, is told at once", () => {
  refused(faasflow("invoke", file("wrong.yaml")), 2, /wrong\.yaml:3:1 /, /wrong\.yaml:5:/);
  refused(
    faasflow("invoke", "nap", "--input", "a=1", "--input", "b=2"),
    2,
    /"a" is no input of nap/,
    /"b" is no input of nap/,
  );
});

test("a wrong token, and a token file that is of no use, are told", () => {
  refused(faasflow("live", "status", "--token-file", file("wrong.txt")), 2, /token is .* wrong/);
  refused(faasflow("live", "status", "--token-file", file("empty.txt")), 2, /empty\.txt is empty/);
  refused(faasflow("live", "status", "--token-file", "/nowhere"), 2, /--token-file: .*\/nowhere/);
});

test("a gateway that is not there, and an address that is none, are told with what to do", () => {
  const url = "http://127.0.0.1:9";
  refused(faasflow("invoke", "nap", "--url", url), 2, /no gateway answers.*`faasflow live up`/);
  refused(faasflow("live", "status", "--url", "localhost:1"), 2, /Write http:\/\/HOST:PORT/);
});

test("FAASFLOW_URL names the gateway where no flag does", () => {
  process.env["FAASFLOW_URL"] = "http://127.0.0.1:9";
  try {
    refused(faasflow("live", "status"), 2, /no gateway answers at http:\/\/127\.0\.0\.1:9 /);
  } finally {
    delete process.env["FAASFLOW_URL"];
  }
});

test("with several clusters one has to be named", () => {
  const [own] = readdirSync(join(folder, "faasflow"));
  const remove = publishAddress({ url: "http://127.0.0.1:9", token: "x", pid: process.pid });
  try {
    refused(faasflow("live", "status"), 2, /several clusters run here.*127\.0\.0\.1:9.*Name one/);
  } finally {
    remove();
  }
  assert.equal(readdirSync(join(folder, "faasflow")), [own]);
});

test("after its end a cluster is not found any more", async () => {
  cluster.kill("SIGTERM");
  await once(cluster, "exit");
  assert.equal(readdirSync(join(folder, "faasflow")), []);
});

test.run();
