/**
 * A process of its own that partitions one genome workflow by Algorithm 1 and prints what it took:
 * `node partition-cost-command.js TASKS`. Nothing else is in it, so its memory is the partition's
 * and the language's.
 */

import { PAPER_CLUSTER } from "../core/plan/contract.ts";
import { makePlan } from "../core/plan/planner.ts";
import { compile } from "../core/workflow/compile.ts";
import { generateGenome } from "../workflows/generators/genome.ts";

const spec = generateGenome(Number(process.argv[2]), "1");
const before = process.cpuUsage();
const graph = compile(spec);
const cluster = PAPER_CLUSTER;
makePlan({ id: 0, version: 1, graph, method: "faasflow", storage: "faastore", cluster });
const { user, system } = process.cpuUsage(before);
const { maxRSS } = process.resourceUsage();
process.stdout.write(JSON.stringify({ cpu_us: user + system, memory_KiB: maxRSS }));
