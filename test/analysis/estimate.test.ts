/** Estimators find again what a simulated cluster was made of; robust ones in spite of outliers. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Estimates, estimate } from "../../analysis/estimate.ts";
import type { RunLog } from "../../analysis/estimate-jobs.ts";
import { Load } from "../../analysis/estimate-load.ts";
import { estimated, leastAbsolute, lognormal, theilSen } from "../../analysis/estimate-robust.ts";
import { daemonCores } from "../../sim/shared-cpu.ts";
import { Streams } from "../../sim/streams.ts";
import { KNOWN, KNOWN_PACE, knownLogs, knownProfile } from "../fixtures/known-cluster.ts";

const found: Estimates = estimate(knownLogs(12), daemonCores);

/** `share`: by how much the one may be off the other. */
function near(one: number | undefined, other: number, share: number): void {
  const text = `${one} is not within ${100 * share}% of ${other}`;
  assert.ok(one !== undefined && Math.abs(one - other) <= share * other, text);
}

/** As live's logs do. */
function saysCores({ header, events }: RunLog): RunLog {
  return { header: { ...header, config: { ...header.config, cores: 2 } }, events };
}

test("the cores that jobs share are found from functions that competed for them", () => {
  near(found.cores.value, KNOWN.cores.value, 0.1);
  assert.is(found.cores.count, 4);
});

test("without functions that compute, cold starts that met say how many cores there are", () => {
  const silent = knownLogs(3).map(({ header, events }) => {
    return { header, events: events.filter(({ kind }) => kind !== "execute") };
  });
  near(estimate(silent, daemonCores).cores.value, KNOWN.cores.value, 0.15);
});

test("cold starts are found as core times, though ten at once take five times as long", () => {
  near(found.coldStart?.median, KNOWN.coldStart.median, 0.1);
  near(found.coldStart?.sigma, KNOWN.coldStart.sigma, 0.5);
});

test("remote gets and puts are found as a fixed core time and a rate", () => {
  near(found.get?.rate, KNOWN.get.rate, 0.15);
  near(found.put?.rate, KNOWN.put.rate, 0.15);
  near(found.get?.fixed.value, KNOWN.get.fixed.value, 0.3);
  near(found.put?.fixed.value, KNOWN.put.fixed.value, 0.3);
});

test("what one worker can move is found where that is less than the cores could", () => {
  const workerLink = { value: 60e6, spread: 0, count: 1 };
  const narrow = estimate(knownLogs(6, knownProfile({ ...KNOWN, workerLink })), daemonCores);
  near(narrow.workerLink?.value, 60e6, 0.15);
  // Where it is no limit, it is what both cores moved.
  assert.ok(found.workerLink!.value > KNOWN.get.rate);
});

test("messages, requests of an engine, inputs, local operations and set-up are found", () => {
  near(found.message?.value, KNOWN.message.value, 0.1);
  near(found.request?.value, KNOWN.request.value, 0.1);
  near(found.intake?.value, KNOWN.intake.value, 0.1);
  near(found.operation?.value, KNOWN.operation.value, 0.1);
  near(found.setUp?.value, KNOWN.setUp.value, 0.1);
});

test("of each function core times, their range and what a fresh container adds are found", () => {
  for (const [name, known] of KNOWN.functions) {
    const of = found.functions.get(name)!;
    near(of.compute[0], known.compute[0]!, 0.02);
    near(of.compute.at(-1), known.compute[2]!, 0.02);
    assert.ok(Math.abs(of.warmUp - known.warmUp) < 0.1 * known.compute[1]! + 1_000, name);
    assert.is(of.cores, 1);
  }
});

test("sleep is told from waiting for a core", () => {
  near(found.functions.get("known.nap")?.sleep.value, 200_000, 0.02);
  const { sleep } = found.functions.get("known.work")!;
  assert.ok(sleep.value < 1_000, `ten at once on two cores sleep ${sleep.value} us`);
});

test("as many cores as the machine has, if the logs say; functions then take the same", () => {
  const told = knownLogs(12).map(saysCores);
  const { cores, functions } = estimate(told, daemonCores);
  near(cores.value, 2, 0.01);
  for (const [name, { setUp, sleep }] of KNOWN.functions) {
    const of = functions.get(name)!;
    near(of.setUp, setUp, 0.15);
    assert.ok(Math.abs(of.sleep.value - sleep.value) < 1_000, name);
  }
});

