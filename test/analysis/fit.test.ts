/** The optimisers on functions whose minimum is known. */

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type Fit,
  fit,
  type Point,
  type Polish,
  polish,
  type Residuals,
} from "../../analysis/fit.ts";
import { Streams } from "../../sim/streams.ts";

/** Answers all that the optimiser asks. */
function driven<R>(
  optimiser: Generator<readonly Point[], R, readonly Residuals[]>,
  residuals: (point: Point) => Residuals,
): R {
  let step = optimiser.next();
  while (step.done !== true) step = optimiser.next(step.value.map(residuals));
  return step.value;
}

const wide = { lower: [-10, -10], upper: [10, 10], difference: 1e-6, rounds: 200 };

function near(found: Point, wanted: Point, tolerance: number): void {
  for (const [index, value] of wanted.entries()) {
    assert.ok(Math.abs(found[index]! - value) < tolerance, `${found} is not near ${wanted}`);
  }
}

const slopes = suite("Levenberg-Marquardt");

slopes("a line through points: the least squares", () => {
  const points = [
    [0, 1],
    [1, 3],
    [2, 4],
    [3, 8],
  ] as const;
  const found = driven(fit({ ...wide, start: [0, 0] }), ([slope, at]) =>
    points.map(([x, y]) => slope! * x + at! - y),
  );
  // slope = Σ(x - 1.5)(y - 4) / Σ(x - 1.5)² = 11 / 5, at = 4 - 2.2 · 1.5
  near(found.point, [2.2, 0.7], 1e-4);
});

slopes("the banana valley of Rosenbrock, from afar", () => {
  const rosenbrock = ([x, y]: Point): Residuals => [10 * (y! - x! ** 2), 1 - x!];
  const found = driven(fit({ ...wide, start: [-1.2, 1] }), rosenbrock);
  near(found.point, [1, 1], 1e-3);
  assert.ok(found.cost < 1e-6);
});

slopes("a minimum outside is met at the bound", () => {
  const away = ([x, y]: Point): Residuals => [x! - 20, y! - 3];
  const found = driven(fit({ ...wide, start: [0, 0] }), away);
  near(found.point, [10, 3], 1e-3);
});

slopes("a parameter that nothing depends on stays where it was", () => {
  const found = driven(fit({ ...wide, start: [5, 4] }), ([x]) => [x! - 1]);
  near(found.point, [1, 4], 1e-3);
});

slopes("nothing outside the bounds is ever asked for", () => {
  const inside = ([x, y]: Point): Residuals => {
    assert.ok(x! >= 0 && x! <= 1 && y! >= 0 && y! <= 1, `${x} ${y}`);
    return [Math.exp(3 * x!) - 30, y! - 2];
  };
  const bounds = { lower: [0, 0], upper: [1, 1], difference: 0.1, rounds: 20 };
  near(driven(fit({ ...bounds, start: [1, 0] }), inside).point, [1, 1], 0.1);
});

slopes("no rounds: the start, and what it costs", () => {
  const found: Fit = driven(fit({ ...wide, rounds: 0, start: [3, 4] }), (point) => point);
  assert.equal([found.point, found.cost, found.rounds], [[3, 4], 25, 0]);
});

const chance = suite("polish");

/** A bowl with steps, on which slopes are 0 or endless. */
const stairs = ([x, y]: Point): Residuals =>
  [x! - 0.31, y! + 0.42].map((off) => Math.round(off * 100) / 100 + 0.001);

function polished(seed: string): Pick<Fit, "point" | "cost"> {
  const stream = new Streams(seed).stream("polish");
  const problem: Polish = {
    ...{ start: [0, 0], lower: [-1, -1], upper: [1, 1], spread: 0.1, generations: 60, size: 8 },
    draw: () => Math.log(stream.lognormal(1, 1)),
  };
  return driven(polish(problem), stairs);
}

chance("a stepped bowl: its lowest step", () => {
  near(polished("1").point, [0.31, -0.42], 0.01);
});

chance("the same draws, the same end", () => {
  assert.equal(polished("1"), polished("1"));
  assert.not.equal(polished("1"), polished("2"));
});

slopes.run();
chance.run();
