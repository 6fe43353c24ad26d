import fc from "fast-check";
import { validate } from "../../../core/workflow/validate.ts";
import { anyCase } from "../../../test/core/engine/any-case.ts";
import { complaints, simulateCase } from "../../../test/core/engine/simulate-case.ts";
import { nodeName } from "../../../core/node.ts";
const [runs, seed, faults] = process.argv.slice(2);
const r = fc.check(fc.property(anyCase({ faults: faults === "1" }), (of) => {
  const p = validate(of.spec); if (p.length) { throw new Error("validate " + JSON.stringify(p)); }
  const c = complaints(of, simulateCase(of)); if (c.length) throw new Error(c.join("\n"));
}), { numRuns: Number(runs), seed: Number(seed), interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false });
console.log("runs", r.numRuns, "shrinks", r.numShrinks, "failed", r.failed);
if (r.failed && r.counterexample) {
  const of = r.counterexample[0] as any;
  console.log(String((r as any).errorInstance?.message).slice(0, 1200));
  console.log("steps", JSON.stringify(of.spec.steps));
  for (const t of of.spec.tasks) console.log(t.name, JSON.stringify({ c: t.compute.value, s: t.sleep.value, r: t.reads, w: t.writes[0].size.value, i: t.writes[0].items?.count.value, cont: t.container.limit + "/" + t.container.memory, retries: t.retries.limit, to: t.timeout }));
  const { graph, ...plan } = of.plan;
  console.log("plan", JSON.stringify({ w: plan.workerOf, g: plan.groupOf, t: plan.tagOf, q: plan.quotaOf }));
  console.log("settings", JSON.stringify(of.settings)); console.log("faults", JSON.stringify(of.faults), of.invocations, of.clients, of.seed);
  try { const { events } = simulateCase(of);
  for (const e of events.slice(0, Number(process.argv[5] ?? 120))) console.log(e.time, nodeName(e.node), e.kind, "i" + e.invocation, graph.vertices[e.task]?.name ?? "", e.item || "", "a" + e.attempt, "c" + e.container, graph.data[e.datum]?.name ?? "", e.part > 0 ? e.part : "", e.bytes, e.wait_us, e.value, e.why);
  } catch (x) { console.log(String((x as any).stack).slice(0,600)); }
}
