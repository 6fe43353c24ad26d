/**
 * The physical side of one worker: containers that start, functions that compute and sleep, data
 * that move. It decides nothing; it carries out what the worker's engine asked for. Answers come
 * from steps of the kernel only: the engine is never entered from within a request.
 */

import type { BootRequest, GetRequest, PutRequest, StartRequest } from "../core/env.ts";
import { IdTable } from "../core/id-table.ts";
import type { Bytes, Micros } from "../core/units.ts";
import { Boot } from "./boot.ts";
import { DataTransfer } from "./data-transfer.ts";
import { Execution } from "./execution.ts";
import { HostContainer } from "./host-container.ts";
import type { HostParts } from "./host-parts.ts";
import { LocalMemory } from "./local-memory.ts";

export class WorkerHost {
  readonly #parts: HostParts;
  #memory: LocalMemory;
  readonly #containers: IdTable<HostContainer>;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#memory = new LocalMemory(parts.kernel, parts.profile);
    this.#containers = new IdTable();
  }

  /** Core-microseconds of its cores used so far, by others that share them too. */
  get busy(): number {
    return this.#parts.cores.busy;
  }

  setSpeed(speed: number): void {
    this.#parts.cores.setSpeed(speed);
  }

  /** Everything in the worker's memory is gone. */
  crash(): void {
    for (const [container] of this.#containers.entries()) this.stop(container);
    this.#memory = new LocalMemory(this.#parts.kernel, this.#parts.profile);
  }

  boot(request: BootRequest): void {
    const container = new HostContainer(this.#parts.profile);
    this.#containers.add(request.container, container);
    new Boot(this.#parts, container, request.container).begin();
  }

  /** What the container has under way ends without an answer. */
  stop(id: number): void {
    const container = this.#containers.get(id);
    if (container === undefined) return;
    this.#containers.delete(id);
    container.stop();
  }

  get(request: GetRequest): void {
    const { plan, invocation, datum, part } = request;
    const bytes = this.#parts.population.bytesOf(plan, invocation, datum, part);
    this.#transfer("get", request, bytes);
  }

  put(request: PutRequest): void {
    this.#transfer("put", request, request.bytes);
  }

  start(request: StartRequest): void {
    const { faults, chance, population, profile } = this.#parts;
    const container = this.#containers.get(request.container);
    if (container === undefined) return;
    const { plan, invocation, task, item } = request;
    const demand = population.demand(plan, invocation, task, item);
    const known = population.workload(plan).functionTimes[task];
    const setUp = known?.set_up ?? profile.container.set_up;
    const warmUp = container.isFresh ? (known?.warm_up ?? 0) : 0;
    const compute = (demand.compute + warmUp) as Micros;
    container.isFresh = false;
    const fails = faults.executionErrors > 0 && chance.execution.uniform() < faults.executionErrors;
    new Execution(this.#parts, container, { request, demand, compute, setUp, fails }).begin();
  }

  #transfer(kind: "get" | "put", request: GetRequest, bytes: Bytes): void {
    const container = this.#containers.get(request.container);
    if (container === undefined) return;
    const { datum, plan } = request;
    const { wiring, contents } = this.#parts.population.workload(plan);
    const stored = wiring.isStored[datum] === 1;
    const body = { kind, stored, content: contents[datum]!, bytes };
    const transfer = new DataTransfer(this.#parts, container, request, body);
    if (request.tier === "local") transfer.beginLocal(this.#memory);
    else transfer.beginRemote({ outside: wiring.comesFromOutside[datum] === 1 });
  }
}
