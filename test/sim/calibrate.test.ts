/** Between a profile, the point that the optimiser moves, and the text of the profile. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { pointOf, profileAt, type Range, strains, written } from "../../sim/calibrate.ts";
import { parseProfile } from "../../sim/profile-config.ts";
import { withValues } from "../../workflows/document.ts";
import { profileText } from "../fixtures/profile-text.ts";
import { profileOf } from "../fixtures/scenario.ts";

const COMMIT: Range = { path: ["remote_store", "commit"], kind: "time", low: 1_000, high: 9_000 };
const DISK: Range = { path: ["remote_store", "disk"], kind: "rate", low: 10e6, high: 90e6 };
const profile = profileOf("paper-testbed");

test("a point is the logarithms of the values, and leads back to them", () => {
  const point = pointOf(profile, [COMMIT, DISK]);
  assert.is(point[1], Math.log(profile.remote_store.disk));
  assert.equal(profileAt(profile, [COMMIT], [point[0]!]), profile);
});

test("another point changes those values and no others", () => {
  const moved = profileAt(profile, [COMMIT, DISK], [Math.log(2_001.4), Math.log(50e6)]);
  assert.is(moved.remote_store.commit, 2_000);
  assert.ok(Math.abs(moved.remote_store.disk - 50e6) < 1);
  const { remote_store } = profile;
  const back = { ...moved.remote_store, commit: remote_store.commit, disk: remote_store.disk };
  assert.equal({ ...moved, remote_store: back }, profile);
});

test("a value is strained by nothing in the middle of its range, alike at both bounds", () => {
  const at = (value: number): number => strains([COMMIT], [Math.log(value)])[0]!;
  assert.ok(Math.abs(at(3_000)) < 1e-9);
  assert.ok(Math.abs(at(1_000) + at(9_000)) < 1e-9 && at(9_000) > 0);
});

test("values are written with three digits and a unit that suits them", () => {
  const times = [570, 6_604, 25_000, 1_500_000].map((value) => written(value, "time"));
  assert.equal(times, ["570 us", "6.6 ms", "25 ms", "1.5 s"]);
  const rates = [580_400, 66_360_000, 1.2e9].map((value) => written(value, "rate"));
  assert.equal(rates, ["580 kB/s", "66.4 MB/s", "1.2 GB/s"]);
});

test("a fitted profile is the text before with other values, comments and spaces as they were", () => {
  const text = profileText("paper-testbed");
  const path = ["remote_store", "commit", "value"];
  const after = withValues(text, [
    { path, value: "1.23 ms" },
    { path: ["network", "storage_link", "value"], value: "456 MB/s" },
  ]);
  const result = parseProfile(after, "after");
  assert.ok("profile" in result);
  assert.is(result.profile.remote_store.commit, 1_230);
  assert.is(result.profile.network.storage_link, 456e6);
  const lines = after.split("\n");
  const changed = text.split("\n").filter((line, index) => line !== lines[index]);
  assert.is(changed.length, 2);
});

test("the ranges of paper-testbed are around its values, and it has at most 24 numbers", () => {
  const text = profileText("paper-testbed");
  const result = parseProfile(text, "paper-testbed");
  assert.ok("profile" in result && result.ranges.length > 0);
  const { name: _, mechanisms: __, ...sections } = profile;
  const numbers = Object.values(sections).flatMap((section) => Object.values(section));
  assert.ok(numbers.filter((value) => Number.isFinite(value)).length <= 24);
});

test.run();
