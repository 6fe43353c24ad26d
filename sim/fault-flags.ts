/** `--fault` texts to the faults of a run. */

import { GATEWAY, nodeNamed, workerIndex, workerName } from "../core/node.ts";
import type { Micros } from "../core/units.ts";
import { nearest, quoted } from "../core/workflow/problem.ts";
import { readQuantity } from "../workflows/quantity.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";

type Draft = { -readonly [F in keyof Faults]: Faults[F] };

/** How each fault is written. The groups of its pattern are what `apply` reads. */
interface Form {
  readonly pattern: RegExp;
  readonly example: string;
  apply(draft: Draft, groups: readonly string[], reader: Reader): void;
}

const TIME = "([^@+.*]*(?:\\.\\d+)?[a-z]+|0)";
const SHARE = "([\\d.]+%)";

const FORMS: Readonly<Record<string, Form>> = {
  crash: {
    pattern: new RegExp(`^(worker-\\d+)@${TIME}(?:\\+${TIME})?$`),
    example: "crash=worker-3@5s, or with a return 10 s later: crash=worker-3@5s+10s",
    apply(draft, [worker, at, after], reader) {
      const start = reader.time(at!);
      const back = after === undefined ? undefined : ((start + reader.time(after)) as Micros);
      draft.crashes = [...draft.crashes, { worker: reader.worker(worker!), at: start, back }];
    },
  },
  leave: {
    pattern: new RegExp(`^(worker-\\d+)@${TIME}$`),
    example: "leave=worker-3@5s",
    apply(draft, [worker, at], reader) {
      const departure = { worker: reader.worker(worker!), at: reader.time(at!) };
      draft.departures = [...draft.departures, departure];
    },
  },
  "master-crash": {
    pattern: new RegExp(`^${TIME}$`),
    example: "master-crash=5s",
    apply(draft, [at], reader) {
      draft.masterCrashes = [...draft.masterCrashes, reader.time(at!)];
    },
  },
  slow: {
    pattern: new RegExp(`^(worker-\\d+)@${TIME}\\.\\.${TIME}\\*([\\d.]+)$`),
    example: "slow=worker-2@0s..60s*0.5",
    apply(draft, [worker, from, to, speed], reader) {
      const span = reader.span(from!, to!);
      const slow = { worker: reader.worker(worker!), ...span, speed: reader.speed(speed!) };
      draft.slow = [...draft.slow, slow];
    },
  },
  partition: {
    pattern: new RegExp(`^(worker-\\d+(?:,worker-\\d+)*)@${TIME}\\.\\.${TIME}$`),
    example: "partition=worker-1,worker-2@5s..8s",
    apply(draft, [workers, from, to], reader) {
      const cut = workers!.split(",").map((worker) => reader.worker(worker));
      draft.partitions = [...draft.partitions, { workers: cut, ...reader.span(from!, to!) }];
    },
  },
  loss: share("loss"),
  duplication: share("duplication"),
  delay: {
    pattern: new RegExp(`^${SHARE}\\*${TIME}$`),
    example: "delay=5%*20ms",
    apply(draft, [part, time], reader) {
      draft.delayed = reader.share(part!);
      draft.delay = reader.time(time!);
    },
  },
  "store-errors": share("storeErrors"),
  "execution-errors": share("executionErrors"),
  detection: {
    pattern: new RegExp(`^${TIME}$`),
    example: "detection=3s",
    apply(draft, [time], reader) {
      draft.detection = reader.time(time!);
    },
  },
  "no-redelivery": {
    pattern: /^$/,
    example: "no-redelivery",
    apply(draft) {
      draft.redelivery = undefined;
    },
  },
};

/** Those of which a run has only one. */
const ONCE = ["loss", "duplication", "delay", "store-errors", "execution-errors", "detection"];

function share(field: "loss" | "duplication" | "storeErrors" | "executionErrors"): Form {
  return {
    pattern: new RegExp(`^${SHARE}$`),
    example: "a percentage below 100%, such as 1%",
    apply(draft, [part], reader) {
      draft[field] = reader.share(part!);
    },
  };
}

