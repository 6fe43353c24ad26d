/**
 * Random runs for the engines: a small workflow of nested steps, a plan for it, a cluster, faults.
 * What is drawn is a tree of shapes; names, reads and edges follow from it, so every case is sound.
 */

import fc from "fast-check";
import type { Settings } from "../../../core/engine/settings.ts";
import type { Plan, Tag } from "../../../core/plan/plan.ts";
import type { Bytes, Micros } from "../../../core/units.ts";
import { compile } from "../../../core/workflow/compile.ts";
import { type Graph, OUTSIDE } from "../../../core/workflow/graph.ts";
import {
  type DatumSpec,
  fixed,
  type Step,
  SYNTHETIC,
  type TaskSpec,
  type WorkflowSpec,
} from "../../../core/workflow/spec.ts";
import { type Faults, NO_FAULTS } from "../../../sim/faults.ts";
import { ROUND_SETTINGS } from "./round-profile.ts";

const MS = 1_000;

type Shape =
  | { readonly tag: "task"; readonly task: TaskShape }
  | { readonly tag: "sequence"; readonly steps: readonly Shape[] }
  | { readonly tag: "parallel"; readonly steps: readonly Shape[] }
  | { readonly tag: "switch"; readonly branches: readonly (readonly Shape[])[]; taken: number }
  | { readonly tag: "foreach"; readonly list: number; readonly steps: readonly Shape[] };

interface TaskShape {
  readonly compute_ms: number;
  readonly sleep_ms: number;
  readonly size: number;
  /** How many items its list has; undefined: its datum is no list. */
  readonly items: number | undefined;
  /** Which of the data written before it reads. */
  readonly reads: readonly number[];
  readonly limit: number;
  readonly retries: number;
  readonly memory: number;
  readonly timeout_ms: number | undefined;
}

const anyTask: fc.Arbitrary<TaskShape> = fc.record({
  compute_ms: fc.nat({ max: 30 }),
  sleep_ms: fc.nat({ max: 30 }),
  size: fc.nat({ max: 300 }),
  items: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
  reads: fc.array(fc.nat({ max: 50 }), { maxLength: 3 }),
  limit: fc.integer({ min: 1, max: 3 }),
  retries: fc.nat({ max: 3 }),
  memory: fc.integer({ min: 1, max: 5 }).map((unit) => unit * 100),
  timeout_ms: fc.option(fc.integer({ min: 20, max: 400 }), { nil: undefined, freq: 8 }),
});

const anySteps: fc.Arbitrary<readonly Shape[]> = fc.letrec<{
  steps: readonly Shape[];
  step: Shape;
}>((tie) => ({
  steps: fc.array(tie("step"), { minLength: 1, maxLength: 3 }),
  step: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: fc.record({ tag: fc.constant("task" as const), task: anyTask }) },
    {
      weight: 1,
      arbitrary: fc.record({ tag: fc.constant("sequence" as const), steps: tie("steps") }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ tag: fc.constant("parallel" as const), steps: tie("steps") }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        tag: fc.constant("switch" as const),
        branches: fc.array(tie("steps"), { minLength: 1, maxLength: 3 }),
        taken: fc.nat({ max: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        tag: fc.constant("foreach" as const),
        list: fc.nat({ max: 20 }),
        steps: tie("steps"),
      }),
    },
  ),
})).steps;

/** Names tasks in the order of the steps, and lets each read of what has ended before it. */
class Builder {
  readonly tasks: TaskSpec[] = [];
  #names = 0;

  steps(shapes: readonly Shape[], before: readonly Known[]): Built {
    const steps: Step[] = [];
    let known = before;
    for (const shape of shapes) {
      const built = this.#step(shape, known);
      steps.push(...built.steps);
      known = built.known;
    }
    return { steps, known };
  }

