/** Reads tolerances of `faasflow compare`: YAML, all problems at once. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type { Tolerances } from "../analysis/twin-cells.ts";
import { pathText } from "../core/workflow/problem.ts";
import { type Form, formatProblem, readSource } from "../workflows/document.ts";
import { problemsOf } from "../workflows/issues.ts";
import { readProblem } from "../workflows/named-files.ts";
import { resourceUrl } from "../workflows/resources.ts";
import { UsageErrors } from "../workflows/usage-errors.ts";

const Share = Schema.optionalKey(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)));
const Shares = Schema.Struct({ mean: Share, p50: Share, p95: Share, p99: Share });

const TolerancesSchema = Schema.Struct({
  latency: Shares,
  parts: Shares,
  exact: Schema.Struct({ owners: Share, tiers: Share, bytes: Share, cold_starts: Share }),
  noise: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)),
}) satisfies Schema.Decoder<Tolerances>;

const decode = Schema.decodeUnknownResult(TolerancesSchema, {
  errors: "all",
  onExcessProperty: "error",
});

const FORM: Form = { one: "tolerances", fields: "`latency`, `parts`, `exact`, `noise`" };

/** Those that come with the project. */
const OURS = "sim/tolerances.yaml";

/** `path`: undefined for those that come with the project. */
export const loadTolerances = Effect.fn("loadTolerances")(function* (path: string | undefined) {
  const file = path ?? fileURLToPath(resourceUrl(OURS));
  const text = yield* Effect.try({
    try: () => readFileSync(file, "utf8"),
    catch: (cause) => {
      const problem = readProblem(`--tolerances: ${file}`, cause, `Give a file like ${OURS}.`);
      return new UsageErrors({ problems: [problem] });
    },
  });
  const source = readSource(text, FORM);
  const problems = source.problems.map((problem) => formatProblem(file, problem));
  const decoded = decode(source.data);
  if (source.data !== undefined && Result.isFailure(decoded)) {
    for (const { path: at, found, remedy, kind } of problemsOf(
      decoded.failure.issue,
      source.data,
    )) {
      const place = source.locate(at, { atName: kind === "unknown" });
      problems.push(formatProblem(file, { ...place, where: pathText(at), found, remedy }));
    }
  }
  if (problems.length > 0 || Result.isFailure(decoded)) return yield* new UsageErrors({ problems });
  return decoded.success;
});
