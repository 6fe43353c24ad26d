/** What the durable bus keeps, over a real nats-server that is killed and comes back. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Scope from "effect/Scope";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GATEWAY, workerNode } from "../../core/node.ts";
import { durableBus } from "../../live/durable-bus.ts";
import { encode } from "../../live/wire.ts";
import {
  join,
  kill,
  link,
  numbered,
  restart,
  revive,
  run,
  Seen,
  start,
  until,
  upTo,
} from "./nats-cluster.ts";

const WORKER = workerNode(0);
const SUBJECT = "faasflow.a=20test=2e.node.worker-1";

/** A directory that outlives the servers in it, until the test ends. */
const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(path(tmpdir(), "faasflow-test-"))),
  (name) => Effect.sync(() => rmSync(name, { recursive: true, force: true, maxRetries: 5 })),
);

for (const i of upTo(12)) test(`${i}` + 
  "durable: a server killed in the middle loses nothing and repeats nothing",
  run(
    Effect.fnUntraced(function* () {
      let server = yield* start({ directory: yield* directory });
      const from = yield* join(server, durableBus, { node: GATEWAY });
      const to = yield* join(server, durableBus, { node: WORKER });
      const seen = new Seen();
      yield* to.bus.serve(seen.handle);
      const rounds = 3;
      const many = 2_000;
      for (const round of upTo(rounds)) {
        for (const poll of upTo(many, round * many)) from.bus.send(WORKER, numbered(poll));
        const some = round * many + many / 4;
        yield* until("some have arrived", () => seen.envelopes.length >= some);
        server = yield* restart(server);
      }
      yield* from.bus.flush();
      yield* until("the last has arrived", () => seen.numbers.includes(rounds * many - 1));
      const n = seen.numbers; const c = new Map<number, number>(); for (const x of n) c.set(x,(c.get(x)??0)+1); const miss = upTo(rounds*many).filter(x=>!c.has(x)); const dup=[...c].filter(([,k])=>k>1).map(([x])=>x); const dis=n.map((x,i)=>i>0&&x!==n[i-1]!+1?`${n[i-1]}->${x}`:"").filter(x=>x); if (miss.length+dup.length+dis.length) console.log("DIAG", n.length, "missing",miss.length,miss.slice(0,5),"dup",dup.length,dup.slice(0,5),dup.slice(-3),"jumps",dis.slice(0,10));
    }),
  ),
);

test.run();