  #step(shape: Shape, before: readonly Known[]): Built {
    switch (shape.tag) {
      case "task":
        return this.#task(shape.task, before);
      case "sequence": {
        const { steps, known } = this.steps(shape.steps, before);
        return { steps: [{ tag: "sequence", steps }], known };
      }
      case "parallel": {
        const built = shape.steps.map((step) => this.steps([step], before));
        const branches = built.map(({ steps }): Step => ({ tag: "sequence", steps }));
        return { steps: [{ tag: "parallel", branches }], known: union(before, built) };
      }
      case "switch": {
        const name = `s${this.#names++}`;
        const built = shape.branches.map((steps) => this.steps(steps, before));
        const cases = built.map(({ steps }, index) => ({
          when: { tag: "literal", value: index === shape.taken } as const,
          probability: undefined,
          steps,
        }));
        const last = shape.branches.length > 1 ? cases.pop() : undefined;
        const otherwise = last?.steps ?? [];
        return { steps: [{ tag: "switch", name, cases, otherwise }], known: union(before, built) };
      }
      case "foreach":
        return this.#foreach(shape, before);
      default:
        return shape satisfies never;
    }
  }

  #foreach(shape: Extract<Shape, { tag: "foreach" }>, before: readonly Known[]): Built {
    const lists = before.filter(({ walkable }) => walkable);
    const over = lists[shape.list % Math.max(1, lists.length)];
    if (over === undefined) return this.steps(shape.steps, before);
    const name = `f${this.#names++}`;
    const inside = before.map((datum) => (datum === over ? { ...datum, walkable: false } : datum));
    const body = this.steps(shape.steps, inside);
    const outside = body.known.slice(before.length).map((each) => ({ ...each, walkable: false }));
    return {
      steps: [{ tag: "foreach", name, over: over.name, steps: body.steps }],
      known: [...before, ...outside],
    };
  }

  #task(shape: TaskShape, before: readonly Known[]): Built {
    const name = `t${this.tasks.length}`;
    const picks = shape.reads.map((pick) => before[pick % Math.max(1, before.length)]?.name);
    const { items, limit, memory } = shape;
    const datum: DatumSpec = {
      name: "out",
      size: fixed(shape.size),
      items: items === undefined ? undefined : { count: fixed(items), sizes: [] },
      content: "filler",
      stored: true,
    };
    this.tasks.push({
      name,
      run: SYNTHETIC,
      compute: fixed(shape.compute_ms * MS),
      sleep: fixed(shape.sleep_ms * MS),
      cores: 1,
      reads: [...new Set(picks.filter((pick) => pick !== undefined))],
      writes: [datum],
      after: [],
      container: { memory: memory as Bytes, used: 0 as Bytes, limit, instances: 1, scale: 1 },
      retries: { limit: shape.retries, delay: (7 * MS) as Micros, backoff: 2 },
      timeout: shape.timeout_ms === undefined ? undefined : ((shape.timeout_ms * MS) as Micros),
    });
    const known = { name: `${name}.out`, walkable: items !== undefined };
    return { steps: [{ tag: "task", task: name }], known: [...before, known] };
  }
}

interface Known {
  readonly name: string;
  /** A list that a foreach at this place may walk. */
  readonly walkable: boolean;
}

interface Built {
  readonly steps: readonly Step[];
  readonly known: readonly Known[];
}

function union(before: readonly Known[], branches: readonly Built[]): readonly Known[] {
  return [...before, ...branches.flatMap(({ known }) => known.slice(before.length))];
}

const anySpec: fc.Arbitrary<WorkflowSpec> = anySteps.map((shapes) => {
  const builder = new Builder();
  const { steps } = builder.steps(shapes, []);
  return {
    name: "any",
    description: "",
    inputs: [],
    tasks: builder.tasks,
    steps,
    timeout: undefined,
  };
});

/** Vertices anywhere, in groups or each on its own; data where their readers are, or all remote. */
function planFor(
  graph: Graph,
  how: {
    readonly workers: number;
    readonly places: readonly number[];
    readonly grouped: boolean;
    readonly remote: boolean;
    readonly quota: number;
  },
): Plan {
  const workerOf = graph.vertices.map((_, id) => how.places[id % how.places.length]! % how.workers);
  const tagOf = graph.data.map(({ producer, readers }): Tag => {
    if (how.remote || producer === OUTSIDE) return "remote";
    const away = readers.filter((reader) => workerOf[reader] !== workerOf[producer]).length;
    if (away === 0) return "local";
    return away === readers.length ? "remote" : "both";
  });
  return {
    id: 0,
    version: 1,
    graph,
    partition: "raw",
    workerOf,
    groupOf: how.grouped ? workerOf : workerOf.map((_, id) => id),
    groupCount: how.grouped ? how.workers : workerOf.length,
    tagOf,
    quotaOf: Array.from({ length: how.workers }, () => how.quota as Bytes),
    criticalPath: [],
    criticalPathBefore_s: 0,
    criticalPathAfter_s: 0,
    chargedBytes: 0 as Bytes,
    overCommitted: false,
  };
}

