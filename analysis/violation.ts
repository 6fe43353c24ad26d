/** What the invariant checker found: one broken rule, in a sentence. */

export interface Violation {
  /** The rule's name, see `RULES` in invariants.ts. */
  readonly rule: Rule;
  /** Microseconds; of the end of the log, where the rule is about what never came. */
  readonly time: number;
  /** -1: not about one invocation. */
  readonly invocation: number;
  /** Invocation, task, time, what was found and what was expected. */
  readonly text: string;
}

export type Rule =
  | "order"
  | "in-flight"
  | "ends"
  | "latency"
  | "phases"
  | "attempts"
  | "causality"
  | "answers"
  | "coverage"
  | "put-before-get"
  | "same-bytes"
  | "local-copy"
  | "quota"
  | "release"
  | "container";

/** Told of a broken rule. */
export type Report = (rule: Rule, at: Where, what: string) => void;

export interface Where {
  readonly time: number;
  readonly invocation: number;
  /** `task work[0.2]`; empty: the invocation as a whole. */
  readonly subject: string;
}

export function violation(rule: Rule, at: Where, what: string): Violation {
  const of = at.invocation < 0 ? "" : `, invocation ${at.invocation}`;
  const subject = at.subject === "" ? "" : `, ${at.subject}`;
  const text = `at ${at.time} us${of}${subject}: ${what}`;
  return { rule, time: at.time, invocation: at.invocation, text };
}
