/**
 * The network against a plain progressive-filling solver and a plain simulator of the same flows.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type FlowHandle, Network } from "../../sim/network.ts";

const MICROS_PER_SECOND = 1_000_000;
const RUNS = { numRuns: 300 };

interface Links {
  readonly up: number;
  readonly down: number;
}

/** One thing that happens; indices are taken modulo what there is. */
interface Step {
  readonly wait: number;
  readonly act: "open" | "close" | "capacity";
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly which: number;
  readonly links: Links;
}

interface Scenario {
  readonly hosts: readonly Links[];
  readonly steps: readonly Step[];
}

interface PlainFlow {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  left: number;
  rate: number;
}

/** What both simulators tell: flow and the time of its end. */
type Ends = { readonly id: number; readonly time: number }[];

const capacity = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 200 }).map((mega) => mega * 1_000_000) },
  { weight: 1, arbitrary: fc.constant(Infinity) },
  { weight: 1, arbitrary: fc.constant(0) },
);
const someLinks = fc.record({ up: capacity, down: capacity });
const scenario = fc.record({
  hosts: fc.array(someLinks, { minLength: 2, maxLength: 6 }),
  steps: fc.array(
    fc.record({
      wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50_000 })),
      act: fc.constantFrom("open", "open", "open", "open", "close", "capacity"),
      from: fc.nat(100),
      to: fc.nat(100),
      bytes: fc.oneof(fc.constantFrom(0, 1, 1_000_000), fc.integer({ min: 0, max: 5_000_000 })),
      which: fc.nat(1000),
      links: someLinks,
    }),
    { minLength: 1, maxLength: 60, size: "max" },
  ),
}) as fc.Arbitrary<Scenario>;

/** Progressive filling, one flow at a time, with no cleverness. */
function fill(hosts: readonly Links[], flows: readonly PlainFlow[]): void {
  let open = flows.filter((flow) => flow.from !== flow.to);
  for (const flow of flows) flow.rate = Infinity;
  const links = hosts.flatMap((host, index) => [
    { left: host.up, crosses: (flow: PlainFlow) => flow.from === index },
    { left: host.down, crosses: (flow: PlainFlow) => flow.to === index },
  ]);
  while (open.length > 0) {
    let level = Infinity;
    let tightest = -1;
    for (const [index, link] of links.entries()) {
      const count = open.filter(link.crosses).length;
      if (count > 0 && (tightest < 0 || link.left / count < level)) {
        level = link.left / count;
        tightest = index;
      }
    }
    if (level === Infinity) break;
    const fixed = open.filter(links[tightest]!.crosses);
    for (const flow of fixed) flow.rate = level;
    for (const link of links) link.left -= level * fixed.filter(link.crosses).length;
    open = open.filter((flow) => !fixed.includes(flow));
  }
  for (const flow of flows) flow.rate /= MICROS_PER_SECOND;
}

/** Flow by flow, in whole microseconds: no clocks, no classes, no heaps. */
function plainRun(input: Scenario): Ends {
  const hosts = [...input.hosts];
  const ends: Ends = [];
  let flows: PlainFlow[] = [];
  let now = 0;
  let nextId = 0;
  const runTo = (until: number): void => {
    for (;;) {
      fill(hosts, flows);
      let next = Infinity;
      for (const flow of flows) {
        const none = flow.left <= 1e-3 || flow.rate === Infinity;
        next = Math.min(next, none ? now : now + Math.ceil(flow.left / flow.rate - 1e-5));
      }
      const time = Math.min(next, until);
      if (time === Infinity) return;
      for (const flow of flows) {
        if (flow.rate === Infinity) flow.left = 0;
        else flow.left -= flow.rate * (time - now);
      }
      now = time;
      const done = (flow: PlainFlow) => flow.left <= Math.max(1e-3, flow.rate * 1e-5);
      for (const flow of flows.filter(done)) ends.push({ id: flow.id, time: now });
      flows = flows.filter((flow) => !done(flow));
      if (next > until || next === Infinity) return;
    }
  };
  for (const step of input.steps) {
    runTo(now + step.wait);
    if (step.act === "open") {
      const from = step.from % hosts.length;
      const to = step.to % hosts.length;
      flows.push({ id: nextId++, from, to, bytes: step.bytes, left: step.bytes, rate: 0 });
    } else if (step.act === "close" && nextId > 0) {
      flows = flows.filter((flow) => flow.id !== step.which % nextId);
    } else if (step.act === "capacity") {
      hosts[step.which % hosts.length] = step.links;
    }
  }
  runTo(Infinity);
  return ends;
}

