/** `--containers` and `--image`: what functions run in. */

import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { programsOf } from "../workflows/function-modules.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";
import type { ContainerChoice } from "./containers.ts";
import { dockerReady } from "./docker-container.ts";
import { missingPrograms } from "./programs.ts";

export const CONTAINER_FLAGS = {
  containers: Flag.Literals("containers", ["process", "docker"]).pipe(
    Flag.withDefault("process" as const),
    Flag.withDescription(
      "process (default): child processes; docker: an engine on this machine, by DOCKER_HOST if set",
    ),
  ),
  image: Flag.String("image").pipe(
    Flag.optional,
    Flag.withDescription(
      "with docker: an image that has Node and what functions start; default: Node of this machine",
    ),
  ),
};

export interface ContainerInput {
  readonly containers: "process" | "docker";
  readonly image: Option.Option<string>;
}

export function readContainers({ containers, image }: ContainerInput): {
  readonly choice: ContainerChoice;
  readonly problems: readonly string[];
} {
  if (containers === "docker") {
    return { choice: { tag: "docker", image: Option.getOrUndefined(image) }, problems: [] };
  }
  const problem =
    "--image: nothing reads it without --containers docker. Add that, or leave it out.";
  return { choice: { tag: "process" }, problems: Option.isSome(image) ? [problem] : [] };
}

/** The choice, once it is known that it can be had: with docker, the image is there. */
export const readyContainers = Effect.fnUntraced(function* (choice: ContainerChoice) {
  if (choice.tag === "process") return choice;
  const { image } = yield* Effect.tryPromise({
    try: () => dockerReady(choice.image),
    catch: (cause) => new UsageErrors({ problems: [(cause as Error).message] }),
  });
  return { tag: "docker", image } as const;
});

/** What the workflow's functions start and is not where they run, each with what to do. */
export function programProblems(spec: WorkflowSpec, choice: ContainerChoice): readonly string[] {
  if (choice.tag === "process") return missingPrograms(spec);
  // What a user's own image has, only a run can tell.
  if (choice.image !== undefined) return [];
  return [...programsOf(spec)].map(
    ([
      program,
      tasks,
    ]) => `${program}, which ${tasks.join(", ")} of ${spec.name} cannot do without, \
is not in the image that faasflow makes: it has Node alone. Name one that has both by --image, or use \
--containers process.`,
  );
}
