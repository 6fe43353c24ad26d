/** Flags that say which of the systems a live cluster is. */

import * as Flag from "effect/cli/Flag";

export const SCHEME_FLAGS = {
  scheme: Flag.Literals("scheme", ["worker-sp", "master-sp"]).pipe(
    Flag.withDefault("worker-sp" as const),
    Flag.withDescription("worker-sp (default) or master-sp"),
  ),
  storage: Flag.Literals("storage", ["faastore", "remote"]).pipe(
    Flag.withDefault("faastore" as const),
    Flag.withDescription("faastore (default) or remote: every datum in the remote store"),
  ),
};
