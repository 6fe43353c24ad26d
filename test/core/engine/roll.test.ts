/** Who is told what when workers and masters come and go. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  membersOf,
  onMasterBack,
  onWorkerChange,
  onWorkerLeft,
} from "../../../core/engine/roll.ts";
import { GATEWAY, MASTER, workerNode } from "../../../core/node.ts";

const WORKER_SP = { scheme: "worker-sp", workers: 3 } as const;
const MASTER_SP = { scheme: "master-sp", workers: 3 } as const;
const [FIRST, SECOND, THIRD] = [0, 1, 2].map(workerNode);

test("only MasterSP has a master", () => {
  assert.equal(membersOf(WORKER_SP), [FIRST, SECOND, THIRD]);
  assert.equal(membersOf(MASTER_SP), [MASTER, FIRST, SECOND, THIRD]);
});

for (const tag of ["worker-lost", "worker-back", "worker-leaving"] as const) {
  test(`of ${tag} everybody hears but the worker itself`, () => {
    const input = { tag, worker: 1 };
    const to = [GATEWAY, MASTER, FIRST, THIRD];
    assert.equal(
      onWorkerChange(MASTER_SP, input),
      to.map((node) => ({ to: node, input })),
    );
  });
}

test("that a worker has left is the master's to know, where there is one", () => {
  const input = { tag: "worker-left", worker: 2 };
  assert.equal(onWorkerLeft(MASTER_SP, 2), [{ to: MASTER, input }]);
  assert.equal(onWorkerLeft(WORKER_SP, 2), []);
});

test("a new master knows who is away before anybody knows of the master", () => {
  const back = { tag: "master-back" };
  assert.equal(onMasterBack(MASTER_SP, [2, 0]), [
    { to: MASTER, input: { tag: "worker-lost", worker: 2 } },
    { to: MASTER, input: { tag: "worker-lost", worker: 0 } },
    ...[GATEWAY, FIRST, SECOND, THIRD].map((to) => ({ to, input: back })),
  ]);
});

test.run();
