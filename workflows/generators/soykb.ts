/**
 * The shape of the soykb benchmark at any size.
 *
 * Each sample is a chain of six tasks, then one haplotype caller a region (9 regions); each region
 * is genotyped over all samples; a merge of all calls, a combination of all genotypes, and two
 * selections with their filters end it. Below 45 tasks there are fewer regions, below 14 no
 * selections; what does not divide becomes further callers. Always exactly `tasks` tasks, from 10
 * up.
 */

import type { DatumName, WorkflowSpec } from "../../core/workflow/spec.ts";
import { Draft, type Kinds } from "./draft.ts";

const CHAIN = 6;
const REGIONS = 9;
/** Merge, combination, and the two selections with their two filters. */
const BEHIND = 6;
/** A sample with its callers. */
const TASKS_A_SAMPLE = CHAIN + REGIONS;
const LEAST_WITH_SELECTIONS = 14;
const LEAST_WITH_TWO_SAMPLES = 30;
const BENCHMARK_TASKS = 45;

export function generateSoykb(tasks: number, seed: string): WorkflowSpec {
  const draft = new Draft({ name: "soykb", tasks, seed, kinds: KINDS, limit: 1 });
  const { samples, regions, selections, extra } = shapeOf(tasks);
  const calls: (readonly DatumName[])[] = [];
  const byRegion: DatumName[][] = Array.from({ length: regions }, () => []);
  const call = (reads: readonly DatumName[], region: number): void => {
    const written = draft.add("haplotype_caller", { reads });
    calls.push(written);
    byRegion[region % regions]!.push(...written);
  };
  const realigned = Array.from({ length: samples }, () => {
    let reads = draft.add("alignment_to_reference", { reads: [] });
    for (const kind of ["sort_sam", "dedup", "add_replace", "realign_target_creator"]) {
      reads = draft.add(kind, { reads });
    }
    return draft.add("indel_realign", { reads });
  });
  for (const reads of realigned) {
    for (let region = 0; region < regions; region++) call(reads, region);
  }
  for (let index = 0; index < extra; index++) call(realigned[index % samples]!, index);
  const genotypes = byRegion.map((reads) => draft.add("genotype_gvcfs", { reads }));
  draft.add("merge_gcvf", { reads: calls.flat() });
  const variants = draft.add("combine_variants", { reads: genotypes.flat() });
  for (const kind of selections) {
    const selected = draft.add(`select_variants_${kind}`, { reads: variants });
    draft.add(`filtering_${kind}`, { reads: selected });
  }
  return draft.finish();
}

interface Shape {
  readonly samples: number;
  readonly regions: number;
  readonly selections: readonly string[];
  /** Callers beyond one a sample and region. */
  readonly extra: number;
}

function shapeOf(tasks: number): Shape {
  const selections = tasks < LEAST_WITH_SELECTIONS ? [] : ["indel", "snp"];
  const behind = BEHIND - 2 * (2 - selections.length);
  let samples = Math.floor((tasks - behind - REGIONS) / TASKS_A_SAMPLE);
  let regions = REGIONS;
  if (tasks < BENCHMARK_TASKS) {
    samples = tasks < LEAST_WITH_TWO_SAMPLES ? 1 : 2;
    const room = Math.floor((tasks - behind - CHAIN * samples) / (samples + 1));
    regions = Math.min(REGIONS, Math.max(1, room));
  }
  const extra = tasks - behind - CHAIN * samples - regions * (samples + 1);
  return { samples, regions, selections, extra };
}

/** Bytes, from the declared tables of the FaaSFlow v1 artifact (ASPLOS'22, Apache-2.0). */
const KINDS = {
  alignment_to_reference: {
    writes: [[562805]],
    inputs: [[71, 122311, 20, 11, 11, 244623, 54494, 129, 495372, 23, 489247, 7]],
  },
  sort_sam: {
    writes: [[637120, 182880]],
    inputs: [[54494]],
  },
  dedup: {
    writes: [[637120, 187349]],
    inputs: [[54494]],
  },
  add_replace: {
    writes: [[18978, 637120]],
    inputs: [[54494]],
  },
  realign_target_creator: {
    writes: [[200]],
    inputs: [[71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 7]],
  },
  indel_realign: {
    writes: [
      [637120, 213067],
      [637120, 169111],
    ],
    inputs: [
      [71, 63, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 1, 7],
      [71, 63, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 18, 7],
    ],
  },
  haplotype_caller: {
    writes: [
      [378639, 55626],
      [378640, 130569],
      [378639, 73762],
      [378639, 128396],
      [378640, 145890],
      [378639, 19890],
      [378639, 139808],
      [378639, 137411],
      [378639, 14224],
      [378640, 98471],
      [378639, 51487],
      [378639, 78670],
      [378640, 150086],
      [378640, 145780],
      [378639, 136120],
      [378639, 117849],
      [378639, 92390],
      [378639, 14377],
    ],
    inputs: [
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 1],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 8],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 4],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 7],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 7],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 7],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 7],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 4],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 7],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 8],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 7],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 1],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 8],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 5],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 2],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 8],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 8],
      [71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 2],
    ],
  },
  genotype_gvcfs: {
    writes: [[415744, 142919]],
    inputs: [
      [1, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247],
      [4, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247],
      [7, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247],
      [6, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247],
      [8, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247],
      [6, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247],
      [7, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247],
      [5, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247],
      [6, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247],
    ],
  },
  merge_gcvf: {
    writes: [[145920, 1251500]],
    inputs: [[54494, 489247, 8, 20, 122311, 495372, 71, 23, 25, 244623, 129]],
  },
  combine_variants: {
    writes: [[1030139, 142884]],
    inputs: [[22, 71, 129, 23, 20, 122311, 244623, 54494, 495372, 489247]],
  },
  select_variants_indel: {
    writes: [[364020]],
    inputs: [[71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 7]],
  },
  select_variants_snp: {
    writes: [[432844]],
    inputs: [[71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 6]],
  },
  filtering_indel: {
    writes: [[380042, 153821]],
    inputs: [[71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 53]],
  },
  filtering_snp: {
    writes: [[459976, 190270]],
    inputs: [[71, 122311, 20, 244623, 54494, 129, 495372, 23, 489247, 8]],
  },
} satisfies Kinds;
