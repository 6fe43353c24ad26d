/** `--hosts` and `--bandwidth`: what kind of network a cluster on this machine has. */

import * as Flag from "effect/cli/Flag";
import * as Option from "effect/Option";
import { readRate } from "../sim/profile-config.ts";
import { netHostsProblems } from "./net-hosts.ts";

export const NETWORK_FLAGS = {
  hosts: Flag.Literals("hosts", ["loopback", "netns"]).pipe(
    Flag.optional,
    Flag.withDescription(
      "loopback (default) or netns: a network namespace each for storage node and workers (Linux, root)",
    ),
  ),
  bandwidth: Flag.String("bandwidth").pipe(
    Flag.optional,
    Flag.withDescription(
      "of the storage node's link, each direction: 50MB/s, or unlimited; implies --hosts netns",
    ),
  ),
};

export interface NetworkInput {
  readonly hosts: Option.Option<"loopback" | "netns">;
  readonly bandwidth: Option.Option<string>;
}

export interface NetworkReading {
  /** Undefined: all on loopback. */
  readonly netns: { readonly bandwidth: number } | undefined;
  readonly problems: readonly string[];
}

/** Bytes a second as the header of an event log has it: JSON knows no infinity. */
export function writtenRate(bandwidth: number): number | "unlimited" {
  return Number.isFinite(bandwidth) ? bandwidth : "unlimited";
}

/** As a flag has it. */
export function rateText(bandwidth: number): string {
  return Number.isFinite(bandwidth) ? `${bandwidth} B/s` : "unlimited";
}

/** Bytes a second. With less, the cluster's own messages would be all that fits. */
const MIN_BANDWIDTH = 100_000;

/** Also tries whether this machine can do it, so that nothing is started that must fail. */
export function readNetwork(input: NetworkInput): NetworkReading {
  const text = Option.getOrUndefined(input.bandwidth);
  const hosts = Option.getOrElse(input.hosts, () => (text === undefined ? "loopback" : "netns"));
  if (hosts === "loopback") {
    const problem = `--bandwidth: ${text} with --hosts loopback, which nothing can shape. \
Leave out --hosts, or give --hosts netns.`;
    return { netns: undefined, problems: text === undefined ? [] : [problem] };
  }
  const problems: string[] = [];
  const rate = readRate(text ?? "unlimited");
  if ("found" in rate) problems.push(`--bandwidth: ${rate.found}. ${rate.remedy}`);
  else if (rate.value! < MIN_BANDWIDTH) {
    problems.push(`--bandwidth: ${text} is below 100 kB/s. Give at least as much.`);
  }
  const flag = Option.isSome(input.hosts) ? "--hosts netns" : "--bandwidth";
  for (const problem of netHostsProblems()) problems.push(`${flag}: ${problem}`);
  return { netns: { bandwidth: rate.value ?? Number.POSITIVE_INFINITY }, problems };
}
