/** A programmer's mistake: throws. Failures that can happen in a run are inputs, never this. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`invariant: ${what}`);
}
