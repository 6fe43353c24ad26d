/** What a person typed or configured wrong: every problem, one a line, exit code 2. */

import * as Runtime from "effect/Runtime";
import * as Schema from "effect/Schema";

export class UsageErrors extends Schema.TaggedError<UsageErrors>()("UsageErrors", {
  problems: Schema.Array(Schema.String),
}) {
  override get message(): string {
    return this.problems.join("\n");
  }

  override readonly [Runtime.errorExitCode] = 2;
}

/** A run or a check that came out wrong, with nothing wrong in what was asked: exit code 1. */
export class CheckFailed extends Schema.TaggedError<CheckFailed>()("CheckFailed", {
  message: Schema.String,
}) {
  override readonly [Runtime.errorExitCode] = 1;
}
