/** What the gateway does with an invocation's data in the remote store: its inputs, and its results. */

import * as Effect from "effect/Effect";
import { itemPath } from "../core/workflow/item.ts";
import type { WorkflowSpec } from "../core/workflow/spec.ts";
import { type Inputs, inputParts } from "./invocation-inputs.ts";
import type { InvocationStatus } from "./ledger.ts";
import type { RemoteStoreShape } from "./remote-store.ts";
import { RequestError } from "./request-error.ts";

type Owner = Pick<InvocationStatus, "id" | "workflow">;

export class InvocationData {
  readonly #store: RemoteStoreShape;
  /** Of the first gateway of those that follow one another: names of data begin with it. */
  readonly #run: string;

  constructor(store: RemoteStoreShape, run: string) {
    this.#store = store;
    this.#run = run;
  }

  /** Rejects with what the store says if that takes one of them not. */
  async storeInputs(owner: Owner, spec: WorkflowSpec, inputs: Inputs): Promise<void> {
    // One by one: in a document an invocation, puts at once would conflict.
    for (const { datum, item, text } of inputParts(spec, inputs)) {
      const name = { ...this.#name(owner), datum, item: itemPath(item) };
      await Effect.runPromise(this.#store.put(name, Buffer.from(text)));
    }
  }

  /** Fetches one part of a datum into a file; gives its bytes. */
  fetch(
    owner: Owner,
    part: { readonly datum: string; readonly item: string },
    file: string,
  ): Effect.Effect<number, RequestError> {
    return this.#store.get({ ...this.#name(owner), ...part }, file).pipe(
      Effect.mapError(({ kind, message }) => {
        const hint = "Results are what no task reads; other data are gone once they were read.";
        const problems = kind === "missing" ? [message, hint] : [message];
        return new RequestError({ status: kind === "missing" ? 404 : 503, problems });
      }),
    );
  }

  /** In the background: nobody waits for it, and what the store keeps costs only its room. */
  forget(owner: Owner): void {
    Effect.runFork(Effect.ignore(this.#store.forget(this.#name(owner))));
  }

  #name({ id, workflow }: Owner): { workflow: string; run: string; invocation: number } {
    return { workflow, run: this.#run, invocation: id };
  }
}
