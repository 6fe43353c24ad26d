/**
 * What all drivers are held to: each scenario with the ledger of its log (`conformance-ledger.ts`),
 * one for both schemes. Tasks to which something happens sleep long enough for it to happen on a busy
 * machine too. They follow on one cluster, so a new one goes to the end: see `Driver`.
 */

import type { Scheme } from "../../core/engine/settings.ts";
import type { Scenario } from "./drivers/driver.ts";

export function scenariosFor(scheme: Scheme): readonly Scenario[] {
  return SCENARIOS.filter((each) => each.scheme === undefined || each.scheme === scheme);
}

/** `one` is on a worker of its own. */
function chain(name: string, sleep: string): string {
  return `
faasflow: 1
name: ${name}
tasks:
  one: { sleep: 20 ms, writes: { out: 1 kB }, container: { scale: 50 } }
  two: { sleep: ${sleep}, reads: [one.out], writes: { out: 2 kB }, container: { scale: 50 } }
  three: { sleep: 20 ms, reads: [two.out], writes: { out: 3 kB } }
`;
}

const SCENARIOS: readonly Scenario[] = [
  {
    says: "a chain runs task by task, the second time in warm containers",
    workflow: chain("chain", "20 ms"),
    invocations: [{}, {}],
    ledger: `
0 finish
0 one: worker-1 execute, put one.out 1000 remote
0 two: worker-2 get one.out 1000 remote, execute, put two.out 2000 local
0 three: worker-2 get two.out 2000 local, execute, put three.out 3000 remote
1 finish
1 one: worker-1 execute, put one.out 1000 remote
1 two: worker-2 get one.out 1000 remote, execute, put two.out 2000 local
1 three: worker-2 get two.out 2000 local, execute, put three.out 3000 remote
cold starts: one 1, two 1, three 1
`,
  },
  {
    says: "what fans out joins again, and functions with one container take turns",
    workflow: `
faasflow: 1
name: fan
defaults: { container: { limit: 1 } }
tasks:
  start: { sleep: 20 ms, writes: { out: 1 kB } }
  left: { sleep: 300 ms, reads: [start.out], writes: { out: 1 kB } }
  right: { sleep: 300 ms, reads: [start.out], writes: { out: 2 kB }, container: { scale: 90 } }
  end: { reads: [left.out, right.out], writes: { out: 3 kB } }
steps: [start, { parallel: [left, right] }, end]
`,
    invocations: [{}, {}],
    together: true,
    ledger: `
0 finish
0 start: worker-1 execute, put start.out 1000 remote
0 left: worker-2 get start.out 1000 remote, execute, put left.out 1000 local
0 right: worker-2 get start.out 1000 remote, execute, put right.out 2000 local
0 end: worker-2 get left.out 1000 local, get right.out 2000 local, execute, put end.out 3000 remote
1 finish
1 start: worker-1 execute, put start.out 1000 remote
1 left: worker-2 get start.out 1000 remote, execute, put left.out 1000 local
1 right: worker-2 get start.out 1000 remote, execute, put right.out 2000 local
1 end: worker-2 get left.out 1000 local, get right.out 2000 local, execute, put end.out 3000 remote
cold starts: start 1, left 1, right 1, end 1
`,
  },
  {
    says: "a switch takes the branch that an input says; the other is skipped, its datum absent",
    workflow: `
faasflow: 1
name: switch
inputs: { mode: { size: 6, value: calm } }
tasks:
  look: { reads: [input.mode], writes: { out: 1 kB } }
  alarm: { reads: [look.out], writes: { out: 1 kB }, container: { scale: 60 } }
  rest: { writes: { out: 2 kB }, container: { scale: 60 } }
  report: { reads: [alarm.out, rest.out], writes: { out: 3 kB } }
steps:
  - look
  - switch:
      name: way
      cases: [{ when: input.mode == "loud", steps: [alarm] }]
      otherwise: [rest]
  - report
`,
    invocations: [
      { inputs: { mode: "loud" }, branches: { way: 0 } },
      { inputs: { mode: "calm" }, branches: { way: -1 } },
    ],
    ledger: `
0 finish
0 look: worker-1 get input.mode 6 remote, execute, put look.out 1000 local
0 alarm: worker-1 get look.out 1000 local, execute, put alarm.out 1000 remote
0 rest: skip
0 report: worker-3 get alarm.out 1000 remote, get rest.out 0 absent, execute, put report.out 3000 remote
0 way: branch 0
1 finish
1 look: worker-1 get input.mode 6 remote, execute, put look.out 1000 local
1 alarm: skip
1 rest: worker-3 execute, put rest.out 2000 local
1 report: worker-3 get alarm.out 0 absent, get rest.out 2000 local, execute, put report.out 3000 remote
1 way: branch 1
cold starts: look 1, alarm 1, rest 1, report 1
`,
  },
  {
    says: "a foreach has a body for each item of an input list, and none for an empty one",
    workflow: `
faasflow: 1
name: each
inputs: { pages: { size: 4, items: 2, value: [aa, bb] } }
tasks:
  page: { sleep: 500 ms, reads: [input.pages], writes: { out: 1 kB }, container: { scale: 40 } }
  bind: { reads: [page.out], writes: { out: 3 kB }, container: { scale: 40 } }
steps:
  - foreach: { name: pages, over: input.pages, steps: [page] }
  - bind
`,
    invocations: [{}, { inputs: { pages: [] }, counts: { "input.pages": 0 } }],
    ledger: `
0 finish
0 page[0]: worker-1 get input.pages[0] 4 remote, execute, put page.out[0] 1000 remote
0 page[1]: worker-1 get input.pages[1] 4 remote, execute, put page.out[1] 1000 remote
0 bind: worker-2 get page.out[0] 1000 remote, get page.out[1] 1000 remote, execute, put bind.out 3000 remote
0 pages: expand 2
1 finish
1 bind: worker-2 execute, put bind.out 3000 remote
1 pages: expand 0
cold starts: page 2, bind 1
`,
  },
  {
    says: "each body of a foreach takes the branch that its own function says",
    workflow: `
faasflow: 1
name: bodies
tasks:
  list: { run: list.mjs, writes: { out: { size: 4, items: 2 } } }
  weigh: { run: weigh.mjs, reads: [list.out], writes: { grams: 1 }, container: { limit: 1 } }
  big: { reads: [list.out], writes: { out: 1 kB } }
  small: { reads: [list.out], writes: { out: 2 kB } }
  merge: { reads: [big.out, small.out], writes: { out: 3 kB } }
steps:
  - list
  - foreach:
      name: bodies
      over: list.out
      steps:
        - weigh
        - switch:
            name: size
            cases: [{ when: weigh.grams > 5, steps: [big] }]
            otherwise: [small]
  - merge
`,
    functions: {
      "list.mjs": `export default (ctx) => ctx.putItems("out", ["nine", "four"]);`,
      "weigh.mjs": `
        export default async (ctx) => {
          const text = (await ctx.get("list.out")).toString();
          await ctx.value("grams", text === "nine" ? 9 : 4);
        };`,
    },
    invocations: [{ branches: { size: [0, -1] } }],
    ledger: `
0 finish
0 list: worker-1 execute, put list.out[0] 4 local, put list.out[1] 4 local
0 weigh[0]: worker-1 get list.out[0] 4 local, execute, put weigh.grams[0] 1 remote
0 weigh[1]: worker-1 get list.out[1] 4 local, execute, put weigh.grams[1] 1 remote
0 big[0]: worker-1 get list.out[0] 4 local, execute, put big.out[0] 1000 local
0 big[1]: skip
0 small[0]: skip
0 small[1]: worker-1 get list.out[1] 4 local, execute, put small.out[1] 2000 local
0 merge: worker-1 get big.out[0] 1000 local, get big.out[1] 0 absent, get small.out[0] 0 absent, get small.out[1] 2000 local, execute, put merge.out 3000 remote
0 bodies: expand 2
0 size[0]: branch 0
0 size[1]: branch 1
cold starts: list 1, weigh 1, big 1, small 1, merge 1
`,
  },
  {
    says: "a function that fails is tried again, in the same container",
    workflow: `
faasflow: 1
name: retry
tasks:
  one: { writes: { out: 1 kB } }
  two:
    run: second-time.mjs
    reads: [one.out]
    writes: { out: 2 kB }
    retries: { limit: 2, delay: 50 ms }
  three: { reads: [two.out], writes: { out: 3 kB } }
`,
    functions: {
      "second-time.mjs": `
        let runs = 0;
        export default async (ctx) => {
          if (runs++ === 0) throw new Error("the first time");
          await ctx.put("out", Buffer.alloc(2_000));
        };`,
    },
    failing: { task: "two", attempts: 1 },
    invocations: [{}],
    ledger: `
0 finish
0 one: worker-1 execute, put one.out 1000 local
0 two: worker-1 get one.out 1000 local, fail error
0 two: worker-1 get one.out 1000 local, execute, put two.out 2000 local
0 three: worker-1 get two.out 2000 local, execute, put three.out 3000 remote
cold starts: one 1, two 1, three 1
`,
  },
  {
    says: "a function that always fails ends its invocation once its attempts are used up",
    workflow: `
faasflow: 1
name: failing
tasks:
  one: { writes: { out: 1 kB } }
  two: { run: never.mjs, reads: [one.out], retries: { limit: 2, delay: 50 ms } }
`,
    functions: { "never.mjs": `export default () => { throw new Error("never"); };` },
    failing: { task: "two", attempts: 3 },
    invocations: [{}],
    ledger: `
0 abort error
0 one: worker-1 execute, put one.out 1000 local
0 two: worker-1 get one.out 1000 local, fail error
0 two: worker-1 get one.out 1000 local, fail error
0 two: worker-1 get one.out 1000 local, fail error
cold starts: one 1, two 1
`,
  },
  {
    says: "an attempt that takes too long ends with its container; the last one ends all",
    workflow: `
faasflow: 1
name: slow
tasks:
  one: { writes: { out: 1 kB } }
  two: { sleep: 20 s, reads: [one.out], timeout: 200 ms, retries: { limit: 1, delay: 50 ms } }
`,
    invocations: [{}],
    ledger: `
0 abort timeout
0 one: worker-1 execute, put one.out 1000 local
0 two: worker-1 get one.out 1000 local, fail timeout
0 two: worker-1 get one.out 1000 local, fail timeout
cold starts: one 1, two 2
`,
  },
  {
    says: "an invocation that is cancelled ends at once, and its tasks with it",
    workflow: chain("cancelled", "20 s"),
    invocations: [{}],
    faults: [{ at: { kind: "start", task: "two" }, what: "cancel" }],
    ledger: `
0 abort cancelled
0 one: worker-1 execute, put one.out 1000 remote
0 two: worker-2 get one.out 1000 remote, fail cancelled
cold starts: one 1, two 1
`,
  },
  {
    says: "an attempt that cannot store fails; once the store is back the next one ends well",
    workflow: `
faasflow: 1
name: store
tasks:
  one: { sleep: 800 ms, writes: { out: 1 kB }, retries: { limit: 2, delay: 300 ms } }
`,
    invocations: [{}],
    faults: [
      { at: { kind: "start", task: "one" }, what: "store-away" },
      { at: { kind: "fail", task: "one" }, what: "store-back" },
    ],
    ledger: `
0 finish
0 one: worker-1 execute, fail store
0 one: worker-1 execute, put one.out 1000 remote
cold starts: one 1
`,
  },
  {
    says: "a lost worker's task runs again at its heir; the worker is used again when it is back",
    workflow: chain("lost", "1 s"),
    invocations: [{}, {}],
    faults: [{ at: { kind: "start", task: "two" }, what: "worker-lost" }],
    ledger: `
0 finish
0 one: worker-1 execute, put one.out 1000 remote
0 two: worker-2 get one.out 1000 remote, gone
0 two: worker-1 get one.out 1000 remote, execute, put two.out 2000 local
0 three: worker-1 get two.out 2000 local, execute, put three.out 3000 remote
1 finish
1 one: worker-1 execute, put one.out 1000 remote
1 two: worker-2 get one.out 1000 remote, execute, put two.out 2000 local
1 three: worker-2 get two.out 2000 local, execute, put three.out 3000 remote
cold starts: one 1, two 3, three 2
`,
  },
  {
    says: "a worker that falls silent counts as lost; what only it had is made again",
    workflow: `
faasflow: 1
name: silent
tasks:
  one: { writes: { out: 1 kB } }
  two: { sleep: 1 s, reads: [one.out], writes: { out: 2 kB } }
  three: { reads: [one.out, two.out], writes: { out: 3 kB } }
`,
    invocations: [{}],
    faults: [{ at: { kind: "start", task: "two" }, what: "worker-silent" }],
    ledger: `
0 finish
0 one: worker-1 execute, put one.out 1000 local
0 one: worker-3 execute, put one.out 1000 local
0 two: worker-1 get one.out 1000 local, gone
0 two: worker-3 get one.out 1000 local, execute, put two.out 2000 local
0 three: worker-3 get one.out 1000 local, get two.out 2000 local, execute, put three.out 3000 remote
cold starts: one 2, two 2, three 1
`,
  },
  {
    says: "a worker that leaves ends what it has begun, and what comes later does without it",
    workflow: chain("leaving", "1 s"),
    invocations: [{}, {}],
    faults: [{ at: { kind: "start", task: "two" }, what: "worker-leaving" }],
    ledger: `
0 finish
0 one: worker-1 execute, put one.out 1000 remote
0 two: worker-2 get one.out 1000 remote, execute, put two.out 2000 local
0 three: worker-2 get two.out 2000 local, execute, put three.out 3000 remote
1 finish
1 one: worker-1 execute, put one.out 1000 remote
1 two: worker-3 get one.out 1000 remote, execute, put two.out 2000 local
1 three: worker-3 get two.out 2000 local, execute, put three.out 3000 remote
cold starts: one 1, two 2, three 2
`,
  },
  {
    says: "what a lost master had under way begins anew at the next one",
    scheme: "master-sp",
    workflow: chain("master", "3 s"),
    invocations: [{}],
    faults: [{ at: { kind: "start", task: "two" }, what: "master-lost" }],
    ledger: `
0 finish
0 one: worker-1 execute, put one.out 1000 remote
0 one: worker-1 execute, put one.out 1000 remote
0 two: worker-2 get one.out 1000 remote, fail cancelled
0 two: worker-2 get one.out 1000 remote, execute, put two.out 2000 local
0 three: worker-2 get two.out 2000 local, execute, put three.out 3000 remote
cold starts: one 1, two 2, three 1
`,
  },
];
