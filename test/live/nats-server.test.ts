/** The local cluster's nats-server: it starts, it asks for its token, and nothing of it is left. */

import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { connect, type NatsOptions } from "../../live/nats.ts";
import { type NatsServer, startNatsServer } from "../../live/nats-server.ts";
import { kill, link, run, start, until } from "./nats-cluster.ts";

const OWNER = fileURLToPath(new URL("nats-server-owner.ts", import.meta.url));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function refusal(options: Omit<NatsOptions, "name">) {
  return Effect.flip(Effect.scoped(connect({ name: "test", patienceMillis: 200, ...options })));
}

test(
  "it takes connections, with its token, and has JetStream",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      const connection = yield* link(server);
      yield* Effect.promise(() => connection.flush());
      const manager = yield* Effect.promise(() => connection.jetStream());
      const { streams } = yield* Effect.promise(() => manager.getAccountInfo());
      assert.is(streams, 0);
      assert.is(connection.maxPayload(), 8 * 1024 * 1024);
    }),
  ),
);

test(
  "without its token, or with another, nobody gets in, and the error says what to give",
  run(
    Effect.fnUntraced(function* () {
      const { url } = yield* start();
      const credentials = { tag: "token", token: Redacted.make("guess") } as const;
      for (const options of [{ url }, { url, credentials }]) {
        const error = yield* refusal(options);
        assert.is(error.reason, "unauthorized");
        assert.match(error.message, url);
        assert.match(error.message, /give the token/);
      }
    }),
  ),
);

test(
  "two run side by side",
  run(
    Effect.fnUntraced(function* () {
      const one = yield* start();
      const two = yield* start();
      assert.is.not(one.port, two.port);
      assert.is.not(Redacted.value(one.token), Redacted.value(two.token));
      yield* link(one);
      yield* link(two);
    }),
  ),
);

test(
  "only its owner may read its token",
  run(
    Effect.fnUntraced(function* () {
      const { directory } = yield* start();
      assert.is(statSync(join(directory, "nats.conf")).mode & 0o077, 0);
      assert.is(statSync(directory).mode & 0o077, 0);
    }),
  ),
);

test(
  "at the end of its scope neither process nor directory is left",
  run(
    Effect.fnUntraced(function* () {
      let server: NatsServer | undefined;
      yield* Effect.scoped(
        Effect.gen(function* () {
          server = yield* startNatsServer();
          assert.ok(isAlive(server.pid));
        }),
      );
      assert.ok(server !== undefined && !isAlive(server.pid));
      assert.not(existsSync(server.directory));
    }),
  ),
);

test(
  "when its owner is killed neither process nor directory is left",
  run(
    Effect.fnUntraced(function* () {
      const owner = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, ["--import", "tsx", OWNER], {
            stdio: ["ignore", "pipe", "inherit"],
          }),
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL")),
      );
      let text = "";
      owner.stdout.setEncoding("utf8").on("data", (more) => {
        text += more;
      });
      yield* until("it has started", () => text.includes("\n"));
      const { pid, directory }: { pid: number; directory: string } = JSON.parse(text);
      assert.ok(isAlive(pid));
      owner.kill("SIGKILL");
      yield* until("the server has ended", () => !isAlive(pid));
      yield* until("its directory is gone", () => !existsSync(directory));
    }),
  ),
);

test(
  "when it is killed, whoever waits is told how it ended",
  run(
    Effect.fnUntraced(function* () {
      const server = yield* start();
      yield* kill(server);
      const error = yield* server.ended;
      assert.match(error.message, /ended while it was in use: signal SIGKILL/);
    }),
  ),
);

test(
  "without the binary the error says how to get it",
  run(
    Effect.fnUntraced(function* () {
      const error = yield* Effect.flip(start({ binary: "no-such-nats-server" }));
      assert.is(error.reason, "missing");
      for (const way of ["apt-get install nats-server", "brew install nats-server", "releases"]) {
        assert.match(error.message, way);
      }
    }),
  ),
);

test(
  "on a port that is taken the error says why it did not start",
  run(
    Effect.fnUntraced(function* () {
      const taken = yield* Effect.acquireRelease(
        Effect.sync(() => createServer().listen(0, "127.0.0.1")),
        (server) => Effect.sync(() => server.close()),
      );
      yield* until("it listens", () => taken.listening);
      const address = taken.address();
      assert.ok(typeof address === "object" && address !== null);
      const error = yield* Effect.flip(start({ port: address.port }));
      assert.is(error.reason, "start");
      assert.match(error.message, /address already in use/);
    }),
  ),
);

test(
  "a server that does not answer is named, with how to start one",
  run(
    Effect.fnUntraced(function* () {
      const error = yield* refusal({ url: "nats://127.0.0.1:1" });
      assert.is(error.reason, "unreachable");
      assert.match(error.message, "nats://127.0.0.1:1");
      assert.match(error.message, /nats-server -js -sd/);
    }),
  ),
);

test(
  "what is no address is told, and a password in it is not shown",
  run(
    Effect.fnUntraced(function* () {
      for (const url of ["http://somewhere", "nats://", "nats://me:secret@somewhere:4222"]) {
        const error = yield* refusal({ url });
        assert.is(error.reason, "address", url);
        assert.match(error.message, "nats://HOST:PORT");
        assert.not.match(error.message, "secret");
      }
    }),
  ),
);

test.run();
