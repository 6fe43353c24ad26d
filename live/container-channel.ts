/**
 * A container's end of its channel to the worker: the IPC channel of a child process or, where
 * `FAASFLOW_CHANNEL` names one, a socket.
 */

import { connect } from "node:net";
import type { FromContainer } from "./container-protocol.ts";
import { LineChannel, type LineListener } from "./line-channel.ts";

/** Names the file of the socket; functions do not see it. */
export const CHANNEL_VARIABLE = "FAASFLOW_CHANNEL";

/** `sent`: once the system has it. */
export type Send = (message: FromContainer, sent?: () => void) => void;

/** From here on the worker is heard. What a function does with the channel cannot reach it. */
export function openChannel(listener: LineListener): Send {
  const path = process.env[CHANNEL_VARIABLE];
  delete process.env[CHANNEL_VARIABLE];
  if (path !== undefined) {
    const channel = new LineChannel(connect(path), listener);
    return (message, sent) => channel.send(message, sent);
  }
  const send = process.send!.bind(process);
  delete process.send;
  process.on("message", (value) => listener.message(value));
  process.on("disconnect", () => listener.closed());
  return (message, sent) => send(message, undefined, undefined, sent);
}
