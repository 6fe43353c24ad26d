/**
 * What a daemon takes from the machine it runs on: time, a connection to NATS, and what containers
 * run in. In one place, so that a test can have a whole cluster in one process, and step its clock.
 */

import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { type Clock, systemClock } from "./clock.ts";
import type { ContainerKind } from "./container.ts";
import type { ContainerChoice } from "./containers.ts";
import { type DockerError, openDocker } from "./docker-container.ts";
import type { LocalFiles } from "./local-files.ts";
import { connect, type NatsError, type NatsLink, type NatsOptions } from "./nats.ts";

export interface Machinery {
  clock(): Clock;
  connect(options: NatsOptions): Effect.Effect<NatsLink, NatsError, Scope.Scope>;
  /** Undefined: child processes. */
  containers(
    choice: ContainerChoice,
    files: LocalFiles,
  ): Effect.Effect<ContainerKind | undefined, DockerError>;
}

/** The machine itself, unless another is provided. */
export const World = Context.Reference<Machinery>("faasflow/live/World", {
  defaultValue: () => ({
    clock: systemClock,
    connect,
    containers: (choice, files) =>
      choice.tag === "docker" ? openDocker(files, choice.image) : Effect.succeed(undefined),
  }),
});
