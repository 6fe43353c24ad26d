/** Which private networks are free, by what a machine has routes to. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { freeNetwork, isFree, networkOf } from "../../live/net-address.ts";

test("a network is taken by a route to it, to a part of it or to more than it", () => {
  assert.not(isFree("10.1.2", ["10.1.2.0/24"]));
  assert.not(isFree("10.1.2", ["10.1.2.200"]));
  assert.not(isFree("10.1.2", ["10.1.2.128/25"]));
  assert.not(isFree("10.1.2", ["10.0.0.0/8"]));
  assert.not(isFree("192.168.255", ["192.168.0.0/16"]));
});

test("a network is free beside its neighbours, and the default route takes nothing", () => {
  assert.ok(isFree("10.1.2", ["default", "0.0.0.0/0", "10.1.3.0/24", "10.1.1.255", "127.0.0.0/8"]));
});

test("a free network is a private one that no route meets", () => {
  for (let draw = 0; draw < 100; draw++) {
    const network = freeNetwork(["default", "10.128.0.0/9", "172.16.0.0/13"]);
    assert.match(network, /^172\.(2[4-9]|3[01])\.\d{1,3}$/);
  }
});

test("a machine with routes to all private networks is told so", () => {
  const all = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
  assert.throws(() => freeNetwork(all), /routes to all private networks: see `ip route`/);
});

test("the network of an address is its first three numbers", () => {
  assert.is(networkOf("10.20.30.40"), "10.20.30");
});

test.run();
