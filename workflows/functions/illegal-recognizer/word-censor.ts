/** illegal_recognizer: a text in which the package obscenity finds a bad word is illegal. */

import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from "obscenity";
import type { FunctionContext } from "../../../live/function-context.ts";

export async function run(ctx: FunctionContext): Promise<void> {
  const matcher = new RegExpMatcher({
    ...englishDataset.build(),
    ...englishRecommendedTransformers,
  });
  const text = (await ctx.get("translate.translated_text")).toString("utf8");
  const count = matcher.getAllMatches(text).length;
  await ctx.value("filter_count", count);
  await ctx.value("illegal_flag", count > 0);
  await ctx.value("illegal_reason", count > 0 ? "word" : "");
}