/** The same by the network, driven as a kernel does: what is done at a time goes first. */
function networkRun(input: Scenario, look?: (network: Network<number>, now: number) => void): Ends {
  const network = new Network<number>({ hosts: input.hosts });
  const ends: Ends = [];
  const handles: FlowHandle[] = [];
  let now = 0;
  const runTo = (until: number): void => {
    while (network.nextTime() <= until && network.nextTime() < Infinity) {
      now = network.nextTime();
      for (;;) {
        const id = network.takeDone(now);
        if (id === undefined) break;
        ends.push({ id, time: now });
      }
    }
    if (until < Infinity) now = until;
  };
  for (const step of input.steps) {
    runTo(now + step.wait);
    const count = input.hosts.length;
    if (step.act === "open") {
      const flow = { from: step.from % count, to: step.to % count, bytes: step.bytes };
      handles.push(network.open(now, { ...flow, target: handles.length }));
    } else if (step.act === "close" && handles.length > 0) {
      network.close(now, handles[step.which % handles.length]!);
    } else if (step.act === "capacity") {
      network.setCapacity(now, step.which % count, step.links);
    }
    look?.(network, now);
  }
  runTo(Infinity);
  return ends;
}

const test = suite("max-min");

test("rates are those of plain progressive filling, at every step", () => {
  fc.assert(
    fc.property(scenario, (input) => {
      const steps = input.steps.map((step) => ({ ...step, wait: 0, bytes: step.bytes + 1 }));
      const hosts = [...input.hosts];
      let flows: PlainFlow[] = [];
      let opened = 0;
      let at = 0;
      networkRun({ hosts: input.hosts, steps }, (network) => {
        const step = steps[at++]!;
        const from = step.from % hosts.length;
        const to = step.to % hosts.length;
        if (step.act === "open") {
          flows.push({ id: opened++, from, to, bytes: step.bytes, left: step.bytes, rate: 0 });
        } else if (step.act === "close" && opened > 0) {
          flows = flows.filter((flow) => flow.id !== step.which % opened);
        } else if (step.act === "capacity") {
          hosts[step.which % hosts.length] = step.links;
        }
        fill(hosts, flows);
        // A flow without a limit is done at once.
        flows = flows.filter((flow) => flow.rate !== Infinity);
        for (const flow of flows) {
          const rate = (network.rateOf(flow) ?? Number.NaN) / MICROS_PER_SECOND;
          assert.ok(Math.abs(rate - flow.rate) <= 1e-9 * flow.rate, `${rate} for ${flow.rate}`);
        }
      });
    }),
    RUNS,
  );
});

test("every flow ends within 2 microseconds of the plain simulator's end", () => {
  fc.assert(
    fc.property(scenario, (input) => {
      const ours = networkRun(input).sort((one, other) => one.id - other.id);
      const plain = plainRun(input).sort((one, other) => one.id - other.id);
      assert.equal(
        ours.map((end) => end.id),
        plain.map((end) => end.id),
      );
      for (const [index, end] of ours.entries()) {
        const difference = Math.abs(end.time - plain[index]!.time);
        assert.ok(difference <= 2, `flow ${end.id}: ${end.time}, plain ${plain[index]!.time}`);
      }
    }),
    RUNS,
  );
});

