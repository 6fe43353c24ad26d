/**
 * Hosts on one Linux machine: a network namespace each, with an address and a stack of its own,
 * joined by a switch (a bridge in one more namespace), and this machine at one of its ports. So a
 * cluster's traffic goes over real links that can be shaped, and nothing of it leaves the machine:
 * no namespace has a route out.
 *
 * ```
 *                      switch (bridge)
 *   storage  eth0 --- storage    worker-1 --- eth0  worker-1
 *   here  ff-PID-X --- caller    worker-2 --- eth0  worker-2
 * ```
 *
 * The switch is in a namespace, rather than here, so that packet filters of this machine (Docker
 * sets some for all its bridges) do not see the traffic, and so that all links go with it at once.
 * Everything goes with the scope. What a killed process left is removed when another opens hosts:
 * namespaces carry the mark of the process that made them.
 */

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { invariant } from "../core/invariant.ts";
import type { Host, Hosts } from "./hosts.ts";
import { freeNetwork, isFree, networkOf } from "./net-address.ts";
import { type Shaping, shapingLines } from "./net-shaping.ts";
import { isLeftOver, ownMark } from "./process-mark.ts";

export class NetworkError extends Schema.TaggedError<NetworkError>()("NetworkError", {
  message: Schema.String,
}) {}

export interface NetHostsOptions {
  /** The first is the storage node. */
  readonly hosts: readonly string[];
  /** Of the storage node's link: bytes of payload a second, in each direction; or Infinity. */
  readonly bandwidth: number;
  /** Of each host, all in one /24, none of them its first; by default in one that is free here. */
  readonly addresses?: readonly string[] | undefined;
}

const NAMESPACES = "/run/netns";
const SWITCH = "switch";
/** The port that this machine is at. */
const CALLER = "caller";
const DRAW_BYTES = 2;
const MAX_HOSTS = 250;
/** Two that start at the same moment may draw the same network. */
const MAX_DRAWS = 10;

/** What keeps hosts from being made here, all of it, with what to do; empty: they can be. */
export function netHostsProblems(): readonly string[] {
  if (process.platform !== "linux") {
    return [`network namespaces are a part of Linux, and this is ${process.platform}.`];
  }
  const problems: string[] = [];
  const user = process.getuid?.() ?? 0;
  if (user !== 0) problems.push(`only root may make hosts, and this is user ${user}. Use sudo.`);
  for (const tool of ["ip", "tc"]) {
    if (spawnSync(tool, ["-V"]).error === undefined) continue;
    problems.push(`there is no \`${tool}\` in the PATH. Install iproute2; it is in /usr/sbin.`);
  }
  if (problems.length > 0) return problems;
  const probe = `faasflow-${ownMark()}-${randomBytes(DRAW_BYTES).toString("hex")}-probe`;
  try {
    run("ip", ["netns", "add", probe]);
    shape(probe, { device: "lo", bandwidth: 1_000_000, hosts: ["127.0.0.1"], side: "dst" });
    return [];
  } catch (cause) {
    const why = (cause as Error).message;
    return [`${why}. A container must be given the right to make networks (\`--privileged\`).`];
  } finally {
    remove([probe]);
  }
}

/** Asserts that there are no more hosts than addresses. */
export const openNetHosts = Effect.fn("openNetHosts")(function* (
  options: NetHostsOptions,
): Effect.fn.Return<Hosts, NetworkError, Scope.Scope> {
  const { hosts, addresses } = options;
  invariant(hosts.length > 0 && hosts.length <= MAX_HOSTS, "a network has 1 to 250 hosts");
  invariant(addresses === undefined || addresses.length === hosts.length, "an address a host");
  const network = new Network();
  yield* Effect.addFinalizer(() => Effect.sync(() => network.close()));
  return yield* Effect.try({
    try: () => network.open(options),
    catch: (cause) => new NetworkError({ message: (cause as Error).message }),
  });
});

class Network {
  readonly #prefix: string;
  readonly #device: string;
  /** The namespace of the switch. */
  readonly #hub: string;

  constructor() {
    const draw = randomBytes(DRAW_BYTES).toString("hex");
    this.#prefix = `faasflow-${ownMark()}-${draw}-`;
    this.#device = deviceOf(process.pid, draw);
    this.#hub = `${this.#prefix}${SWITCH}`;
  }

