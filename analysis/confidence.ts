/** How far a mean of few samples can be trusted: Student's t interval. */

export interface Estimate {
  readonly mean: number;
  /** Ends of the 95% confidence interval of the mean; undefined: one sample tells nothing of it. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly n: number;
}

/**
 * mean ± t(0.975, n - 1) s / sqrt(n), for samples that are independent and about normal. NaN without
 * samples.
 */
export function estimate(samples: readonly number[]): Estimate {
  const n = samples.length;
  const mean = samples.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, low: undefined, high: undefined, n };
  const squares = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = studentT(n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { mean, low: mean - half, high: mean + half, n };
}

/** The 97.5% quantile of Student's t, for up to 10 degrees of freedom. */
const T = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];
/** Of the normal distribution. */
const Z = 1.959964;

/** Beyond the table: four terms around the normal quantile (Abramowitz and Stegun 26.7.5), off by less than 2e-4. */
export function studentT(freedom: number): number {
  const known = T[freedom - 1];
  if (known !== undefined) return known;
  return (
    Z +
    (Z ** 3 + Z) / (4 * freedom) +
    (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * freedom ** 2) +
    (3 * Z ** 7 + 19 * Z ** 5 + 17 * Z ** 3 - 15 * Z) / (384 * freedom ** 3)
  );
}
