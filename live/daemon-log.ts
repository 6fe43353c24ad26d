/** A daemon's log: a JSON object a line on standard error. */

import type * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";

/** `about`: what the line is about, and its level if that is not `info`. */
export type Log = (about: Readonly<Record<string, unknown>>, text: string) => void;

/**
 * `time`, `level` (`debug`, `info`, `warn`, `error`), `node`, then what it is about, such as `invocation`,
 * `task`, `item`, `attempt` or `container`, and `text`.
 */
export function logLine(about: Readonly<Record<string, unknown>>, line: string): void {
  const head = { time: new Date().toISOString(), level: "info" };
  process.stderr.write(`${JSON.stringify({ ...head, ...about, text: line.trimEnd() })}\n`);
}

/** What the parts of a daemon say through Effect, in the same form. */
export const logLines: Layer.Layer<never> = Logger.layer([
  Logger.make<unknown, void>(({ logLevel, message }) => {
    const level = logLevel.toLowerCase();
    logLine({ level }, [message].flat().map(String).join(" "));
  }),
]);
