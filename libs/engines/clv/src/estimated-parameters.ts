import type { Estimate } from './maximum-likelihood.js';
import type { FitWarning } from './warning.js';

/** Parameters as they were estimated: plain data. */
export interface EstimatedParameters {
  readonly parameters: Readonly<Record<string, number>>;
  readonly parameterNames: readonly string[];
  /** Of discrete models without the binomial coefficients, which no parameter touches. */
  readonly logLikelihood: number;
  /** Standard errors by name; null where the data do not determine them. */
  readonly standardErrors: Readonly<Record<string, number>> | null;
  /** In the order of `parameterNames`; null as above. */
  readonly covariance: readonly (readonly number[])[] | null;
  readonly customers: number;
  readonly evaluations: number;
  readonly hasConverged: boolean;
}

/** An estimate by names, standard errors by the delta method: d θ = θ d log θ. */
export function estimatedParameters(
  estimate: Estimate,
  parameterNames: readonly string[],
  customers: number,
): EstimatedParameters {
  const { theta, logCovariance, logLikelihood, evaluations, hasConverged } = estimate;
  const covariance =
    logCovariance?.map((row, i) =>
      row.map((value, j) => value * (theta[i] ?? 0) * (theta[j] ?? 0)),
    ) ?? null;
  const named = (values: ArrayLike<number>): Record<string, number> =>
    Object.fromEntries(parameterNames.map((name, i) => [name, values[i] ?? NaN]));
  return {
    parameters: named(theta),
    parameterNames,
    logLikelihood,
    standardErrors: covariance && named(covariance.map((row, i) => Math.sqrt(row[i] ?? 0))),
    covariance,
    customers,
    evaluations,
    hasConverged,
  };
}

/** What there is to say about an estimate. */
export function estimateWarnings(
  estimate: Estimate,
  { parameterNames, covariance }: EstimatedParameters,
  name: string,
): FitWarning[] {
  const warnings: FitWarning[] = [];
  for (const i of estimate.atBoundary) {
    const message = `Parameter ${parameterNames[i]} of ${name} ran off to a boundary.`;
    warnings.push({ code: 'parameter_at_boundary', message });
  }
  if (covariance === null) {
    const message = `${name} has no standard errors: a flat likelihood.`;
    warnings.push({ code: 'standard_errors_missing', message });
  }
  if (!estimate.hasConverged) {
    const message = `The fit of ${name} stopped before its gradient was zero.`;
    warnings.push({ code: 'not_converged', message });
  }
  return warnings;
}
