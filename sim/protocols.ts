/**
 * How many requests an operation takes, by the system that makes them: structure, not quantities.
 * What one request costs is the profile's.
 *
 * `faasflow-v1` is the artifact of the paper (ASPLOS'22, Apache-2.0), counted in its code; `plain`
 * is what a system without such detours would need; `embedded` the storage daemon of live/.
 */

import type { Content } from "../core/workflow/spec.ts";

export interface StoreProtocol {
  /** Look-ups in the local store before a part is found there, or looked for in the remote one. */
  readonly localLookUps: Readonly<Record<Content, number>>;
  /** Of a remote get: look-ups, the one that finds it included. */
  readonly getLookUps: Readonly<Record<Content, number>>;
  /** Of something that was never stored. */
  readonly missLookUps: number;
  /** Of a remote put, besides its upload: the document's revision is read. */
  readonly putLookUps: number;
  /** Records written within the time of each get of a stored part, local ones included. */
  readonly getRecords: number;
  /**
   * Whether bodies are compressed, but for binary ones, which go to the disk. If not, all are
   * alike: `compress_filler` and `expand` are then how fast a core takes in and gives out any body.
   */
  readonly compresses: boolean;
  /** Look-ups when a run is set up. */
  readonly setUpLookUps: number;
  /** Records written for each output before it is put, and for each run, outside gets and puts. */
  readonly keyRecords: number;
  readonly runRecords: number;
}

export interface EngineProtocol {
  /** Look-ups of the gateway before it sends off a start task: database, entry of the plan. */
  readonly startLookUps: number;
  /** Look-up and record with which an engine notes the end of a function before it goes on. */
  readonly endLookUps: number;
  readonly endRecords: number;
  /** Look-ups of the master before it assigns a task: database, its documents, one or two of them. */
  readonly placeLookUps: number;
  /** The master asks all workers for their load before it assigns a task. */
  readonly poll: boolean;
}

export const STORE_PROTOCOLS = {
  plain: {
    localLookUps: { binary: 0, filler: 0, text: 0 },
    getLookUps: { binary: 1, filler: 1, text: 1 },
    missLookUps: 1,
    putLookUps: 0,
    getRecords: 0,
    compresses: true,
    setUpLookUps: 0,
    keyRecords: 0,
    runRecords: 0,
  },
  // Everything is looked for under a plain name first; JSON has a suffix.
  "faasflow-v1": {
    localLookUps: { binary: 1, filler: 2, text: 2 },
    getLookUps: { binary: 1, filler: 2, text: 2 },
    missLookUps: 2,
    putLookUps: 1,
    getRecords: 1,
    compresses: true,
    setUpLookUps: 3,
    keyRecords: 1,
    runRecords: 3,
  },
  // The storage daemon of live: files, as they are. For what was never stored nobody asks it.
  embedded: {
    localLookUps: { binary: 0, filler: 0, text: 0 },
    getLookUps: { binary: 1, filler: 1, text: 1 },
    missLookUps: 0,
    putLookUps: 0,
    getRecords: 0,
    compresses: false,
    setUpLookUps: 0,
    keyRecords: 0,
    runRecords: 0,
  },
} as const satisfies Readonly<Record<string, StoreProtocol>>;

export const ENGINE_PROTOCOLS = {
  plain: { startLookUps: 0, endLookUps: 0, endRecords: 0, placeLookUps: 0, poll: false },
  "faasflow-v1": { startLookUps: 2, endLookUps: 1, endRecords: 1, placeLookUps: 4, poll: true },
} as const satisfies Readonly<Record<string, EngineProtocol>>;

export type StoreProtocolName = keyof typeof STORE_PROTOCOLS;
export type EngineProtocolName = keyof typeof ENGINE_PROTOCOLS;
