/** A machine of the core with its world: clock, bus, body, event file and recording. */

import { machineFor } from "../core/engine/machine.ts";
import type { Settings } from "../core/engine/settings.ts";
import type { Input } from "../core/env.ts";
import type { Event } from "../core/events.ts";
import { type NodeId, nodeName } from "../core/node.ts";
import type { BusService } from "./bus.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./daemon-log.ts";
import type { Deployment } from "./deployment.ts";
import { type Body, LiveEnv } from "./live-env.ts";
import { MachineLoop } from "./machine-loop.ts";
import { openRecording, type RecordChoice } from "./recorder.ts";

export interface LiveMachineParts {
  readonly node: NodeId;
  readonly incarnation: string;
  /** Of the gateway that it serves, or is. */
  readonly run: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly bus: BusService;
  /** Writes an event to the daemon's file. */
  readonly record: (event: Event) => void;
  readonly observe: (event: Event) => void;
  /** Where answers go: at the end, the loop's `feed`. */
  readonly feed: (input: Input) => void;
  /** Undefined for gateway and master, which run nothing. */
  readonly body: Body | undefined;
  readonly recording: RecordChoice | undefined;
  readonly deploymentOf: (plan: number) => Deployment;
  readonly log: Log;
}

export interface LiveMachine {
  readonly loop: MachineLoop;
  close(): void;
}

export function openMachine(parts: LiveMachineParts): LiveMachine {
  const { node, incarnation, run, settings, bus, record, observe, deploymentOf, log } = parts;
  const env = new LiveEnv({
    clock: parts.clock,
    send: (to, message) => bus.send(to, { kind: "message", run, message }),
    record: (event) => {
      record(event);
      observe(event);
    },
    feed: parts.feed,
    body: parts.body,
  });
  const about = { node: nodeName(node), incarnation, run, settings };
  const recording = openRecording(parts.recording, { about, deploymentOf, log });
  const stage = recording?.watch(env) ?? env;
  const loop = new MachineLoop(machineFor(node, stage, settings), stage);
  const close = (): void => {
    loop.stop();
    env.close();
    recording?.close();
  };
  return { loop, close };
}
