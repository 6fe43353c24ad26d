/** Messages as bytes: nothing is lost on the way, and nothing else is taken for a message. */

import * as Result from "effect/Result";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decode, type Envelope, encode, type WireError } from "../../live/wire.ts";
import { anyParcel, EVERY_KIND } from "./messages.ts";

const head = { id: "k3v9x0ab-17", from: 0, to: 2 };

function problemOf(payload: string | Uint8Array): WireError {
  const decoded = decode(payload);
  assert.ok(Result.isFailure(decoded), `${payload} was taken`);
  return decoded.failure;
}

for (const parcel of EVERY_KIND) {
  test(`a ${parcel.kind} ${parcel.message.tag} comes out as it went in`, () => {
    const envelope: Envelope = { ...parcel, ...head };
    const decoded = decode(new TextEncoder().encode(encode(envelope)));
    assert.equal(Result.getOrThrow(decoded), withVersion(envelope));
  });
}

test("any message comes out as it went in", () => {
  fc.assert(
    fc.property(anyParcel, fc.string(), fc.nat(), fc.nat(), (parcel, id, from, to) => {
      const envelope: Envelope = { ...parcel, id, from, to };
      assert.equal(Result.getOrThrow(decode(encode(envelope))), withVersion(envelope));
    }),
    { numRuns: 300 },
  );
});

test("a message without one of its fields is refused, unless it is a value", () => {
  fc.assert(
    fc.property(anyParcel, fc.nat(), (parcel, pick) => {
      const data = JSON.parse(encode({ ...parcel, ...head }));
      const names = Object.keys(data.message);
      delete data.message[names[pick % names.length]!];
      assert.is(problemOf(JSON.stringify(data)).reason, "shape");
    }),
    { numRuns: 200 },
  );
});

test("no payload makes decoding throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.json(), (bytes, json) => {
      for (const payload of [bytes, json]) assert.ok(Result.isFailure(decode(payload)));
    }),
    { numRuns: 300 },
  );
});

test("a message cut off anywhere is refused", () => {
  const text = encode({ ...EVERY_KIND[0]!, ...head });
  for (let end = 0; end < text.length; end++) {
    assert.is(problemOf(text.slice(0, end)).reason, "not-json");
  }
});

test("another version is refused, and the error says which it was", () => {
  const text = encode({ ...EVERY_KIND[0]!, ...head }).replace('"v":2', '"v":1');
  const problem = problemOf(text);
  assert.is(problem.reason, "version");
  assert.match(problem.message, /other than 2.*v is 1/s);
  assert.match(problemOf("{}").message, /no field v/);
});

test("what is wrong with a message is told with its path and what was found", () => {
  const parcel = {
    kind: "message",
    run: "r",
    message: { tag: "release", plan: 0, invocation: 4 },
  } as const;
  const text = encode({ ...parcel, ...head }).replace('"plan":0', '"plan":-1.5');
  const problem = problemOf(text);
  assert.is(problem.reason, "shape");
  assert.match(problem.message, /\["message"\]\["plan"\]/);
  assert.match(problem.message, /-1\.5/);
});

test("a control input is no message", () => {
  const message = { tag: "cancel", invocation: 4 };
  assert.is(
    problemOf(JSON.stringify({ v: 2, kind: "message", run: "r", ...head, message })).reason,
    "shape",
  );
});

/** The schema gives the version too. */
function withVersion(envelope: Envelope): unknown {
  return { v: 2, ...envelope };
}

test.run();
