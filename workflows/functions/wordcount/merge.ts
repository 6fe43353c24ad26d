/**
 * wordcount, third function: adds up the counts of all texts. Its result is JSON: how many words,
 * how many different ones, the most frequent ten, and all counts.
 */

import type { FunctionContext } from "../../../live/function-context.ts";

/** What `merge.result` holds. */
export interface WordCounts {
  readonly words: number;
  readonly distinct: number;
  /** The most frequent first. */
  readonly top: readonly (readonly [word: string, count: number])[];
  readonly counts: Readonly<Record<string, number>>;
}

const TOP = 10;

export async function run(ctx: FunctionContext): Promise<void> {
  const counts = new Map<string, number>();
  let words = 0;
  for (const part of ctx.parts("count.wordcount")) {
    const ofText: Record<string, number> = JSON.parse((await part.read()).toString("utf8"));
    for (const [word, count] of Object.entries(ofText)) {
      counts.set(word, (counts.get(word) ?? 0) + count);
      words += count;
    }
  }
  const ranked = [...counts].sort(
    ([word, count], [otherWord, otherCount]) =>
      otherCount - count || (word < otherWord ? -1 : word > otherWord ? 1 : 0),
  );
  const result: WordCounts = {
    words,
    distinct: counts.size,
    top: ranked.slice(0, TOP),
    counts: Object.fromEntries(ranked),
  };
  await ctx.put("result", { ...result });
  ctx.log(`${words} words, most often "${ranked[0]?.[0] ?? ""}"`);
}