test("flows end by time, then in the order of opening", () => {
  fc.assert(
    fc.property(scenario, (input) => {
      // A link that loses its limit can make an older flow due at a time that was gone through.
      const steps = input.steps.filter((step) => step.act !== "capacity");
      const ends = networkRun({ hosts: input.hosts, steps });
      for (let index = 1; index < ends.length; index++) {
        const before = ends[index - 1]!;
        const end = ends[index]!;
        assert.ok(before.time < end.time || (before.time === end.time && before.id < end.id));
      }
    }),
    RUNS,
  );
});

test("the same scenario gives the same ends", () => {
  fc.assert(
    fc.property(scenario, (input) => {
      assert.equal(networkRun(input), networkRun(input));
    }),
    { numRuns: 50 },
  );
});

test("bytes are conserved: what a pair's rate gave is what its flows asked for", () => {
  const pairFlows = fc.record({
    hosts: fc.array(
      fc.record({
        up: fc.integer({ min: 1_000_000, max: 200_000_000 }),
        down: fc.integer({ min: 1_000_000, max: 200_000_000 }),
      }),
      { minLength: 3, maxLength: 5 },
    ),
    flows: fc.array(
      fc.record({ from: fc.nat(4), hop: fc.nat(3), bytes: fc.integer({ min: 1, max: 3_000_000 }) }),
      { minLength: 1, maxLength: 12 },
    ),
  });
  fc.assert(
    fc.property(pairFlows, ({ hosts, flows }) => {
      const network = new Network<number>({ hosts });
      const pairs = flows.map((flow) => {
        const from = flow.from % hosts.length;
        return { from, to: (from + 1 + (flow.hop % (hosts.length - 1))) % hosts.length };
      });
      const given = flows.map(() => 0);
      const open = new Set(flows.keys());
      for (const [id, flow] of flows.entries()) {
        network.open(0, { ...pairs[id]!, bytes: flow.bytes, target: id });
      }
      let now = 0;
      while (open.size > 0) {
        const next = network.nextTime();
        const rates = flows.map((_, id) => (network.rateOf(pairs[id]!) ?? 0) / MICROS_PER_SECOND);
        assertWorkConserving({ hosts, pairs, open, rates });
        for (const id of open) given[id]! += rates[id]! * (next - now);
        now = next;
        for (;;) {
          const id = network.takeDone(now);
          if (id === undefined) break;
          open.delete(id);
          const excess = given[id]! - flows[id]!.bytes;
          assert.ok(excess >= -1e-3 && excess <= rates[id]! + 1e-3, `${excess} bytes too many`);
        }
      }
    }),
    RUNS,
  );
});

/** No flow could be given more: one of its two links is full. No link carries too much. */
function assertWorkConserving(state: {
  readonly hosts: readonly Links[];
  readonly pairs: readonly { readonly from: number; readonly to: number }[];
  readonly open: ReadonlySet<number>;
  readonly rates: readonly number[];
}): void {
  const up = state.hosts.map(() => 0);
  const down = state.hosts.map(() => 0);
  for (const id of state.open) {
    up[state.pairs[id]!.from]! += state.rates[id]! * MICROS_PER_SECOND;
    down[state.pairs[id]!.to]! += state.rates[id]! * MICROS_PER_SECOND;
  }
  for (const [host, links] of state.hosts.entries()) {
    assert.ok(up[host]! <= links.up * (1 + 1e-9));
    assert.ok(down[host]! <= links.down * (1 + 1e-9));
  }
  for (const id of state.open) {
    const { from, to } = state.pairs[id]!;
    const upFull = up[from]! >= state.hosts[from]!.up * (1 - 1e-9);
    const downFull = down[to]! >= state.hosts[to]!.down * (1 - 1e-9);
    assert.ok(upFull || downFull, "a flow has a full link");
  }
}

test.run();
