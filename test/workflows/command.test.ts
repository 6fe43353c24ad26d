/** A command's inputs, read together. */

import * as NodeChildProcessSpawner from "@effect/platform-node-shared/NodeChildProcessSpawner";
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem";
import * as NodePath from "@effect/platform-node-shared/NodePath";
import * as NodeStdio from "@effect/platform-node-shared/NodeStdio";
import * as NodeTerminal from "@effect/platform-node-shared/NodeTerminal";
import * as CliOutput from "effect/cli/CliOutput";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { command } from "../../workflows/command.ts";

const told: string[] = [];
const presenter: CliOutput.Presenter = {
  present: (event) =>
    Effect.sync(() => {
      if (event._tag === "Help" || event._tag === "Version") return;
      told.push(...event.errors.map(({ message }) => message));
    }),
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

test("what was wrong the last time is not told again", async () => {
  const read: unknown[] = [];
  const flags = {
    workers: Flag.Int("workers"),
    hosts: Flag.Literals("hosts", ["loopback", "netns"]),
    tries: Flag.Int("tries").pipe(Flag.withDefault(3)),
  };
  const up = command("up", flags, (input) => Effect.sync(() => read.push(input)));
  const run = (...args: readonly string[]) =>
    Effect.runPromiseExit(
      Command.runWith(up, { version: "1" })(args).pipe(Effect.provide(services)),
    );
  await run("--workers", "x", "--hosts", "y");
  assert.equal(told.splice(0), [
    '--workers: "x". Give an integer.\n--hosts: "y". Give "loopback" or "netns".',
  ]);
  await run("--workers", "2", "--tries", "z");
  assert.equal(told.splice(0), ['Missing required flag: --hosts\n--tries: "z". Give an integer.']);
  await run("--workers", "2", "--hosts", "netns");
  assert.equal(told, []);
  assert.equal(read, [{ workers: 2, hosts: "netns", tries: 3 }]);
});

test.run();
