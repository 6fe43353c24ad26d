/** Names of nodes, written and read. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { GATEWAY, MASTER, nodeName, nodeNamed, workerNode } from "../../core/node.ts";

test("what nodeName writes, nodeNamed reads", () => {
  for (const node of [GATEWAY, MASTER, workerNode(0), workerNode(9_999)]) {
    assert.is(nodeNamed(nodeName(node)), node);
  }
});

test("nothing else is the name of a node", () => {
  for (const name of ["", "storage", "worker", "worker-0", "worker-01", "worker-1x", "Master"]) {
    assert.is(nodeNamed(name), undefined);
  }
});

test.run();
