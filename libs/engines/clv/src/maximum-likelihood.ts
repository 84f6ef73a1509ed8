import { minimize, type Minimum, type Objective } from './numerics/bfgs.js';
import { hessian, inverseOfPositive } from './numerics/covariance.js';

/** A likelihood of positive parameters. */
export interface Likelihood {
  /** Number of observations; the mean is what is optimised. */
  readonly observations: number;
  readonly starts: readonly (readonly number[])[];
  /** log-likelihood; writes the gradient by the natural parameters. */
  readonly at: (theta: Float64Array, gradient: Float64Array) => number;
}

/** Where a likelihood is greatest. */
export interface Estimate {
  readonly theta: Float64Array;
  readonly logLikelihood: number;
  /** Covariance of the log-parameters; undefined where the information matrix is not positive definite. */
  readonly logCovariance: readonly (readonly number[])[] | undefined;
  readonly evaluations: number;
  readonly hasConverged: boolean;
  /** Positions of parameters that ran off towards 0 or infinity. */
  readonly atBoundary: readonly number[];
}

/** Parameters beyond e^±14 of the scaled problem count as having run off; beyond e^±18 nothing is tried. */
const BOUNDARY = 14;
const WALL = 18;

/** Maximum likelihood on log-parameters: a short run from each start, then the best one to convergence. */
export function maximize(likelihood: Likelihood): Estimate {
  const objective = negativeMean(likelihood);
  const probes = likelihood.starts.map((start) =>
    minimize(objective, start.map(Math.log), { maxIterations: 3 }),
  );
  probes.sort((a, b) => a.value - b.value);
  let best: Minimum | undefined;
  let evaluations = probes.reduce((sum, probe) => sum + probe.evaluations, 0);
  for (const probe of probes) {
    const found = minimize(objective, probe.x);
    evaluations += found.evaluations;
    if (best === undefined || found.value < best.value - 1e-12) best = found;
    if (best.hasConverged && !isAtBoundary(best)) break;
  }
  if (best === undefined) throw new RangeError('a likelihood needs at least one start');
  const information = hessian(objective, best.x).map((row) =>
    row.map((value) => value * likelihood.observations),
  );
  return {
    theta: best.x.map(Math.exp),
    logLikelihood: -best.value * likelihood.observations,
    logCovariance: inverseOfPositive(information),
    evaluations,
    hasConverged: best.hasConverged,
    atBoundary: [...best.x.keys()].filter((i) => Math.abs(best.x[i] ?? 0) > BOUNDARY),
  };
}

function isAtBoundary(minimum: Minimum): boolean {
  return minimum.x.some((value) => Math.abs(value) > BOUNDARY);
}

function negativeMean({ at, observations }: Likelihood): Objective {
  return (logTheta, gradient) => {
    if (logTheta.some((value) => !(Math.abs(value) <= WALL))) return Infinity;
    const theta = logTheta.map(Math.exp);
    const value = at(theta, gradient);
    for (let i = 0; i < theta.length; i++) {
      gradient[i] = (-(gradient[i] ?? 0) * (theta[i] ?? 0)) / observations;
    }
    return -value / observations;
  };
}
