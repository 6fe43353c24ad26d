/**
 * Names of parts on disk and in requests: every name has one, no two share one.
 */

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { childItem, itemPath, ROOT_ITEM } from "../../core/workflow/item.ts";
import {
  invocationPath,
  type PartName,
  parseInvocationPath,
  parsePartPath,
  partPath,
  partText,
} from "../../live/data-name.ts";

const name = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constantFrom("", ".", "..", "/", "~", "%", "whole", "a/b", "a~/b", "%2e%2e", "A", "a"),
);
const item = fc
  .array(fc.nat(65_534), { maxLength: 3 })
  .map((parts) => itemPath(parts.reduce(childItem, ROOT_ITEM)));
const fields = { workflow: name, run: name, invocation: fc.maxSafeNat(), datum: name, item };
const part: fc.Arbitrary<PartName> = fc.record(fields, { noNullPrototype: true });

const names = suite("part names");

names("a part's path reads back as the part, whatever it is called", () => {
  fc.assert(fc.property(part, (of) => assert.equal(parsePartPath(partPath(of)), of)));
});

names("an invocation's path reads back, and begins the paths of its parts", () => {
  fc.assert(
    fc.property(part, (of) => {
      const { workflow, run, invocation } = of;
      assert.equal(parseInvocationPath(invocationPath(of)), { workflow, run, invocation });
      assert.ok(partPath(of).startsWith(`${invocationPath(of)}/`));
    }),
  );
});

names("each segment is a safe file name, also where capitals do not count", () => {
  fc.assert(
    fc.property(part, (of) => {
      for (const segment of partPath(of).split("/")) {
        const safe = /^[a-z0-9_%-][a-z0-9_%.-]*~?$/.test(segment) && segment.length <= 255;
        assert.ok(safe, segment);
      }
    }),
  );
});

names("plain names are readable", () => {
  const of = { workflow: "wordcount", run: "r1", invocation: 7, datum: "pages", item: "2.0" };
  assert.is(partPath(of), "wordcount/r1/7/pages/2.0");
  assert.is(partPath({ ...of, item: "" }), "wordcount/r1/7/pages/whole");
  assert.is(partPath({ ...of, datum: "a.B/é" }), "wordcount/r1/7/a%2e%42%2f%c3%a9/2.0");
  assert.is(partText(of), "pages of wordcount, invocation 7, item 2.0");
});

names("a text that is no part's path is none", () => {
  const wrong = [
    "",
    "w/r/7/d",
    "w/r/7/d/whole/more",
    "w/r/7/../whole",
    "../r/7/d/whole",
    "w/r/07/d/whole",
    "w/r/-1.5/d/whole",
    "w/r/x/d/whole",
    "w/r/7/d/",
    "w//7/d/whole",
    "/w/r/7/d/whole",
    "W/r/7/d/whole",
    "w/r/7/%64/whole",
    "w/r/7/%/x",
    "w/r/7/%zz/whole",
    "w/r/7/a~/b/whole",
    "w/r/7/d/1..2",
    "w/r/7/d/%77hole",
    "w/r/7/d\u0000/whole",
  ];
  for (const path of wrong) assert.is(parsePartPath(path), undefined, path);
});

names("a text that is no invocation's path is none", () => {
  for (const path of ["", "w", "w/r", "w/r/7/d", "w/r/..", "../r/7", "w/r/7/", "w/r/1e3"]) {
    assert.is(parseInvocationPath(path), undefined, path);
  }
});

names.run();
