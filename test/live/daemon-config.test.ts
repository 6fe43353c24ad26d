/** Settings of daemons: flags, variables, a file. Each refused address says which was taken. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CONFIGURED } from "../../live/daemon-command.ts";
import { PROGRAM } from "./daemon-cluster.ts";

const test = suite("settings of daemons");
const directory = mkdtempSync(join(tmpdir(), "faasflow-config-"));
const FILE = join(directory, "daemon.yaml");

test.after(() => rmSync(directory, { recursive: true }));

function daemon(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): { readonly status: number | null; readonly stderr: string } {
  const env = { ...process.env, ...variables };
  const options = { env, encoding: "utf8", timeout: 60_000 } as const;
  return spawnSync(process.execPath, [PROGRAM, ...args], options);
}

/** What the master takes for the address of NATS: none of these is one. */
function address(args: readonly string[], variables?: Readonly<Record<string, string>>): string {
  const { status, stderr } = daemon(["master", ...args], variables);
  assert.is(status, 2);
  return /^--nats: (\S+) is no address of a NATS server/.exec(stderr)?.[1] ?? stderr;
}

test("a flag goes before a variable, a variable before the file", () => {
  writeFileSync(FILE, "nats: ftp://file\n");
  const variables = { FAASFLOW_NATS: "ftp://variable" };
  assert.is(address(["--config", FILE]), "ftp://file");
  assert.is(address([`--config=${FILE}`], variables), "ftp://variable");
  assert.is(address(["--config", FILE, "--nats", "ftp://flag"], variables), "ftp://flag");
});

test("a variable can name the file", () => {
  writeFileSync(FILE, "nats: ftp://file\n");
  assert.is(address([], { FAASFLOW_CONFIG: FILE }), "ftp://file");
});

test("what is wrong in file and environment is told at once, with its place", () => {
  writeFileSync(FILE, "nam: worker-1\ndrain-limit: soon\nvolatile: maybe\nevents: [a]\n");
  const { status, stderr } = daemon(["worker", "--config", FILE], { FAASFLOW_CONTAINERS: "lxc" });
  assert.is(status, 2);
  const places = stderr.trim().replaceAll(`${FILE}:`, "").split("\n").sort();
  assert.match(places[0]!, /^1:1 nam: there is no such setting\. Did you mean name\?/);
  assert.match(
    places[1]!,
    /^2:1 drain-limit: "soon"\. Give a time with its unit, such as 500ms, 30s or 5min\.$/,
  );
  assert.match(places[2]!, /^3:1 volatile: "maybe"\. Give "true"/);
  assert.match(places[3]!, /^4:1 events: .*no single value/);
  assert.match(places[4]!, /^FAASFLOW_CONTAINERS: "lxc"\. .*docker/);
  assert.is(places.length, 5);
});

test("all that is wrong with a worker's flags is told at once", () => {
  const { status, stderr } = daemon([
    ...["worker", "--name", "foo", "--nats", "http://bar", "--store", "baz", "--http", "nowhere"],
    ...["--events", join(FILE, "events"), "--nats-token-file", join(directory, "none")],
  ]);
  assert.is(status, 2);
  for (const place of ["name", "nats", "store", "http", "events", "nats-token-file"]) {
    assert.match(stderr, new RegExp(`^--${place}: `, "m"));
  }
});

test("a worker bears a worker's name", () => {
  for (const name of ["master", "gateway", "worker-0"]) {
    const { status, stderr } = daemon(["worker", "--name", name, "--nats", "http://bar"]);
    assert.is(status, 2);
    assert.ok(stderr.includes(`--name: "${name}". Workers are named worker-1, worker-2`), stderr);
  }
});

test("a file that is not there, or holds no settings, is told", () => {
  assert.match(
    daemon(["master", "--config", join(directory, "none")]).stderr,
    /^--config: .*none: there is no such file\. Name a/,
  );
  writeFileSync(FILE, "- nats\n");
  assert.match(daemon(["master", "--config", FILE]).stderr, /this is no list of settings/);
});

test("a secret can be in a file; an empty one is told", () => {
  writeFileSync(FILE, "\n");
  const { stderr } = daemon(["master", "--nats-token-file", FILE]);
  assert.match(stderr, /^--nats-token-file: .*is empty/);
  const { stderr: other } = daemon(["storage", "--dir", directory, "--port", "0"], {
    FAASFLOW_STORAGE_TOKEN_FILE: FILE,
  });
  assert.match(other, /^FAASFLOW_STORAGE_TOKEN_FILE: .*is empty/);
});

test("an unreachable NATS server is told with its address and a remedy", () => {
  const { status, stderr } = daemon(["master", "--nats", "nats://127.0.0.1:1"]);
  assert.is(status, 2);
  assert.match(stderr, /^no NATS server answers at nats:\/\/127\.0\.0\.1:1 .*check the address/);
});

for (const [command, flags] of Object.entries(CONFIGURED)) {
  test(`every flag of ${command} has the name that its setting has`, () => {
    const { stdout } = spawnSync(process.execPath, [PROGRAM, command, "--help"], {
      encoding: "utf8",
    });
    for (const key of Object.keys(flags)) {
      const name = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      assert.ok(new RegExp(`--${name}\\b`).test(stdout), name);
    }
  });
}

test.run();
