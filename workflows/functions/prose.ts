/** Prose without end, grown from a seed: each word is followed by one that follows it in the seed. */

import type { Draw } from "./drawer.ts";
import { SEED_TEXT } from "./seed-text.ts";

const WORDS = SEED_TEXT.trim().split(/\s+/);
const SUCCESSORS = successors();

/** One word after the other, with their punctuation. The same draws give the same words. */
export function* prose(draw: Draw): Generator<string, never> {
  let word = WORDS[draw(WORDS.length)]!;
  for (;;) {
    yield word;
    const next = SUCCESSORS.get(word)!;
    word = next[draw(next.length)]!;
  }
}

/** The last word is followed by the first, so that there is always a next one. */
function successors(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [index, word] of WORDS.entries()) {
    const next = WORDS[(index + 1) % WORDS.length]!;
    const known = found.get(word);
    if (known === undefined) found.set(word, [next]);
    else known.push(next);
  }
  return found;
}