const share = (max: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    fc.integer({ min: 1, max: 20 }).map((twentieth) => (max * twentieth) / 20),
  );

const ms = (max: number): fc.Arbitrary<Micros> =>
  fc.nat({ max }).map((value) => (value * MS) as Micros);

function anyFaults(workers: number): fc.Arbitrary<Faults> {
  const crash = fc
    .record({
      worker: fc.nat({ max: workers - 1 }),
      at: ms(600),
      after: fc.option(ms(400), { nil: undefined }),
    })
    .map(({ worker, at, after }) => {
      // The first worker always comes back: with none left, nothing could ever end.
      if (after === undefined && worker > 0) return { worker, at, back: undefined };
      return { worker, at, back: (at + (after ?? 0) + MS) as Micros };
    });
  return fc.record({
    crashes: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      fc.uniqueArray(crash, { maxLength: 2, selector: ({ worker }) => worker }),
    ),
    departures: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc
        .uniqueArray(fc.record({ worker: fc.integer({ min: 1, max: workers }), at: ms(600) }), {
          // The first worker stays: with none left, nothing could ever end.
          maxLength: workers - 1,
          selector: ({ worker }) => worker,
        })
        .map((all) => all.filter(({ worker }) => worker < workers)),
    ),
    masterCrashes: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.array(ms(600), { minLength: 1, maxLength: 2 }),
    ),
    slow: fc.constant([]),
    partitions: fc.constant([]),
    loss: share(0.3),
    redelivery: fc.integer({ min: 1, max: 50 }).map((value) => (value * MS) as Micros),
    duplication: share(0.5),
    delayed: share(0.5),
    delay: ms(100),
    storeErrors: share(0.2),
    executionErrors: share(0.2),
    detection: ms(200),
  });
}

/** One run: everything but the seed of the simulator's chance. */
export interface Case {
  readonly spec: WorkflowSpec;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly faults: Faults;
  readonly invocations: number;
  readonly clients: number;
  readonly seed: number;
}

export function anyCase(options: { readonly faults: boolean }): fc.Arbitrary<Case> {
  return fc.integer({ min: 1, max: 4 }).chain((workers) =>
    fc
      .record({
        spec: anySpec,
        places: fc.array(fc.nat({ max: 3 }), { minLength: 12, maxLength: 12 }),
        grouped: fc.boolean(),
        remote: fc.boolean(),
        quota: fc.oneof(fc.nat({ max: 1_000 }), fc.constant(1_000_000)),
        scheme: fc.constantFrom("worker-sp" as const, "master-sp" as const),
        memory: fc.oneof(fc.integer({ min: 500, max: 2_000 }), fc.constant(1_000_000)),
        keepAlive: fc.oneof(ms(50), fc.constant((10_000_000 * MS) as Micros)),
        tick: fc.oneof({ weight: 3, arbitrary: fc.constant(0 as Micros) }, ms(20)),
        poll: fc.boolean(),
        batch: fc.boolean(),
        follow: fc.boolean(),
        faults: options.faults ? anyFaults(workers) : fc.constant(NO_FAULTS),
        invocations: fc.integer({ min: 1, max: 3 }),
        clients: fc.integer({ min: 1, max: 3 }),
        seed: fc.nat({ max: 1_000 }),
      })
      .map((drawn) => {
        const { spec, faults, invocations, clients, seed } = drawn;
        const settings: Settings = {
          ...ROUND_SETTINGS,
          scheme: drawn.scheme,
          workers,
          workerMemory: drawn.memory as Bytes,
          keepAlive: drawn.keepAlive,
          dispatchTick: drawn.tick,
          pollBeforeAssign: drawn.poll,
          batchTriggers: drawn.batch,
          followPlan: drawn.follow,
        };
        const plan = planFor(compile(spec), { workers, ...drawn });
        return { spec, plan, settings, faults, invocations, clients, seed };
      }),
  );
}
