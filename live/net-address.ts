/** Private networks of 256 addresses, and which of them a machine does not know yet. */

import { randomInt } from "node:crypto";

/** Where we look, in this order: the networks from the one prefix to the other. */
const RANGES: readonly (readonly [string, string])[] = [
  ["10.128.0", "10.255.255"],
  ["172.16.0", "172.31.255"],
  ["192.168.0", "192.168.255"],
];
const DRAWS_A_RANGE = 1_000;

/** `10.1.2` of `10.1.2.3`. */
export function networkOf(address: string): string {
  return address.slice(0, address.lastIndexOf("."));
}

/**
 * One that no destination meets, drawn at random, so that two who look at the same moment do not
 * find the same. `routes`: `default`, `10.0.0.0/8` or `10.0.0.1`. Throws if there is none.
 */
export function freeNetwork(routes: readonly string[]): string {
  for (const [first, last] of RANGES) {
    const [from, to] = [numberOf(`${first}.0`) >>> 8, numberOf(`${last}.0`) >>> 8];
    for (let draw = 0; draw < DRAWS_A_RANGE; draw++) {
      const number = randomInt(from, to + 1);
      const network = [number >>> 16, (number >>> 8) & 255, number & 255].join(".");
      if (isFree(network, routes)) return network;
    }
  }
  throw new Error("this machine has routes to all private networks: see `ip route`");
}

export function isFree(network: string, routes: readonly string[]): boolean {
  const ours = numberOf(`${network}.0`);
  return routes.every((route) => {
    const [, address, length = "32"] = /^([\d.]+)(?:\/(\d+))?$/.exec(route) ?? [];
    if (address === undefined) return true;
    const shift = 32 - Math.min(24, Number(length));
    // A shift by 32 would be one by 0; a route of length 0 is the default.
    return shift === 32 || numberOf(address) >>> shift !== ours >>> shift;
  });
}

function numberOf(address: string): number {
  return address.split(".").reduce((number, part) => (number << 8) | Number(part), 0) >>> 0;
}
