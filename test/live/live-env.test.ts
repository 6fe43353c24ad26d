/** In which order what a machine asked for is carried out. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { StartRequest } from "../../core/env.ts";
import { GATEWAY } from "../../core/node.ts";
import { systemClock } from "../../live/clock.ts";
import { type Body, LiveEnv } from "../../live/live-env.ts";
import { eventAt } from "./events.ts";

test("what others wait for comes before the records of it", async () => {
  const done: string[] = [];
  const body = { start: () => done.push("start") } as Partial<Body> as Body;
  const env = new LiveEnv({
    ...{ clock: systemClock(), body, feed: () => undefined },
    send: () => done.push("message"),
    record: ({ kind }) => done.push(kind),
  });
  env.begin();
  env.emit(eventAt(0, { kind: "complete" }));
  env.emit(eventAt(0, { kind: "start" }));
  env.send(GATEWAY, { tag: "answered", invocation: 0, sinks: [] });
  env.start({} as StartRequest);
  env.commit();
  assert.equal(done, ["start", "message"]);
  await Promise.resolve();
  assert.equal(done, ["start", "message", "complete", "start"]);
});

test.run();
