/** The simulated cluster: gateway, master and store on one host, each worker on its own. */

import { machineFor } from "../core/engine/machine.ts";
import {
  membersOf,
  type Notice,
  onMasterBack,
  onWorkerChange,
  onWorkerLeft,
  type WorkerChange,
} from "../core/engine/roll.ts";
import type { Settings } from "../core/engine/settings.ts";
import type { Env, Input, Stage } from "../core/env.ts";
import { type Event, NONE } from "../core/events.ts";
import { GATEWAY, MASTER, type NodeId, workerIndex, workerNode } from "../core/node.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { InvocationId } from "../core/protocol.ts";
import { type Micros, NO_TIME } from "../core/units.ts";
import { OUTSIDE } from "../core/workflow/graph.ts";
import { ROOT_ITEM } from "../core/workflow/item.ts";
import { Cores } from "./cpu.ts";
import { countOf } from "./draw.ts";
import { Delivery, EngineLoop } from "./engine-loop.ts";
import type { Crash, Faults } from "./faults.ts";
import type { Kernel, Step } from "./kernel.ts";
import { Network } from "./network.ts";
import type { Population } from "./population.ts";
import { type Profile, sharesCores } from "./profile.ts";
import { ENGINE_PROTOCOLS } from "./protocols.ts";
import { RemoteStore } from "./remote-store.ts";
import { SharedCpu } from "./shared-cpu.ts";
import { type Recorder, SimEnv } from "./sim-env.ts";
import { NoteRequest, type Notes, type StoreClient } from "./store-operation.ts";
import type { Streams } from "./streams.ts";
import { Transport } from "./transport.ts";
import { WorkerHost } from "./worker-host.ts";

export interface ClusterParts {
  readonly kernel: Kernel;
  readonly profile: Profile;
  readonly settings: Settings;
  readonly plans: readonly Plan[];
  readonly population: Population;
  readonly faults: Faults;
  readonly streams: Streams;
  readonly observer: Observer;
  /** What each machine is to have for its world, each time one begins; itself if left out. */
  readonly watch?: Watching | undefined;
}

/** Sees what happens in the cluster. */
export interface Observer extends Recorder {
  /** The `finish` or `abort` of an invocation, once it was recorded. */
  ended(event: Event): void;
}

/** Notes what a machine is told and asks for. */
export type Watching = (node: NodeId, env: SimEnv) => Env & Stage;

interface Node {
  readonly id: NodeId;
  readonly loop: EngineLoop;
  readonly host: WorkerHost | undefined;
  env: SimEnv;
}

const STORAGE_HOST = 0;

export class Cluster {
  readonly #parts: ClusterParts;
  readonly #transport: Transport;
  readonly #store: RemoteStore;
  /** Of the machine that all are on; undefined: each worker has its own. */
  readonly #cores: Cores | undefined;
  readonly #nodes: Map<NodeId, Node>;
  /** Workers that the others know to be lost, or to be leaving. */
  readonly #away: Set<number>;