/** Activations end one by one, short and long: so their number and the time are told apart. */
function unseen(handling: number): Estimates {
  const exactly = (value: number) => ({ value, spread: 0, count: 1 });
  const logs = [5_000, 30_000].flatMap((step) => {
    const compute = Array.from({ length: 10 }, (_, index) => step * (index + 1));
    const work = { ...KNOWN.functions.get("known.work")!, compute };
    const known = {
      ...{ ...KNOWN, spawn: exactly(4_000) },
      ...{ activation: exactly(3_000), handling: exactly(handling) },
      functions: new Map([...KNOWN.functions, ["known.work", work]]),
    };
    return knownLogs(12, knownProfile(known));
  });
  return estimate(logs.map(saysCores), daemonCores);
}

test("core times are told at the usual pace, whatever that of each log was", () => {
  const slow = knownLogs(6, knownProfile(), KNOWN_PACE / 2);
  const both = estimate([...knownLogs(6, knownProfile(), KNOWN_PACE), ...slow], daemonCores);
  assert.is(both.pace, 0.75 * KNOWN_PACE);
  const { compute } = both.functions.get("known.work")!;
  const known = KNOWN.functions.get("known.work")!.compute;
  near(compute[0], known[0]! / 0.75, 0.01);
  near(compute.at(-1), known.at(-1)! / 0.75, 0.01);
  near(both.coldStart?.median, KNOWN.coldStart.median / 0.75, 0.1);
  // Of one run alone it is the usual one.
  near(estimate(slow, daemonCores).coldStart?.median, 2 * KNOWN.coldStart.median, 0.1);
});

test("core time that daemons take unseen is found where functions wanted every core", () => {
  const { cores, spawn, activation, handling } = unseen(0);
  near(cores.value, 2, 0.05);
  near(spawn?.value, 4_000, 0.2);
  near(activation?.value, 3_000, 0.25);
  assert.ok(
    handling!.value < 1_000,
    `messages took nothing, and seem to take ${handling!.value} us`,
  );
  // Those sent just before come on top: some of that is done among the functions.
  const busy = unseen(2_000).handling!.value;
  assert.ok(busy > 2_000 && busy < 4_000, `messages took 2 ms each, and seem to take ${busy} us`);
});

test("a function with threads computes more than it lasts, and does not sleep", () => {
  const several = knownLogs(6).map(({ header, events }) => {
    const threaded = events.map((event) =>
      event.kind === "execute" && event.cpu_us > 35_000
        ? { ...event, cpu_us: event.wait_us * 1.5, value: 0 }
        : event,
    );
    return { header, events: threaded };
  });
  const { cores, sleep, setUp } = estimate(several, daemonCores).functions.get("known.split")!;
  assert.equal([cores, sleep.value, setUp], [1.5, 0, 0]);
});

test("what takes no core is measured where a core was free", () => {
  // Whatever met others is made to look ten times as long.
  const busy = knownLogs(6).map(({ header, events }) => {
    const late = events.map((event) =>
      event.kind === "get" && event.why === "local" && event.item > 0
        ? { ...event, wait_us: event.wait_us * 10 }
        : event,
    );
    return { header, events: late };
  });
  near(estimate(busy, daemonCores).operation?.value, KNOWN.operation.value, 0.1);
});

test("of a shaped link only requests are told, not what a core moves: the link hides it", () => {
  const shaped = knownLogs(6).map(({ header, events }) => {
    return { header: { ...header, config: { ...header.config, bandwidth: 1e9 } }, events };
  });
  const { get } = estimate(shaped, daemonCores);
  assert.is(get?.rate, Number.POSITIVE_INFINITY);
  near(get?.fixed.value, KNOWN.get.fixed.value, 0.5);
});

test("without logs there is nothing, and nobody waited", () => {
  const nothing = estimate([], daemonCores);
  assert.is(nothing.functions.size, 0);
  assert.is(nothing.cores.count, 0);
  assert.is(nothing.get, undefined);
});

test("core time of a job: all of the interval while there are cores, its share when there are not", () => {
  const busy = { from: 100, to: 200, weight: 1, by: "function" as const };
  const load = new Load([{ ...busy, from: 0, to: 300 }, busy, busy, busy], { model: daemonCores });
  const two = { cores: 2, by: "function" as const };
  assert.is(load.coreTime({ from: 0, to: 100 }, two), 100);
  assert.is(load.coreTime({ from: 0, to: 300 }, two), 250);
  assert.is(load.coreTime({ from: 150, to: 160 }, { ...two, cores: 1 }), 2.5);
  assert.is(load.turns({ from: 100, to: 200 }), 25);
  assert.is(load.mean({ from: 0, to: 300 }), 2);
  assert.is(load.most, 4);
});

