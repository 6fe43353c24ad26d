/**
 * Control messages between nodes: one-way latency, and what the faults do to them. Messages are
 * small; their bytes take no share of the links.
 */

import { type NodeId, workerIndex } from "../core/node.ts";
import type { Message } from "../core/protocol.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import type { Cores } from "./cpu.ts";
import { Delivery, type EngineLoop } from "./engine-loop.ts";
import type { Faults } from "./faults.ts";
import type { Kernel } from "./kernel.ts";
import type { Stream } from "./streams.ts";

export interface TransportParts {
  readonly kernel: Kernel;
  readonly latency: Micros;
  /** What a broker between all nodes adds to it; none: nothing. */
  readonly broker?: Micros | undefined;
  /** Core time that each message takes, though it does not wait for it; none: nothing. */
  readonly handling?: { readonly cores: Cores; readonly work: Micros } | undefined;
  readonly faults: Faults;
  readonly chance: Stream;
}

export class Transport {
  readonly #parts: TransportParts;
  readonly #loops: EngineLoop[];
  readonly #faulty: boolean;
  #sent: number;
  #lost: number;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    this.#loops = [];
    const { loss, duplication, delayed, partitions } = parts.faults;
    this.#faulty = loss + duplication + delayed > 0 || partitions.length > 0;
    this.#sent = 0;
    this.#lost = 0;
  }

  /** Messages sent, and those lost for good. */
  get counts(): { readonly sent: number; readonly lost: number } {
    return { sent: this.#sent, lost: this.#lost };
  }

  connect(node: NodeId, loop: EngineLoop): void {
    this.#loops[node] = loop;
  }

  send(from: NodeId, to: NodeId, message: Message): void {
    this.#sent++;
    const { handling } = this.#parts;
    if (handling !== undefined && from !== to) handling.cores.startUnseen(handling.work);
    const delivery = new Delivery(this.#loops[to]!, { tag: "message", from, message });
    if (!this.#faulty) {
      this.#parts.kernel.after(this.#latency(from, to), delivery);
      return;
    }
    this.#deliver(from, to, delivery);
    const { faults, chance } = this.#parts;
    if (faults.duplication > 0 && chance.uniform() < faults.duplication) {
      this.#deliver(from, to, delivery);
    }
  }

  #deliver(from: NodeId, to: NodeId, delivery: Delivery): void {
    const { kernel, faults, chance } = this.#parts;
    let late = 0;
    // A lost message is tried again until it comes through, or never if nobody redelivers.
    while (this.#isLost(from, to, (kernel.now + late) as Micros)) {
      if (faults.redelivery === undefined) {
        this.#lost++;
        return;
      }
      late += Math.max(1, faults.redelivery);
    }
    if (faults.delayed > 0 && chance.uniform() < faults.delayed) {
      late += Math.ceil(chance.uniform() * faults.delay);
    }
    kernel.after((this.#latency(from, to) + late) as Micros, delivery);
  }

  #isLost(from: NodeId, to: NodeId, at: Micros): boolean {
    const { faults, chance } = this.#parts;
    const cut = faults.partitions.some(
      (partition) =>
        at >= partition.from &&
        at < partition.to &&
        partition.workers.includes(workerIndex(from)) !==
          partition.workers.includes(workerIndex(to)),
    );
    return cut || (faults.loss > 0 && chance.uniform() < faults.loss);
  }

  /** Gateway and master share the storage node; between them nothing crosses the network. */
  #latency(from: NodeId, to: NodeId): Micros {
    if (from === to) return NO_TIME;
    const { latency, broker = NO_TIME } = this.#parts;
    const apart = workerIndex(from) >= 0 || workerIndex(to) >= 0;
    return apart ? ((latency + broker) as Micros) : broker;
  }
}