  open({ hosts, addresses, bandwidth }: NetHostsOptions): Hosts {
    removeLeftOver();
    this.#addSwitch();
    const network = this.#join(addresses === undefined ? undefined : networkOf(addresses[0]!));
    // The first address is ours.
    const all = addresses ?? hosts.map((_, index) => `${network}.${index + 2}`);
    const made = new Map(hosts.map((name, index) => [name, this.#addHost(name, all[index]!)]));
    if (bandwidth !== Number.POSITIVE_INFINITY) {
      const others = { bandwidth, hosts: [`${network}.1`, ...all.slice(1)] };
      // Each direction where it begins: at the storage node, and at its port of the switch.
      shape(`${this.#prefix}${hosts[0]!}`, { device: "eth0", side: "dst", ...others });
      shape(this.#hub, { device: hosts[0]!, side: "src", ...others });
    }
    return (name) => {
      const host = made.get(name);
      invariant(host !== undefined, "a host of this network");
      return host;
    };
  }

  close(): void {
    remove(namespaces().filter((name) => name.startsWith(this.#prefix)));
  }

  #namespace(name: string): string {
    const namespace = `${this.#prefix}${name}`;
    run("ip", ["netns", "add", namespace]);
    run("ip", ["-n", namespace, "link", "set", "lo", "up"]);
    return namespace;
  }

  /** With a cable to this machine. */
  #addSwitch(): void {
    this.#namespace(SWITCH);
    run("ip", ["-n", this.#hub, "link", "add", SWITCH, "type", "bridge"]);
    run("ip", ["-n", this.#hub, "link", "set", SWITCH, "up"]);
    const cable = ["type", "veth", "peer", "name", CALLER, "netns", this.#hub];
    run("ip", ["link", "add", this.#device, ...cable]);
    this.#plugIn(CALLER);
  }

  /** With a cable from its `eth0` to a port of the switch that has its name. */
  #addHost(name: string, address: string): Host {
    const namespace = this.#namespace(name);
    const cable = ["type", "veth", "peer", "name", "eth0", "netns", namespace];
    run("ip", ["-n", this.#hub, "link", "add", name, ...cable]);
    this.#plugIn(name);
    run("ip", ["-n", namespace, "address", "add", `${address}/24`, "dev", "eth0"]);
    run("ip", ["-n", namespace, "link", "set", "eth0", "up"]);
    return { address, enter: ["ip", "netns", "exec", namespace] };
  }

  #plugIn(port: string): void {
    run("ip", ["-n", this.#hub, "link", "set", port, "master", SWITCH, "up"]);
  }

  /** Gives this machine an address at the switch; tells the network's first three numbers. */
  #join(wanted: string | undefined): string {
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const network = wanted ?? freeNetwork(routes());
      if (!isFree(network, routes())) {
        throw new Error(`${network}.0/24 is in use on this machine: see \`ip route\``);
      }
      const address = `${network}.1/24`;
      run("ip", ["address", "add", address, "dev", this.#device]);
      run("ip", ["link", "set", this.#device, "up"]);
      if (isFree(network, routes(this.#device))) return network;
      run("ip", ["address", "delete", address, "dev", this.#device]);
    }
    throw new Error("every network drawn was taken by somebody else at that moment: try again");
  }
}

function shape(namespace: string, shaping: Shaping): void {
  run("tc", ["-n", namespace, "-batch", "-"], `${shapingLines(shaping).join("\n")}\n`);
}

/** Destinations that this machine knows already, but for those of `without`. */
function routes(without?: string): readonly string[] {
  const text = run("ip", ["-json", "-4", "route", "show", "table", "all"]);
  const all: readonly { readonly dst: string; readonly dev?: string }[] = JSON.parse(text);
  return all.filter(({ dev }) => dev === undefined || dev !== without).map(({ dst }) => dst);
}

function removeLeftOver(): void {
  remove(
    namespaces().filter((name) => isLeftOver(/^faasflow-(\d+-\d+-\d+)-/.exec(name)?.[1] ?? "")),
  );
}

function namespaces(): readonly string[] {
  try {
    return readdirSync(NAMESPACES);
  } catch {
    return [];
  }
}

/** Another start may remove the same ones: that is as well. */
function remove(names: readonly string[]): void {
  for (const name of names) {
    const [, pid, draw] = /^faasflow-\d+-(\d+)-\d+-([0-9a-f]+)-switch$/.exec(name) ?? [];
    // It would go with the switch, but a moment later, and its network seem in use until then.
    if (pid !== undefined) spawnSync("ip", ["link", "delete", deviceOf(pid, draw!)]);
    spawnSync("ip", ["netns", "delete", name]);
  }
}

/** Our end of the link to the switch; a device's name has at most 15 characters. */
function deviceOf(pid: number | string, draw: string): string {
  return `ff-${pid}-${draw}`;
}

/** Its output; throws what it said when it failed. */
function run(tool: string, args: readonly string[], input = ""): string {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { encoding: "utf8", input });
  if (status === 0) return stdout;
  const why = error?.message ?? stderr.trim().replaceAll("\n", "; ");
  throw new Error(`\`${[tool, ...args].join(" ")}\` failed: ${why}`);
}
