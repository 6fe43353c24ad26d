/** What a process's programs cost, as its container reads it from /proc. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { programTime_us } from "../../live/program-time.ts";

test("programs' CPU time is whole microseconds for any number of ticks", () => {
  const stat = (user: number, system: number): string =>
    `42 (node (a) b) S 1 42 42 0 -1 0 5 6 7 8 900 901 ${user} ${system} 20 0 11 0 99 0`;
  for (let ticks = 0; ticks <= 1_000; ticks++) {
    assert.is(programTime_us(stat(ticks, 0)), ticks * 10_000);
    assert.is(programTime_us(stat(ticks, 7)), (ticks + 7) * 10_000);
  }
});

test.run();
