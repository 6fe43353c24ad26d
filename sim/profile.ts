/**
 * A cluster profile: the physical quantities of one cluster, all a run of the simulator takes from
 * the outside besides workflows, arrivals and faults. Files in sim/profiles say where each value
 * comes from; `profile-config.ts` reads them.
 */

import type { Bytes, Micros } from "../core/units.ts";

/** Bytes a second; `Infinity`: never the limit. */
export type Rate = number;

export interface Profile {
  readonly name: string;
  readonly cluster: {
    readonly workers: number;
    readonly worker_cores: number;
    readonly worker_memory: Bytes;
    /** Capacity units of a worker that plans may use. */
    readonly worker_capacity: number;
  };
  readonly network: {
    /** One way, between any two hosts. */
    readonly latency: Micros;
    /** Each direction of a worker's link. */
    readonly worker_link: Rate;
    /** Each direction of the storage node's link. */
    readonly storage_link: Rate;
  };
  readonly remote_store: RemoteStoreProfile;
  readonly local_store: {
    /** One get or put, whatever its size; also one failed look-up. */
    readonly operation: Micros;
    /** Failed look-ups here before each remote get. */
    readonly lookups: number;
    /** Memory bandwidth that all gets and puts of a worker share. */
    readonly bandwidth: Rate;
  };
  readonly container: {
    /** Lognormal: the median, and the deviation of the logarithm (0: always the median). */
    readonly cold_start: Micros;
    readonly cold_start_sigma: number;
    readonly keep_alive: Micros;
    /** To hand a run to its container and to hear of its end. */
    readonly invoke: Micros;
    /** What one request to the remote store takes of the container's one thread. */
    readonly request: Micros;
    /** How fast that thread writes or reads JSON bodies; binary ones cost it nothing. */
    readonly serialise: Rate;
    /** How fast that thread sends bodies to the remote store, and receives them. */
    readonly transfer: Rate;
  };
  readonly engine: EngineProfile;
}

export interface RemoteStoreProfile {
  /** Core time of the server for one look-up. */
  readonly request: Micros;
  /** Core time of the server for one small record written. */
  readonly record: Micros;
  /** Cores that serve all look-ups, records and compressions; each takes one at most. */
  readonly cores: number;
  /** Look-ups that one get takes, and one put besides its upload (the document's revision). */
  readonly get_requests: number;
  readonly put_requests: number;
  /** Look-ups of something that was never stored. */
  readonly miss_requests: number;
  /** Records written within each get and put, local ones included: part of its time. */
  readonly log_records: number;
  /** Records written for each run of a function, and for each output, outside gets and puts. */
  readonly run_records: number;
  readonly key_records: number;
  /** Server time to commit one write. */
  readonly commit: Micros;
  /** Requests served at once; more wait in order. */
  readonly connections: number;
  /**
   * `shared`: the outputs of one invocation are attachments of one document, so writers conflict
   * and upload again; `per-datum`: each datum has a document of its own.
   */
  readonly document: "shared" | "per-datum";
  /** How fast bodies are taken in, by what they are: compression, or the disk for binary ones. */
  readonly intake_filler: Rate;
  readonly intake_text: Rate;
  readonly intake_binary: Rate;
  /** How fast one core gives out what was compressed. */
  readonly expand: Rate;
}

export interface EngineProfile {
  /** Service times of a node's event loop, one input after another. Here: a request or trigger that
   * came as a message, for each edge it answers. */
  readonly message: Micros;
  /** At the worker, WorkerSP: to set going each activation that may run. */
  readonly trigger: Micros;
  /** In place of `trigger`, `assign` and `complete`: each further body of a foreach. */
  readonly body: Micros;
  /** At the worker, for each task assigned. */
  readonly assign: Micros;
  /** At the master, for each task completed. */
  readonly complete: Micros;
  /** A question for a worker's load, or its answer. */
  readonly poll: Micros;
  /** At the gateway: a client's request, for each start task of the workflow. */
  readonly start: Micros;
  /** At the gateway: the answer of a sink. */
  readonly gateway: Micros;
  readonly dispatch_tick: Micros;
  readonly poll_before_assign: boolean;
  readonly follow_plan: boolean;
  readonly batch_triggers: boolean;
}
