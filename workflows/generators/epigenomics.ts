/**
 * The shape of the epigenomics benchmark at any size.
 *
 * About one lane for each 14 tasks: a split, chains of four tasks (filter, convert, compress, map),
 * a merge; then a merge of all lanes, and two tasks behind it. What does not divide becomes further
 * maps of the same chains. Always exactly `tasks` tasks, from 10 up.
 */

import type { DatumName, WorkflowSpec } from "../../core/workflow/spec.ts";
import { Draft, type Kinds, spread } from "./draft.ts";

const TASKS_A_LANE = 14;
const TASKS_A_CHAIN = 4;
const TASKS_BEHIND = 3;

export function generateEpigenomics(tasks: number, seed: string): WorkflowSpec {
  const draft = new Draft({ name: "epigenomics", tasks, seed, kinds: KINDS, limit: 1 });
  const lanes = Math.max(1, Math.round((tasks - TASKS_BEHIND) / TASKS_A_LANE));
  const inChains = tasks - TASKS_BEHIND - 2 * lanes;
  const extras = spread(inChains % TASKS_A_CHAIN, lanes);
  const merged: (readonly DatumName[])[] = [];
  for (const [lane, chains] of spread(Math.floor(inChains / TASKS_A_CHAIN), lanes).entries()) {
    const maps: (readonly DatumName[])[] = [];
    let extra = extras[lane]!;
    for (const part of draft.add("fastqsplit", { reads: [], outputs: chains })) {
      const filtered = draft.add("filtercontams", { reads: [part] });
      const converted = draft.add("sol2sanger", { reads: filtered });
      const compressed = draft.add("fast2bfq", { reads: converted });
      maps.push(draft.add("map", { reads: compressed }));
      for (; extra > 0; extra--) maps.push(draft.add("map", { reads: compressed }));
    }
    merged.push(draft.add("mapmerge", { reads: maps.flat() }));
  }
  const whole = draft.add("mapmerge", { reads: merged.flat() });
  const chromosome = draft.add("chr21", { reads: whole });
  draft.add("pileup", { reads: chromosome });
  return draft.finish();
}

/** Bytes, from the declared tables of the FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0). */
const KINDS = {
  fastqsplit: {
    writes: [
      [469791, 366466, 324897],
      [147291, 321931, 255878],
      [363287, 492274, 440072],
    ],
    inputs: [[1186184], [462864], [171699]],
  },
  filtercontams: {
    writes: [[67255], [380621], [352036], [190698], [72155], [340544], [388905], [92403], [306149]],
    inputs: [],
  },
  sol2sanger: {
    writes: [
      [216492],
      [312464],
      [267984],
      [79104],
      [184613],
      [285828],
      [249882],
      [312898],
      [186445],
    ],
    inputs: [[513, 355]],
  },
  fast2bfq: {
    writes: [[68270], [35468], [44189], [47104], [81239], [47460], [8339], [43023], [72504]],
    inputs: [[513, 355]],
  },
  map: {
    writes: [[34300], [33046], [19825], [35454], [22194], [31173], [3767], [17804], [14085]],
    inputs: [[513, 355, 140833]],
  },
  mapmerge: {
    writes: [[6105437], [6301703], [5937119], [6032565]],
    inputs: [[513, 355]],
  },
  chr21: {
    writes: [[6858857]],
    inputs: [[513, 355]],
  },
  pileup: {
    writes: [[264026]],
    inputs: [[513, 355, 140833]],
  },
} satisfies Kinds;
