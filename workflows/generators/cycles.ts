/**
 * The shape of the cycles benchmark at any size.
 *
 * About one crop for each 23 tasks. A crop has fields of four tasks each (baseline, a run without
 * and a run with more fertilizer, a parser of the latter), two summaries and a plot. What does not
 * divide becomes further runs without fertilizer. Always exactly `tasks` tasks, from 10 up.
 */

import type { DatumName, WorkflowSpec } from "../../core/workflow/spec.ts";
import { Draft, type Kinds, spread } from "./draft.ts";

const TASKS_A_CROP = 23;
const TASKS_A_FIELD = 4;
const TASKS_BESIDE_FIELDS = 3;

export function generateCycles(tasks: number, seed: string): WorkflowSpec {
  const draft = new Draft({ name: "cycles", tasks, seed, kinds: KINDS, limit: 10 });
  const crops = Math.max(1, Math.round(tasks / TASKS_A_CROP));
  const inFields = tasks - crops * TASKS_BESIDE_FIELDS;
  const extras = spread(inFields % TASKS_A_FIELD, crops);
  for (const [crop, fields] of spread(Math.floor(inFields / TASKS_A_FIELD), crops).entries()) {
    const runs: (readonly DatumName[])[] = [];
    const parsed: (readonly DatumName[])[] = [];
    let extra = extras[crop]!;
    for (let field = 0; field < fields; field++) {
      const baseline = draft.add("baseline_cycles", { reads: [] });
      runs.push(draft.add("cycles", { reads: baseline }));
      for (; extra > 0; extra--) runs.push(draft.add("cycles", { reads: baseline }));
      const fertilized = draft.add("fertilizer_increase_cycles", { reads: baseline });
      parsed.push(draft.add("cycles_fertilizer_increase_output_parser", { reads: fertilized }));
    }
    const summary = draft.add("cycles_output_summary", { reads: runs.flat() });
    draft.add("cycles_fertilizer_increase_output_summary", { reads: parsed.flat() });
    draft.add("cycles_plots", { reads: summary });
  }
  return draft.finish();
}

/** Bytes, from the declared tables of the FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0). */
const KINDS = {
  baseline_cycles: {
    writes: [
      [18086749, 2322, 4458415],
      [18086749, 2402, 30201400],
      [18086749, 1474, 4458415],
      [18086749, 2097, 4458415],
      [18086749, 1475, 25823914],
      [18086749, 2223, 22656237],
      [18086750, 1649, 4458415],
      [18086749, 2325, 4458415],
      [18086750, 281, 20348722],
      [18086749, 832, 14932674],
    ],
    inputs: [
      [739, 519091, 1805, 766, 694648, 14434],
      [739, 370982, 1806, 766, 694648, 14434],
      [739, 441863, 1806, 766, 694648, 14434],
      [739, 236257, 1805, 766, 694648, 14434],
      [739, 125909, 1805, 766, 694648, 14434],
      [739, 49355, 1805, 766, 694648, 14434],
      [739, 163009, 1805, 766, 694648, 14434],
      [739, 484822, 1805, 766, 694648, 14434],
      [739, 338284, 1805, 766, 694648, 14434],
      [739, 466956, 1805, 766, 694648, 14434],
    ],
  },
  cycles: {
    writes: [
      [15824553, 18086749, 3012],
      [36387044, 18086749, 2754],
      [4476265, 18086749, 2126],
      [14275003, 18086749, 649],
      [36067931, 18086749, 2754],
      [26966956, 18086749, 2905],
      [30983793, 18086749, 2996],
      [6500458, 18086749, 1591],
      [12840610, 18086749, 1847],
      [34204554, 18086749, 965],
    ],
    inputs: [
      [739, 101455, 1805, 766, 694648, 14434],
      [739, 341581, 1805, 766, 694648, 14434],
      [739, 419828, 1805, 766, 694648, 14434],
      [739, 301364, 1805, 766, 694648, 14434],
      [739, 355332, 1805, 766, 694648, 14434],
      [739, 191025, 1806, 766, 694648, 14434],
      [739, 450123, 1805, 766, 694648, 14434],
      [739, 326313, 1806, 766, 694648, 14434],
      [739, 354444, 1805, 766, 694648, 14434],
      [739, 229922, 1805, 766, 694648, 14434],
    ],
  },
  fertilizer_increase_cycles: {
    writes: [
      [2548, 18086749, 37990740],
      [1482, 18086750, 12695160],
      [1297, 18086750, 16179186],
      [282, 18086749, 4486752],
      [3002, 18086750, 16880143],
      [1866, 18086749, 4486752],
      [423, 18086749, 42927903],
      [2916, 18086749, 34224209],
      [2312, 18086749, 39642108],
      [2595, 18086750, 4486752],
    ],
    inputs: [
      [739, 499406, 1805, 766, 694648, 14434],
      [739, 466366, 1805, 766, 694648, 14434],
      [739, 455170, 1805, 766, 694648, 14434],
      [739, 128754, 1805, 766, 694648, 14434],
      [739, 331360, 1806, 766, 694648, 14434],
      [739, 501251, 1805, 766, 694648, 14434],
      [739, 420662, 1805, 766, 694648, 14434],
      [739, 235161, 1805, 766, 694648, 14434],
      [739, 414869, 1806, 766, 694648, 14434],
      [739, 320669, 1805, 766, 694648, 14434],
    ],
  },
  cycles_fertilizer_increase_output_parser: {
    writes: [[44900], [29731], [8604], [41883], [53585], [20622], [8604], [46938], [59468], [8604]],
    inputs: [],
  },
  cycles_output_summary: {
    writes: [[2573660]],
    inputs: [],
  },
  cycles_fertilizer_increase_output_summary: {
    writes: [[4229540]],
    inputs: [],
  },
  cycles_plots: {
    writes: [[32699343], [50248984]],
    inputs: [],
  },
} satisfies Kinds;
