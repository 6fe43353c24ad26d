import { PreparedScenario } from "/work/main/sim/scenario-config.ts";
import { CONFIGURATIONS, scenarioOf } from "/work/main/test/fixtures/scenario.ts";
import { randomFaults } from "/work/main/test/fixtures/random-faults.ts";
import { Transport } from "/work/main/sim/transport.ts";
const [name, s, inv, task] = process.argv.slice(2);
const seed = Number(s);
const faults = randomFaults(seed, 7);
console.log(JSON.stringify(faults));
const p = new PreparedScenario(scenarioOf([name!], { ...CONFIGURATIONS[seed % 4]!, seed: `${seed}`, faults, load: { tag: "closed", clients: 2, duration: undefined, invocations: 6 } }));
const g = p.plans[0]!.graph;
const vn = (v: number) => v < 0 ? "OUT" : g.vertices[v]!.name;
let now = 0;
const send = Transport.prototype.send;
Transport.prototype.send = function (from: any, to: any, m: any) {
  if (m.invocation === Number(inv) && m.tag !== "release") {
    const f = (a: any[]) => a.map((x) => `${vn(g.edges[x.edge]!.from)}>${vn(g.edges[x.edge]!.to)}`).filter((x) => !task || x.includes(task)).join(" ");
    const text = m.tag === "trigger" ? f(m.answers) : m.tag === "recover" ? `told: ${f(m.told)} heard: ${f(m.heard)}` : m.tag === "answered" ? "" : JSON.stringify(m).slice(0,200);
    if (text !== "" && text !== "told:  heard: ") console.log(">=" + now, from, "->", to, m.tag, "lost", m.lost, text);
  }
  return send.call(this, from, to, m);
};
p.simulate({ check: true, event: (e) => { now = e.time; if (e.invocation === Number(inv) || e.kind === "lost") { if (!process.env.ALL && ["get","put","dispatch","queue","ready","release","execute","duplicate"].includes(e.kind)) return; if (e.kind !== "lost" && task && !vn(e.task).includes(task) && !["arrival","finish","abort","fail"].includes(e.kind)) return; console.log(e.time, "node", e.node, e.kind, e.task >= 0 ? g.vertices[e.task]!.name : "", "item", e.item, "att", e.attempt, "val", e.value, e.why); } } });
if (!task) console.log(g.vertices.map((v, i) => `${i} ${v.name} @${p.plans[0]!.workerOf[i]}`).join("; "));
else for (const [i, v] of g.vertices.entries()) if (v.name.includes(task)) console.log(v.name, "@node", p.plans[0]!.workerOf[i]! + 2, "in", v.inEdges.map((e) => vn(g.edges[e]!.from) + "@" + (p.plans[0]!.workerOf[g.edges[e]!.from]!+2)).join(" "));
