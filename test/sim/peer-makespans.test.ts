/**
 * Makespans beside SimGrid's, 3.32, network model CM02 without cross-traffic: the same task graphs of
 * 1,000 tasks, straight from worker to worker and through the remote store. The numbers were printed
 * by `test/bench/peers/simgrid.cpp`; `npm run bench:peers` compares the speed.
 */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { PreparedScenario } from "../../sim/scenario-config.ts";
import { bareMakespan } from "../bench/peers/bare-graph.ts";
import { peerGraph, SHAPES, type Shape, specOfGraph } from "../bench/peers/graphs.ts";
import {
  hostsOf,
  PEER_BANDWIDTH,
  PEER_CORES,
  PEER_WORKERS,
  peerScenario,
} from "../bench/peers/peer-scenario.ts";

/** Seconds. */
const SIMGRID: Readonly<Record<Shape, { readonly straight: number; readonly store: number }>> = {
  "fork-join": { straight: 32.822178311, store: 35.17485376 },
  montage: { straight: 34.279068047, store: 38.529958312 },
  seismology: { straight: 26.175425668, store: 27.327960988 },
};

function isClose(actual_s: number, expected_s: number): void {
  const error = Math.abs(actual_s / expected_s - 1);
  assert.ok(error <= 1e-6, `${actual_s} s is ${error} off ${expected_s} s`);
}

for (const shape of SHAPES) {
  const tasks = peerGraph(shape, 1_000);
  const prepared = new PreparedScenario(peerScenario(specOfGraph(shape, tasks)));
  const graph = {
    hosts: PEER_WORKERS + 1,
    cores: PEER_CORES,
    bandwidth: PEER_BANDWIDTH,
    tasks,
    hostOf: hostsOf(prepared.plans[0]!),
  };

  for (const way of ["straight", "store"] as const) {
    test(`${shape}, ${way}: network and CPUs give SimGrid's makespan`, () => {
      isClose(bareMakespan({ ...graph, way }) / 1e6, SIMGRID[shape][way]);
    });
  }

  test(`${shape}: engines, containers and stores at no cost give the same`, () => {
    const { result, violations } = prepared.simulate({ check: true, event: undefined });
    isClose(result.end / 1e6, SIMGRID[shape].store);
    assert.equal(violations, []);
  });
}

test.run();
