/** The remote store in memory: an operation takes a stepped millisecond, and fails while it is away. */

import { readFileSync, writeFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import type { Micros } from "../../../core/units.ts";
import type { Clock } from "../../../live/clock.ts";
import { invocationPath, partPath, partText } from "../../../live/data-name.ts";
import { type RemoteStoreShape, StoreError } from "../../../live/remote-store.ts";

const OPERATION = 1_000 as Micros;

export class SteppedStore implements RemoteStoreShape {
  readonly put: RemoteStoreShape["put"];
  readonly get: RemoteStoreShape["get"];
  readonly forget: RemoteStoreShape["forget"];
  readonly health: RemoteStoreShape["health"];
  isAway: boolean;
  readonly #parts: Map<string, Buffer>;

  constructor(clock: Clock) {
    this.isAway = false;
    this.#parts = new Map();
    const later = <A>(act: () => A): Effect.Effect<A, StoreError> =>
      Effect.callback((resume) => {
        clock.after(OPERATION, () => resume(this.#tried(act)));
      });
    this.put = (part, source) =>
      later(() => {
        const bytes = typeof source === "string" ? readFileSync(source) : source;
        this.#parts.set(partPath(part), bytes);
        return bytes.length;
      });
    this.get = (part, file) =>
      later(() => {
        const bytes = this.#parts.get(partPath(part));
        if (bytes === undefined) throw new Error(`there is no ${partText(part)}`);
        writeFileSync(file, bytes);
        return bytes.length;
      });
    this.forget = (name) =>
      later(() => {
        const path = `${invocationPath(name)}/`;
        for (const part of [...this.#parts.keys()]) {
          if (part.startsWith(path)) this.#parts.delete(part);
        }
      });
    this.health = later(() => undefined);
  }

  #tried<A>(act: () => A): Effect.Effect<A, StoreError> {
    return Effect.try({
      try: () => {
        if (this.isAway) throw new Error("the store is away");
        return act();
      },
      catch: (cause) => new StoreError({ kind: "io", message: (cause as Error).message }),
    });
  }
}
