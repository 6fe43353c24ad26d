/**
 * The shape of the genome benchmark at any size.
 *
 * About one chromosome for each 25 tasks, as in the benchmark: individuals are merged; the merged
 * ones and a sifting feed 7 mutation overlaps and 7 frequencies. What does not divide goes to the
 * widest level, the individuals. Always exactly `tasks` tasks, from 10 up.
 */

import type { WorkflowSpec } from "../../core/workflow/spec.ts";
import { Draft, type Kinds, spread } from "./draft.ts";

const TASKS_A_CHROMOSOME = 25;
const POPULATIONS = 7;

export function generateGenome(tasks: number, seed: string): WorkflowSpec {
  const draft = new Draft({ name: "genome", tasks, seed, kinds: KINDS, limit: 1 });
  const chromosomes = Math.max(1, Math.round(tasks / TASKS_A_CHROMOSOME));
  const share = Math.floor(((tasks - 2) * POPULATIONS) / (TASKS_A_CHROMOSOME - 2));
  const populations = Math.min(POPULATIONS, Math.max(1, share));
  const individuals = tasks - chromosomes * (2 + 2 * populations);
  for (const width of spread(individuals, chromosomes)) {
    const read = Array.from({ length: width }, () => draft.add("individuals", { reads: [] }));
    const merged = draft.add("individuals_merge", { reads: read.flat() });
    const sifted = draft.add("sifting", { reads: [] });
    const reads = [...merged, ...sifted];
    for (let index = 0; index < populations; index++) draft.add("mutation_overlap", { reads });
    for (let index = 0; index < populations; index++) draft.add("frequency", { reads });
  }
  return draft.finish();
}

/** Bytes, from the declared tables of the FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0). */
const KINDS = {
  individuals: {
    writes: [
      [105909],
      [131488],
      [226955],
      [165325],
      [88497],
      [225550],
      [286388],
      [29311],
      [29311],
      [29311],
      [192105],
      [122759],
      [142917],
      [282610],
      [32975],
      [197560],
      [152001],
      [29311],
    ],
    inputs: [
      [60, 2155261],
      [60, 5889251],
      [60, 3194201],
      [60, 7934443],
      [60, 3770354],
      [60, 2442665],
      [60, 6688228],
      [60, 5680005],
      [60, 7172519],
      [60, 6493731],
      [60, 7662372],
      [60, 7181492],
      [60, 4051774],
      [60, 2551385],
      [60, 6385426],
      [60, 6552884],
      [60, 5009595],
      [60, 2304239],
    ],
  },
  individuals_merge: {
    writes: [[37761], [151014]],
    inputs: [],
  },
  sifting: {
    writes: [[6248929], [6029560]],
    inputs: [[2551441], [512446]],
  },
  mutation_overlap: {
    writes: [
      [857192],
      [1788736],
      [1762470],
      [891142],
      [1767059],
      [725328],
      [1453986],
      [500071],
      [1775095],
      [507590],
      [702907],
      [1838948],
      [1522875],
      [1513572],
    ],
    inputs: [[84], [24], [12], [14], [15], [2], [15], [84], [24], [12], [14], [15], [2], [15]],
  },
  frequency: {
    writes: [
      [298487],
      [468009],
      [2793408],
      [2174156],
      [1217929],
      [298487],
      [2108916],
      [298487],
      [2567067],
      [1003556],
      [1477166],
      [1109004],
      [2335472],
      [1766903],
    ],
    inputs: [[84], [24], [12], [14], [15], [2], [15], [84], [24], [12], [14], [15], [2], [15]],
  },
} satisfies Kinds;
