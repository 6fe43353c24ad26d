/**
 * Nodes: who takes part. Dense ids, so that tables can be indexed by them.
 */

export type NodeId = number;

export const GATEWAY: NodeId = 0;
export const MASTER: NodeId = 1;
const FIRST_WORKER = 2;

/** The node of worker `index`, from 0. */
export function workerNode(index: number): NodeId {
  return FIRST_WORKER + index;
}

/** Which worker the node is, from 0; negative for the gateway and the master. */
export function workerIndex(node: NodeId): number {
  return node - FIRST_WORKER;
}

export function nodeName(node: NodeId): string {
  if (node === GATEWAY) return "gateway";
  if (node === MASTER) return "master";
  return workerName(workerIndex(node));
}

/** `worker-1` for worker 0. */
export function workerName(index: number): string {
  return `worker-${index + 1}`;
}

/** Reads what `nodeName` wrote; undefined: no node has that name. */
export function nodeNamed(name: string): NodeId | undefined {
  if (name === "gateway") return GATEWAY;
  if (name === "master") return MASTER;
  const number = /^worker-([1-9]\d*)$/.exec(name)?.[1];
  return number === undefined ? undefined : workerNode(Number(number) - 1);
}
