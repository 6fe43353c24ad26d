/** Units at the text edge. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Dimension, readQuantity, readShare } from "../../workflows/quantity.ts";

function value(text: string | number, dimension: Dimension): number | string {
  const reading = readQuantity(text, dimension);
  return reading.ok ? reading.value : reading.found;
}

test("times come out in microseconds", () => {
  const texts = ["3 us", "20 ms", "1.2 s", "5min", "2 h", "0"];
  const times = texts.map((text) => value(text, "time"));
  assert.equal(times, [3, 20_000, 1_200_000, 300_000_000, 7_200_000_000, 0]);
});

test("sizes come out in bytes, kB in thousands and KiB in 1024", () => {
  const texts = [138885, "7 B", "1 kB", "1 KB", "4.19 MB", "2 GB", "1 KiB", "256 MiB", "1 GiB"];
  assert.equal(
    texts.map((text) => value(text, "size")),
    [138885, 7, 1000, 1000, 4_190_000, 2_000_000_000, 1024, 268_435_456, 1_073_741_824],
  );
});

test("a time without a unit is refused", () => {
  assert.is(value("5", "time"), '"5" has no unit');
  assert.is(value(5, "time"), "5 has no unit");
});

test("a unit of something else is refused", () => {
  assert.is(value("5 MB", "time"), '"MB" is not a unit of time');
  assert.is(value("5 s", "size"), '"s" is not a unit of size');
  assert.is(value("5 s", "count"), '"s" is not a unit of count');
});

test("negative, huge and meaningless texts are refused", () => {
  assert.is(value("-1 s", "time"), '"-1 s" is negative');
  assert.is(value("1e30 GB", "size"), '"1e30 GB" is too large');
  assert.is(value("1.2.3 s", "time"), '"1.2.3 s" is not a time');
  assert.is(value("", "size"), '"" is not a size');
});

test("a share is a percentage of the whole, or a size", () => {
  assert.equal(readShare("25%", 1000), { ok: true, value: 250 });
  assert.equal(readShare("1 kB", 5000), { ok: true, value: 1000 });
  assert.is(readShare("-5%", 1000).ok, false);
});

test.run();
