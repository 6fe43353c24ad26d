/** The list through its entries. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Linked, LinkedList } from "../../core/linked-list.ts";

interface Named extends Linked<Named> {
  readonly name: string;
}

const test = suite("linked list");

function named(name: string): Named {
  return { name, older: undefined, newer: undefined };
}

/** Oldest first. */
function names(list: LinkedList<Named>): string {
  let text = "";
  for (let at = list.oldest; at !== undefined; at = at.newer) text += at.name;
  return text;
}

test("the first that came is the oldest", () => {
  const list = new LinkedList<Named>();
  for (const name of ["a", "b", "c"]) list.add(named(name));
  assert.is(names(list), "abc");
});

test("any of them can leave, and those that stay keep their order", () => {
  for (const [leaves, stay] of [
    ["a", "bc"],
    ["b", "ac"],
    ["c", "ab"],
  ] as const) {
    const list = new LinkedList<Named>();
    const all = ["a", "b", "c"].map(named);
    for (const each of all) list.add(each);
    list.remove(all.find(({ name }) => name === leaves)!);
    assert.is(names(list), stay);
  }
});

test("who comes back is the newest", () => {
  const list = new LinkedList<Named>();
  const [a, b] = [named("a"), named("b")];
  list.add(a);
  list.add(b);
  list.remove(a);
  list.add(a);
  assert.is(names(list), "ba");
  list.remove(a);
  list.remove(b);
  assert.is(list.oldest, undefined);
});

test.run();
