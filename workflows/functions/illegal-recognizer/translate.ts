/**
 * illegal_recognizer: a stand-in for a translation service. It puts English words for the German
 * ones of a small dictionary; others stay as they are.
 */

import type { FunctionContext } from "../../../live/function-context.ts";

const DICTIONARY: ReadonlyMap<string, string> = new Map([
  ["guten", "good"],
  ["morgen", "morning"],
  ["du", "you"],
  ["bist", "are"],
  ["ein", "an"],
  ["esel", "ass"],
  ["freund", "old friend"],
]);

export async function run(ctx: FunctionContext): Promise<void> {
  const text = (await ctx.get("extract.extracted_text")).toString("utf8");
  const translated = text.replaceAll(
    /\p{Letter}+/gu,
    (word) => DICTIONARY.get(word.toLowerCase()) ?? word,
  );
  await ctx.put("translated_text", translated);
}
