/**
 * A cluster profile: the physical quantities of one cluster, and which mechanisms its system has;
 * all a run of the simulator takes from the outside besides workflows, arrivals and faults. Files in
 * sim/profiles say where each value comes from; `profile-config.ts` reads them. What a mechanism's
 * name stands for is in protocols.ts.
 */

import type { Bytes, Micros } from "../core/units.ts";
import type { EngineProtocolName, StoreProtocolName } from "./protocols.ts";

/** Bytes a second; `Infinity`: never the limit. */
export type Rate = number;

export interface Profile {
  readonly name: string;
  readonly cluster: {
    readonly workers: number;
    readonly worker_cores: number;
    /**
     * That core times were measured at: turns of the probe's loop in a microsecond (live/pace-meter.ts).
     * Left out: not known, and a twin takes no notice of its log's.
     */
    readonly pace?: number;
    readonly worker_memory: Bytes;
    /** Capacity units of a worker that plans may use. */
    readonly worker_capacity: number;
    /** Cores of the storage node, which all requests and (de)compressions share; each takes one. */
    readonly storage_cores: number;
  };
  readonly network: {
    /** One way, between any two hosts. */
    readonly latency: Micros;
    /** Each direction of a worker's link. */
    readonly worker_link: Rate;
    /** Each direction of the storage node's link. */
    readonly storage_link: Rate;
  };
  readonly remote_store: {
    /** Core time of the server for one look-up. */
    readonly look_up: Micros;
    /** Core time of the server for one small record written. */
    readonly record: Micros;
    /** Server time to commit one write to a document. */
    readonly commit: Micros;
    /** Requests served at once; more wait in order. */
    readonly connections: number;
    /** How fast one core takes bodies in, compressing them: filler and repeated text; real text. */
    readonly compress_filler: Rate;
    readonly compress_text: Rate;
    /** How fast one core gives out what was compressed. */
    readonly expand: Rate;
    /** The disk that binary bodies go to as they are; shared by all. */
    readonly disk: Rate;
  };
  readonly local_store: {
    /** One request, whatever its size: a get, a put or a look-up. */
    readonly operation: Micros;
    /** Memory bandwidth that all gets and puts of a worker share. */
    readonly bandwidth: Rate;
  };
  readonly container: {
    /** Lognormal: the median, and the deviation of the logarithm (0: always the median). */
    readonly cold_start: Micros;
    readonly cold_start_sigma: number;
    readonly keep_alive: Micros;
    /** What a run needs before its function begins, besides requests. */
    readonly set_up: Micros;
    /** What one request to the remote store takes of the container's one thread. */
    readonly request: Micros;
    /** How fast that thread goes over a body once: to send, receive, write or parse it. */
    readonly body: Rate;
  };
  readonly engine: {
    /** Time of a node's event loop for one request, at the end that sends and at the one that serves. */
    readonly request: Micros;
    /** Queues are looked at so often; 0: at once. */
    readonly dispatch_tick: Micros;
  };
  readonly mechanisms: {
    readonly store_protocol: StoreProtocolName;
    readonly engine_protocol: EngineProtocolName;
    /**
     * `shared`: the outputs of one invocation are attachments of one document, so writers conflict
     * and upload again; `per-datum`: each datum has a document of its own.
     */
    readonly document: "shared" | "per-datum";
    /** Where MasterSP sends a task: to the plan's worker, or to the one with the least to do. */
    readonly placement: "plan" | "least-loaded";
    /** Answers for one machine that come up together: one message each, or one for all. */
    readonly triggers: "single" | "batched";
    /** A function that wants one container more than it may have: see `Settings.atLimit`. */
    readonly at_limit: "wait" | "stall";
    /**
     * `own`, as if left out: each worker has `worker_cores` cores, the storage node `storage_cores`.
     * `shared`: all are processes of one machine, whose `worker_cores` cores functions and daemons
     * share as in shared-cpu.ts; then a cold start takes core time too, and a slow worker slows all.
     */
    readonly hosts?: "own" | "shared";
  };
  /** Of daemons that talk through a broker; left out: none of it. */
  readonly daemon?: {
    /** The gateway stores an input before the invocation arrives: each part takes so long. */
    readonly intake: Micros;
    /** What the broker adds to the network's latency, a control message. */
    readonly message: Micros;
    /** Core time of the worker's loop, to make the process of a container. */
    readonly spawn: Micros;
    /**
     * On a shared host: core time that daemons take for an activation, once its function has ended,
     * without its waiting for it (events, acknowledgements, files).
     */
    readonly activation: Micros;
    /** On a shared host: core time that a message takes of all daemons besides its way. */
    readonly handling: Micros;
  };
  /** By `WORKFLOW.TASK`: what the functions take on this cluster, where it has been measured. */
  readonly functions?: Readonly<Record<string, FunctionTime>>;
}

export interface FunctionTime {
  /** Core time: one of these, each as likely; the quantiles of what was measured. */
  readonly compute: readonly Micros[];
  /** Time that it waits without using a core. */
  readonly sleep: Micros;
  /** Most cores it uses at once. */
  readonly cores: number;
  /** Core time that the first activation in a container takes on top. */
  readonly warm_up: Micros;
  /** In place of the container's, see there. */
  readonly set_up: Micros;
}

/** Whether all workers are on one machine. */
export function sharesCores({ mechanisms }: Pick<Profile, "mechanisms">): boolean {
  return mechanisms.hosts === "shared";
}