test("core time counts at the speed that the processors had", () => {
  const job = { from: 0, to: 100, weight: 1, by: "function" as const };
  const speeds = [
    { at: -10, speed: 0.25 },
    { at: 40, speed: 0.5 },
    { at: 90, speed: 1 },
  ];
  const load = new Load([job, job], { model: daemonCores, speeds });
  const alone = { cores: 2, by: "function" as const };
  assert.is(load.workOfCore({ from: -20, to: -10 }), 10);
  assert.is(load.workOfCore({ from: 0, to: 100 }), 10 + 25 + 10);
  assert.is(load.coreTime(job, alone), 45);
  assert.is(load.coreTime({ from: 80, to: 200 }, { ...alone, cores: 1 }), 5 / 2 + 10 / 2 + 100);
  assert.is(load.stepTime({ from: 40, to: 60 }, 2), 20 * 0.5 * daemonCores(2, 1, 2));
  assert.is(load.mean({ from: 0, to: 100 }), 2);
});

test("all daemons together get of a core what one function gets", () => {
  const function_ = { from: 0, to: 120, weight: 1, by: "function" as const };
  const daemon = { ...function_, by: "daemon" as const };
  const load = new Load([function_, function_, function_, daemon, daemon], { model: daemonCores });
  const span = { from: 0, to: 120 };
  // Three functions and the daemons: half a core each.
  assert.is(load.coreTime(span, { cores: 2, by: "function" }), 60);
  assert.is(load.coreTime(span, { cores: 2, by: "daemon" }), 30);
  assert.is(load.stepTime(span, 2), 60);
  assert.is(load.stepTime({ from: 120, to: 200 }, 2), 80);
});

test("coefficients of least absolute errors do not mind rows that are far off, nor fall below 0", () => {
  const rows = Array.from({ length: 30 }, (_, at) => ({
    x: [1, at % 5, at % 3],
    y: at % 7 === 6 ? 100 : 2 + 3 * (at % 5),
  }));
  const [one, five, three] = leastAbsolute(rows)!.coefficients;
  near(one, 2, 0.01);
  near(five, 3, 0.01);
  assert.ok(Math.abs(three!) < 0.01);
  const falling = leastAbsolute(rows.map(({ x }) => ({ x, y: 4 - x[1]! })))!;
  assert.is(falling.coefficients[1], 0);
  assert.is(leastAbsolute([]), undefined);
});

test("coefficients are the same whatever the unit of a column is; what another one tells is 0", () => {
  // 0.5 activations a second or fewer, in activations a microsecond: 200 ms of a core each.
  const rows = Array.from({ length: 20 }, (_, at) => {
    const rate = (0.5e-6 * (at + 1)) / 20;
    return { x: [1, rate, 2 * rate], y: 0.05 + 200_000 * rate + (at % 2 === 0 ? 1e-3 : -1e-3) };
  });
  const [background, activation, twice] = leastAbsolute(rows)!.coefficients;
  near(background, 0.05, 0.05);
  near(activation, 200_000, 0.05);
  assert.is(twice, 0);
  const inSeconds = rows.map(({ x, y }) => ({ x: [x[0]!, 1e6 * x[1]!, 1e6 * x[2]!], y }));
  near(leastAbsolute(inSeconds)!.coefficients[1], activation! / 1e6, 1e-6);
});

test("a line through points of which a quarter is far off", () => {
  const points = Array.from({ length: 40 }, (_, x) => ({ x, y: x % 4 === 3 ? 5_000 : 7 + 3 * x }));
  const line = theilSen(points)!;
  near(line.slope, 3, 0.1);
  assert.ok(Math.abs(line.intercept - 7) < 8);
  assert.is(theilSen([{ x: 1, y: 2 }]), undefined);
});

test("median and spread do not mind a sample that is far off", () => {
  assert.equal(estimated([3, 1, 2, 1_000_000]), { value: 2.5, spread: 1.4826, count: 4 });
  assert.is(estimated([]), undefined);
});

test("a lognormal's median and deviation are found", () => {
  const stream = new Streams("lognormal").stream("values");
  const values = Array.from({ length: 2_000 }, () => stream.lognormal(50, 0.4));
  const of = lognormal(values)!;
  near(of.median, 50, 0.05);
  near(of.sigma, 0.4, 0.1);
});

test.run();
