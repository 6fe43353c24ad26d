/** Foreign files of arrivals: what is read of each format, and what is wrong with a file. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TRACE_HEADER } from "../../traces/record.ts";
import { arrivalsOf, INVOCATIONS, MINUTES, read, traceOf } from "../fixtures/arrivals.ts";

const MINUTE = 60_000_000;
const times = (lines: Iterable<string>, asked = {}): readonly number[] =>
  arrivalsOf(traceOf(lines, asked)).map(({ at_us }) => at_us);

const formats = suite("formats");

formats("of 2021: an arrival is when the invocation began, whatever the order of ends", () => {
  assert.equal(times(INVOCATIONS), [2_000_000, 10_000_000, 75_000_001, 3_600_116_000]);
  const first = [...traceOf(INVOCATIONS).lines()].slice(0, 2);
  assert.equal(first, [TRACE_HEADER, '{"at_us":2000000,"workflow":"w"}']);
});

formats("of 2021: what began before the file does is left out", () => {
  const { table } = read(INVOCATIONS);
  assert.is(table.first, -1_000_000);
  assert.is(table.wanted, 5);
  assert.is(traceOf(INVOCATIONS).arrivals, 4);
});

formats(
  "of 2021: a function is unique in its app only, and may be chosen by either or both",
  () => {
    assert.equal(times(INVOCATIONS, { app: "a1" }), [2_000_000, 10_000_000, 75_000_001]);
    assert.equal(times(INVOCATIONS, { function: "f1" }), [10_000_000, 75_000_001, 3_600_116_000]);
    assert.equal(times(INVOCATIONS, { app: "a2", function: "f1" }), [3_600_116_000]);
    assert.equal(times(INVOCATIONS, { app: "a2", function: "f2" }), []);
  },
);

formats("columns are found by their names, in any order, beside others", () => {
  const lines = ["duration,region,end_timestamp,func,app", "1,west,3,f,a"];
  assert.equal(times(lines), [2_000_000]);
});

formats("of 2019: as many arrivals a minute as were counted, each within its minute", () => {
  for (const within of ["poisson", "even"] as const) {
    const counts = [0, 0, 0];
    for (const at of times(MINUTES, { within })) counts[Math.floor(at / MINUTE)]! += 1;
    assert.equal(counts, [15, 32, 35], within);
  }
});

formats("of 2019: even is even, the first at the minute's beginning", () => {
  const asked = { within: "even", function: "f2" } as const;
  const expected = [0, 1, 2].flatMap((minute) => [0, 12, 24, 36, 48].map((s) => minute * 60 + s));
  assert.equal(
    times(MINUTES, asked),
    expected.map((s) => s * 1_000_000),
  );
});

formats("of 2019: times of a Poisson process are uniform in the minute, and the seed's own", () => {
  const lines = [MINUTES[0]!, "o,a,f,http,20000,0,0"];
  const [one, again, other] = ["1", "1", "2"].map((seed) => times(lines, { seed }));
  assert.equal(one, again);
  assert.not.equal(one, other);
  // Kolmogorov and Smirnov: beyond 1.95 / sqrt(n) once in a thousand seeds.
  const gaps = one!.map((at, k) => Math.abs(at / MINUTE - (k + 0.5) / one!.length));
  assert.ok(Math.max(...gaps) < 1.95 / Math.sqrt(one!.length), `${Math.max(...gaps)}`);
});

formats("of 2019: minutes and functions do not repeat one another's times", () => {
  const lines = [MINUTES[0]!, "o,a,f,http,9,9,9", "o,a,g,http,9,9,9"];
  const all = times(lines).map((at) => at % MINUTE);
  assert.is(new Set(all).size, 54);
});

formats("a list begins with its earliest arrival, in any unit", () => {
  assert.equal(times(["at_s", "7", "5.5", "6e0"]), [0, 500_000, 1_500_000]);
  assert.equal(times(["at_ms", "-1.5", "0"]), [0, 1_500]);
  assert.equal(times(["at_us", "1700000000000001", "1700000000000000"]), [0, 1]);
});

formats("a list may have dates and times, to the microsecond, with their zone", () => {
  const lines = ["at", "2026-01-31T10:00:00.000002Z", "2026-01-31 12:00:00+02:00"];
  assert.equal(times(lines), [0, 2]);
});

formats("a list's column workflow says what arrives, if nothing else does", () => {
  const lines = ["workflow,at_s", "video,2", "genome,1", "video,1"];
  assert.equal(arrivalsOf(traceOf(lines, { workflows: [] })), [
    { at_us: 0, workflow: "video" },
    { at_us: 0, workflow: "genome" },
    { at_us: 1_000_000, workflow: "video" },
  ]);
});

formats("quotes around cells and empty lines change nothing", () => {
  const quoted = INVOCATIONS.map((line) => line.replace(/[^,]+/g, '"$&"'));
  assert.equal(times([quoted[0]!, "", ...quoted.slice(1), ""]), times(INVOCATIONS));
});

const casting = suite("casting");

casting("functions take the workflows in turn, most frequent first, equals by their names", () => {
  const asked = { workflows: ["genome", "video"] };
  // a1/f1 has three arrivals; a1/f2 and a2/f1 have one each.
  const byTime = ["video", "genome", "genome", "genome"];
  assert.equal(
    arrivalsOf(traceOf(INVOCATIONS, asked)).map(({ workflow }) => workflow),
    byTime,
  );
  assert.equal(traceOf(INVOCATIONS, asked).counts(), [3, 1]);
});

casting("a window does not change who is which workflow", () => {
  const lines = ["app,func,end_timestamp,duration", "a,x,1,0", "a,x,2,0", "a,y,9,0"];
  const asked = { workflows: ["genome", "video"], from: 8_000_000 };
  assert.equal(arrivalsOf(traceOf(lines, asked)), [{ at_us: 1_000_000, workflow: "video" }]);
});

casting("functions of 2019 rank by all their minutes, too", () => {
  const lines = [MINUTES[0]!, "o,a,x,http,3,0,0", "o,a,y,http,0,4,4"];
  const asked = { workflows: ["genome", "video"], to: MINUTE };
  assert.equal(traceOf(lines, asked).counts(), [0, 3]);
});

casting("a window has its beginning and not its end", () => {
  const lines = ["at_s", "0", "1", "2"];
  assert.equal(times(lines, { from: 1_000_000, to: 2_000_000 }), [0]);
});

casting("a hundred thousand arrivals come out sorted", () => {
  const count = 150_000;
  const lines = Array.from({ length: count }, (_, k) => `${(k * 7) % count}`);
  const expected = Array.from({ length: count }, (_, k) => k);
  assert.equal(times(["at_us", ...lines]), expected);
});

casting("the peak is of the fullest minute of the trace, the first of equals", () => {
  assert.equal(traceOf(MINUTES).peak(), { count: 35, minute: 2 });
  assert.equal(traceOf(MINUTES, { speed: 3 }).peak(), { count: 82, minute: 0 });
  assert.equal(traceOf(["at_s", "0", "61", "130"]).peak(), { count: 1, minute: 0 });
});

casting("times too long to count are noticed", () => {
  const lines = ["at_us", "-9000000000000000", "9000000000000000"];
  assert.not(traceOf(lines).exact);
  assert.ok(traceOf(lines, { speed: 10 }).exact);
});

casting("beyond the limit arrivals are counted, not kept", () => {
  const { table } = read(MINUTES, { most: 40 });
  assert.ok(table.wanted > table.most, `${table.wanted}`);
  assert.is(read(MINUTES, { most: 82 }).table.wanted, 82);
  assert.is(read(INVOCATIONS, { most: 2 }).table.wanted, 5);
});

const problems = suite("problems");
const foundIn = (...lines: readonly string[]) =>
  read(lines).problems.kept.map(({ line, path, found }) => `${line} ${path}: ${found}`);

problems("every wrong cell and row is told, and the others are read", () => {
  const lines = [
    INVOCATIONS[0]!,
    ...["a,f,soon,-1", "a,f,1", "a,f,2,1", '"a,b",c,1,1', "a,f,0x10,NaN"],
  ];
  assert.equal(foundIn(...lines), [
    '2 end_timestamp: "soon"',
    '2 duration: "-1"',
    "3 : 3 cells",
    "5 : a quoted cell with a comma or a quote in it",
    '6 end_timestamp: "0x10"',
    '6 duration: "NaN"',
  ]);
  assert.is(read(lines).table.wanted, 1);
  assert.equal(foundIn(INVOCATIONS[0]!, "a,f,1e300,1"), ['2 end_timestamp: "1e300"']);
});

problems("counts are whole numbers", () => {
  const found = foundIn(MINUTES[0]!, "o,a,f,http,1.5,-1,2", "o,a,f,http,,9007199254740991,1");
  assert.equal(found, [
    '2 minute 1: "1.5"',
    '2 minute 2: "-1"',
    '3 minute 1: ""',
    '3 minute 3: "1"',
  ]);
});

problems("times of a list, and workflows without a name", () => {
  assert.equal(foundIn("at_ms,workflow", "x,", "1,genome"), [
    '2 at_ms: "x"',
    "2 workflow: nothing",
  ]);
  const at = foundIn("at", "12", "2026-01-31T10:00:00", "2026-13-31T10:00:00Z");
  assert.equal(at, ['2 at: "12"', '3 at: "2026-01-31T10:00:00"', '4 at: "2026-13-31T10:00:00Z"']);
});

problems("quotes within a cell", () => {
  assert.equal(foundIn("at_s", '"1"2', '"1""2"'), [
    "2 : a quoted cell with a comma or a quote in it",
    "3 : a quoted cell with a comma or a quote in it",
  ]);
});

problems("columns of no format, of two at once, or twice, are told with what there is", () => {
  const wrong = [
    "1.5",
    "at_s,at_ms",
    "at_s,at_s",
    "app,app,func,end_timestamp,duration",
    "app,func",
    "PK\u0003",
  ];
  for (const header of [...wrong, undefined]) {
    const { rows, problems: told } = read(header === undefined ? [] : [header, "1,2"]);
    assert.is(rows, undefined);
    assert.is(told.count, 1);
    assert.match(told.kept[0]!.expected, /end_timestamp.*HashFunction.*at_ms.*workflow/);
  }
});

problems("another file of the data set of 2019 is known", () => {
  const { problems: told } = read(["HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum"]);
  assert.match(told.kept[0]!.next, /invocations_per_function_md/);
});

problems("at most a hundred are told in full", () => {
  const { problems: told } = read(["at_s", ...Array.from({ length: 150 }, () => "x")]);
  assert.is(told.kept.length, 100);
  assert.throws(() => told.check(), /and 50 more$/);
});

formats.run();
casting.run();
problems.run();