  constructor(parts: ClusterParts) {
    const { kernel, profile, settings, faults, streams } = parts;
    this.#parts = parts;
    const link = (rate: number): { up: number; down: number } => ({ up: rate, down: rate });
    const network = new Network<Step>({
      hosts: [
        link(profile.network.storage_link),
        ...Array.from({ length: settings.workers }, () => link(profile.network.worker_link)),
      ],
    });
    const { worker_cores } = profile.cluster;
    this.#cores = sharesCores(profile)
      ? new Cores(kernel, new SharedCpu<Step>(worker_cores))
      : undefined;
    this.#transport = new Transport({
      kernel,
      latency: profile.network.latency,
      broker: profile.daemon?.message,
      handling: this.#handling(),
      faults,
      chance: streams.stream("messages"),
    });
    this.#store = new RemoteStore({
      kernel,
      profile,
      network,
      networkWatch: kernel.watch(network),
      host: STORAGE_HOST,
      cores: this.#cores,
    });
    this.#nodes = new Map();
    this.#away = new Set();
    for (const node of [GATEWAY, ...membersOf(settings)]) this.#add(node);
    this.#scheduleFaults();
  }

  /** Control messages so far. */
  get messages(): { readonly sent: number; readonly lost: number } {
    return this.#transport.counts;
  }

  /** Core-microseconds that the cores a worker runs on were busy; shared ones, by all of it. */
  busyOf(worker: number): number {
    return this.#nodes.get(workerNode(worker))!.host!.busy;
  }

  /** Microseconds that the worker's engine was in service. */
  engineBusyOf(worker: number): number {
    return this.#nodes.get(workerNode(worker))!.loop.busy;
  }

  /** A client's input at the gateway. */
  arrive(input: Input): void {
    const { kernel } = this.#parts;
    const { loop } = this.#nodes.get(GATEWAY)!;
    const storing = input.tag === "arrival" ? this.#intake(input) : NO_TIME;
    if (storing === 0) loop.receive(input);
    else kernel.after(storing, new Delivery(loop, { ...input, storing } as Input));
  }

  /** Of every core, from now on; a worker that is slow by itself is not slower for it. */
  setSpeed(speed: number): void {
    if (this.#cores !== undefined) this.#cores.setSpeed(speed);
    else for (const { host } of this.#nodes.values()) host?.setSpeed(speed);
  }

  /** The invocation is over; its document will be deleted. */
  forget(invocation: InvocationId): void {
    this.#store.forget(invocation);
  }

  /** Until its inputs are stored, one part after another. */
  #intake({ invocation, plan }: Extract<Input, { tag: "arrival" }>): Micros {
    const { profile, population } = this.#parts;
    if (profile.daemon === undefined) return NO_TIME;
    const { graph } = population.workload(plan);
    const recorded = population.recorded(invocation);
    const parts = graph.data.reduce((sum, { producer, spec }, datum) => {
      if (producer !== OUTSIDE || !spec.stored) return sum;
      return sum + (spec.items === undefined ? 1 : countOf(graph, recorded, datum, ROOT_ITEM));
    }, 0);
    return (parts * profile.daemon.intake) as Micros;
  }

  /** Where daemons and functions share cores: what messages take of them. */
  #handling(): { readonly cores: Cores; readonly work: Micros } | undefined {
    const work = this.#parts.profile.daemon?.handling ?? NO_TIME;
    return this.#cores === undefined || work === 0 ? undefined : { cores: this.#cores, work };
  }

  #add(id: NodeId): void {
    const { kernel, profile } = this.#parts;
    const loop = new EngineLoop(kernel, { requestTime: profile.engine.request });
    const host = workerIndex(id) < 0 ? undefined : this.#hostOf(id, loop);
    const node: Node = { id, loop, host, env: this.#envOf(id, loop, host) };
    this.#transport.connect(id, loop);
    this.#nodes.set(id, node);
    this.#boot(node);
  }

  #hostOf(id: NodeId, loop: EngineLoop): WorkerHost {
    const { kernel, profile, population, faults, streams } = this.#parts;
    const worker = workerIndex(id);
    return new WorkerHost({
      kernel,
      profile,
      loop,
      cores: this.#cores ?? new Cores(kernel, profile.cluster.worker_cores),
      store: this.#store,
      population,
      faults,
      chance: {
        coldStart: streams.stream(`cold-start/${worker}`),
        store: streams.stream(`store/${worker}`),
        execution: streams.stream(`execution/${worker}`),
      },
      host: STORAGE_HOST + 1 + worker,
    });
  }

  #envOf(node: NodeId, loop: EngineLoop, host: WorkerHost | undefined): SimEnv {
    const { kernel, observer, profile } = this.#parts;
    const recorder =
      node === GATEWAY ? new GatewayRecorder(observer, (worker) => this.#left(worker)) : observer;
    const protocol = ENGINE_PROTOCOLS[profile.mechanisms.engine_protocol];
    const place = STORAGE_HOST + 1 + workerIndex(node);
    const note = (notes: Notes, client: StoreClient): void => {
      const of = { invocation: NONE, host: place, thread: loop, notes };
      this.#store.begin(new NoteRequest(of, client));
    };
    const transport = this.#transport;
    return new SimEnv({ kernel, node, loop, protocol, note, transport, host, recorder });
  }

  /** Nothing under way needs the worker any more. */
  #left(worker: number): void {
    const { kernel, settings } = this.#parts;
    const gone = (): void => {
      this.#end(worker);
      this.#hand(onWorkerLeft(settings, worker));
    };
    kernel.background(kernel.now, { step: gone });
  }

  /** A fresh machine, with every plan. */
  #boot(node: Node): void {
    const { settings, plans, watch } = this.#parts;
    node.env = this.#envOf(node.id, node.loop, node.host);
    const env = watch?.(node.id, node.env) ?? node.env;
    const machine = machineFor(node.id, env, settings);
    const handle = (input: Input): void => {
      env.begin(input);
      machine.handle(input);
      env.commit();
    };
    for (const plan of plans) handle({ tag: "deploy", plan });
    node.loop.start({ handle });
  }

  #scheduleFaults(): void {
    const { kernel, faults } = this.#parts;
    for (const crash of faults.crashes) {
      kernel.background(crash.at, { step: () => this.#crash(crash) });
    }
    for (const { worker, at } of faults.departures) {
      const asked = (): void => this.#tell({ tag: "worker-leaving", worker });
      kernel.background(at, { step: asked });
    }
    for (const at of faults.masterCrashes) {
      kernel.background(at, { step: () => this.#crashMaster() });
    }
    for (const { worker, from, to, speed } of faults.slow) {
      const { host } = this.#nodes.get(workerNode(worker))!;
      kernel.background(from, { step: () => host!.setSpeed(speed) });
      kernel.background(to, { step: () => host!.setSpeed(1) });
    }
  }

  /** All that the worker had is gone. */
  #end(worker: number): Node {
    const node = this.#nodes.get(workerNode(worker))!;
    node.env.kill();
    node.loop.stop();
    node.host!.crash();
    return node;
  }

  #crash({ worker, at, back }: Crash): void {
    const { kernel, faults } = this.#parts;
    const node = this.#end(worker);
    // The run waits for this: a log in which a worker dies says so.
    const known = Math.min(at + faults.detection, back ?? Infinity) as Micros;
    kernel.at(known, { step: () => this.#tell({ tag: "worker-lost", worker }) });
    if (back === undefined) return;
    const returns = (): void => {
      this.#boot(node);
      this.#tell({ tag: "worker-back", worker });
    };
    kernel.background(back, { step: returns });
  }

  #crashMaster(): void {
    const master = this.#nodes.get(MASTER);
    if (master === undefined) return;
    master.env.kill();
    this.#boot(master);
    this.#hand(onMasterBack(this.#parts.settings, this.#away));
  }

  #tell(change: WorkerChange): void {
    if (change.tag === "worker-back") this.#away.delete(change.worker);
    else this.#away.add(change.worker);
    this.#hand(onWorkerChange(this.#parts.settings, change));
  }

  #hand(notices: readonly Notice[]): void {
    for (const { to, input } of notices) this.#nodes.get(to)!.loop.receive(input);
  }
}

/** Only the gateway's events say that something is over. */
class GatewayRecorder implements Recorder {
  readonly #observer: Observer;
  readonly #left: (worker: number) => void;

  constructor(observer: Observer, left: (worker: number) => void) {
    this.#observer = observer;
    this.#left = left;
  }

  record(event: Event): void {
    this.#observer.record(event);
    if (event.kind === "left") this.#left(event.value);
    if (event.kind === "finish" || event.kind === "abort") this.#observer.ended(event);
  }
}
