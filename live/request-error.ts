/** What a client is told of a request that is refused. */

import * as Schema from "effect/Schema";

/** A request that cannot be served; `status` is HTTP's word for why. */
export class RequestError extends Schema.TaggedError<RequestError>()("RequestError", {
  status: Schema.Literals([400, 404, 409, 413, 429, 503]),
  problems: Schema.Array(Schema.String),
  /** When to ask again, where that helps. */
  retryAfter_s: Schema.optionalKey(Schema.Int),
}) {
  override get message(): string {
    return this.problems.join("\n");
  }
}
