/**
 * fileprocessing: how the text feels, by the word list AFINN of the package sentiment. The score is
 * a mean word's, from -5 to 5, with four digits after the point.
 */

// @ts-expect-error: the package has no types
import Sentiment from "sentiment";
import type { FunctionContext } from "../../../live/function-context.ts";
import { markdownPieces } from "../markdown-pieces.ts";

interface Analyzer {
  analyze(text: string): { readonly score: number; readonly tokens: readonly string[] };
}

export async function run(ctx: FunctionContext): Promise<void> {
  const analyzer: Analyzer = new Sentiment();
  let sum = 0;
  let words = 0;
  for await (const piece of markdownPieces(ctx.path("start.file"))) {
    const { score, tokens } = analyzer.analyze(piece);
    sum += score;
    words += tokens.length;
  }
  await ctx.value("score", Number((sum / Math.max(1, words)).toFixed(4)));
  ctx.log(`${words} words, their scores sum up to ${sum}`);
}
