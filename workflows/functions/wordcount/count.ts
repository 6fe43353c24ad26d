/**
 * wordcount, second function: how often each word occurs in one text, as a JSON object. A word is a
 * run of letters and apostrophes, in lower case.
 */

import type { FunctionContext } from "../../../live/function-context.ts";

export async function run(ctx: FunctionContext): Promise<void> {
  const text = await ctx.get("start.file");
  await ctx.put("wordcount", Object.fromEntries(countWords(text.toString("utf8"))));
}

/** Words as they first appear. */
export function countWords(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/[a-z']+/g) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}