/** Appends what is wrong to `problems`. */
export function readFaults(texts: readonly string[], workers: number, problems: string[]): Faults {
  const draft: Draft = { ...NO_FAULTS };
  for (const text of texts) {
    const [name = "", ...rest] = text.split("=");
    const form = FORMS[name];
    if (form === undefined) {
      const names = Object.keys(FORMS);
      const near = nearest(name, names);
      const hint = near === undefined ? `Faults: ${names.join(", ")}` : `Did you mean ${near}?`;
      problems.push(`--fault: ${quoted(name)} is not a fault. ${hint}`);
      continue;
    }
    const match = form.pattern.exec(rest.join("="));
    if (match === null) {
      problems.push(`--fault: cannot read ${quoted(text)}. Write it like ${form.example}.`);
      continue;
    }
    form.apply(draft, match.slice(1), new Reader(text, workers, problems));
  }
  checkUse(texts, problems);
  checkOverlaps(draft, problems);
  return draft;
}

/** A fault that says only how another one goes is nothing without that one. */
function checkUse(texts: readonly string[], problems: string[]): void {
  const given = (name: string): boolean => texts.some((text) => text.split("=")[0] === name);
  if (given("detection") && !given("crash")) {
    problems.push("--fault: detection has no effect without a crash. Leave it out.");
  }
  if (given("no-redelivery") && !given("loss") && !given("partition")) {
    problems.push("--fault: no-redelivery has no effect without loss or partition. Leave it out.");
  }
  for (const name of ONCE) {
    if (texts.filter((text) => text.split("=")[0] === name).length < 2) continue;
    problems.push(`--fault: ${name} is given twice. Give it once.`);
  }
}

/** A worker is down, or slow, once at a time; it leaves once. */
function checkOverlaps({ crashes, slow, departures }: Faults, problems: string[]): void {
  const leaving = departures.map(({ worker }) => worker);
  const again = leaving.find((worker, index) => leaving.indexOf(worker) < index);
  if (again !== undefined) {
    problems.push(`--fault: ${workerName(again)} leaves twice. Give leave once for each worker.`);
  }
  const down = crashes.map(({ worker, at, back }) => ({ worker, from: at, to: back ?? Infinity }));
  for (const [name, spans] of [["crash", down] as const, ["slow", slow] as const]) {
    const clash = spans.find((one, index) =>
      spans
        .slice(0, index)
        .some(({ worker, from, to }) => worker === one.worker && from < one.to && one.from < to),
    );
    if (clash === undefined) continue;
    const worker = workerName(clash.worker);
    problems.push(
      `--fault: two spans of ${name} of ${worker} overlap. Let one end before the other.`,
    );
  }
}

class Reader {
  readonly #text: string;
  readonly #workers: number;
  readonly #problems: string[];

  constructor(text: string, workers: number, problems: string[]) {
    this.#text = text;
    this.#workers = workers;
    this.#problems = problems;
  }

  time(text: string): Micros {
    const reading = readQuantity(text, "time");
    if (!reading.ok) this.#problem(reading.found, reading.remedy);
    return (reading.ok ? reading.value : 0) as Micros;
  }

  span(from: string, to: string): { from: Micros; to: Micros } {
    const span = { from: this.time(from), to: this.time(to) };
    if (span.from >= span.to) this.#problem("it ends before it begins", "Write FROM..TO.");
    return span;
  }

  /** `worker-3` is worker 2 of the run. */
  worker(name: string): number {
    const index = workerIndex(nodeNamed(name) ?? GATEWAY);
    if (index < 0 || index >= this.#workers) {
      const last = workerName(this.#workers - 1);
      this.#problem(`there is no ${name}`, `Workers are worker-1 to ${last}.`);
    }
    return Math.max(0, Math.min(index, this.#workers - 1));
  }

  share(text: string): number {
    const value = Number(text.slice(0, -1)) / 100;
    if (!(value >= 0 && value < 1)) this.#problem(`${text} is out of range`, "Give 0% to 99.9%.");
    return value;
  }

  speed(text: string): number {
    const value = Number(text);
    if (!(value > 0)) this.#problem(`the speed is ${quoted(text)}`, "Give a number above 0.");
    return value;
  }

  #problem(found: string, remedy: string): void {
    this.#problems.push(`--fault ${this.#text}: ${found}. ${remedy}`);
  }
}
