/**
 * FaaStore: one worker's local store. Decides where a put goes, keeps the quota, counts references,
 * makes room, spills. It moves no byte itself: it is told facts and asked for decisions.
 */

import type { Tier } from "../env.ts";
import { NONE } from "../events.ts";
import type { Tag } from "../plan/plan.ts";
import type { InvocationId } from "../protocol.ts";
import { type Bytes, NO_BYTES } from "../units.ts";
import { type Item, MAX_WIDTH } from "../workflow/item.ts";

/** A datum, or one part of it, of an invocation. */
export interface Part {
  readonly datum: number;
  readonly part: Item;
}

export interface PutDecision {
  /** In the order in which they are to be written. */
  readonly tiers: readonly Tier[];
  /** Whether the plan wanted it local and the quota said no. */
  readonly spilled: boolean;
  /** Local copies given up to make room; the remote store has each of them too. */
  readonly evicted: readonly LocalCopy[];
}

export interface LocalCopy extends Part {
  readonly plan: number;
  readonly invocation: InvocationId;
  readonly bytes: Bytes;
}

interface Entry extends LocalCopy {
  holds: number;
  /** Whether its remote copy is complete, so that the local one may go. */
  evictable: boolean;
  /** Reads of it under way, which keep it from being evicted. */
  reads: number;
}

const NOTHING: readonly LocalCopy[] = [];
const REMOTE_ONLY: PutDecision = { tiers: ["remote"], spilled: false, evicted: NOTHING };
const LOCAL_ONLY: PutDecision = { tiers: ["local"], spilled: false, evicted: NOTHING };

export class FaaStore {
  #quota: Bytes;
  #used: Bytes;
  /** Of each invocation, its local parts; in order of writing, so the first evictable is the oldest. */
  readonly #parts: Map<InvocationId, Map<PartKey, Entry>>;
  /** Whose parts were asked for last, mostly those that are asked for next; and its parts. */
  #latest: InvocationId;
  #latestParts: Map<PartKey, Entry> | undefined;

  constructor() {
    this.#quota = NO_BYTES;
    this.#used = NO_BYTES;
    this.#parts = new Map();
    this.#latest = NONE;
    this.#latestParts = undefined;
  }

  setQuota(quota: Bytes): void {
    this.#quota = quota;
  }

  /** Whether any part of the invocation is here. */
  holdsAny(invocation: InvocationId): boolean {
    return this.#known(invocation) !== undefined;
  }

  /**
   * Where a part goes, and room reserved if that is here. `holds`: how many vertices of this worker
   * will let go of it; with none, a local copy would serve nobody.
   */
  put(copy: LocalCopy, tag: Tag, holds: number): PutDecision {
    if (tag === "remote" || (tag === "both" && holds === 0)) return REMOTE_ONLY;
    this.discard(copy.invocation, copy);
    const evicted = this.#makeRoom(copy.bytes);
    if (this.#used + copy.bytes > this.#quota) {
      return { tiers: ["remote"], spilled: true, evicted };
    }
    this.#used = (this.#used + copy.bytes) as Bytes;
    const { plan, invocation, datum, part, bytes } = copy;
    const entry = { plan, invocation, datum, part, bytes, holds, evictable: false, reads: 0 };
    this.#partsOf(invocation).set(keyOf(copy), entry);
    if (tag === "both") return { tiers: ["local", "remote"], spilled: false, evicted };
    return evicted.length === 0 ? LOCAL_ONLY : { tiers: ["local"], spilled: false, evicted };
  }

  /** The remote copy is complete too: from now on the local one may be evicted. */
  backed(invocation: InvocationId, part: Part): void {
    const entry = this.#find(invocation, part);
    if (entry !== undefined) entry.evictable = true;
  }

  /** A read begins, from the tier given; if that is here, `endRead` has to follow. */
  beginRead(invocation: InvocationId, part: Part): Tier {
    const entry = this.#find(invocation, part);
    if (entry === undefined) return "remote";
    entry.reads++;
    return "local";
  }

  endRead(invocation: InvocationId, part: Part): void {
    const entry = this.#find(invocation, part);
    if (entry !== undefined) entry.reads--;
  }

  /** One holder is through with it; gives the copy back when that was the last. */
  letGo(invocation: InvocationId, part: Part): LocalCopy | undefined {
    const entry = this.#find(invocation, part);
    if (entry === undefined) return undefined;
    entry.holds--;
    if (entry.holds > 0) return undefined;
    this.#forget(entry);
    return entry;
  }

  /** A copy that must not be read; gives it back if it was here. */
  discard(invocation: InvocationId, part: Part): LocalCopy | undefined {
    const entry = this.#find(invocation, part);
    if (entry !== undefined) this.#forget(entry);
    return entry;
  }

  /** Everything left of an invocation that is over. */
  end(invocation: InvocationId): readonly LocalCopy[] {
    const parts = this.#known(invocation);
    if (parts === undefined) return NOTHING;
    const left = [...parts.values()];
    for (const entry of left) this.#used = (this.#used - entry.bytes) as Bytes;
    this.#drop(invocation);
    return left;
  }

  /** Gives up backed copies, oldest invocation first, as long as that can make `bytes` fit. */
  #makeRoom(bytes: Bytes): readonly LocalCopy[] {
    const missing = this.#used + bytes - this.#quota;
    if (missing <= 0) return NOTHING;
    const chosen: Entry[] = [];
    let freed = 0;
    for (const parts of this.#parts.values()) {
      for (const entry of parts.values()) {
        if (freed >= missing) break;
        if (!entry.evictable || entry.reads > 0) continue;
        chosen.push(entry);
        freed += entry.bytes;
      }
    }
    if (freed < missing) return NOTHING;
    for (const entry of chosen) this.#forget(entry);
    return chosen;
  }

  #find(invocation: InvocationId, part: Part): Entry | undefined {
    return this.#known(invocation)?.get(keyOf(part));
  }

  #forget(entry: Entry): void {
    const parts = this.#partsOf(entry.invocation);
    parts.delete(keyOf(entry));
    this.#used = (this.#used - entry.bytes) as Bytes;
    if (parts.size === 0) this.#drop(entry.invocation);
  }

  #known(invocation: InvocationId): Map<PartKey, Entry> | undefined {
    if (invocation !== this.#latest) {
      this.#latest = invocation;
      this.#latestParts = this.#parts.get(invocation);
    }
    return this.#latestParts;
  }

  #drop(invocation: InvocationId): void {
    this.#parts.delete(invocation);
    if (invocation === this.#latest) this.#latestParts = undefined;
  }

  #partsOf(invocation: InvocationId): Map<PartKey, Entry> {
    let parts = this.#known(invocation);
    if (parts === undefined) {
      parts = new Map();
      this.#parts.set(invocation, parts);
      this.#latestParts = parts;
    }
    return parts;
  }
}

/** A number for whole data and items of one foreach, which is nearly all; else a text. */
type PartKey = number | string;

function keyOf({ datum, part }: Part): PartKey {
  return part <= MAX_WIDTH ? datum * (MAX_WIDTH + 1) + part : `${datum} ${part}`;
}
