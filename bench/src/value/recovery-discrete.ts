import {
  fitBgBb,
  fitSubscriptions,
  simulateBgBb,
  simulateSubscriptions,
  type EstimatedParameters,
} from '@kiki/clv';
import { SeededRandom, type Random } from '@kiki/kernel';
import type { Figure, Target } from '../harness/benchmark.js';

const COHORTS = 200;
/** Truths lie within this factor of the published estimates. */
const SPREAD = 1.5;
const SEED = 9000;

/** One model of discrete time: a cohort made by it, fitted by it. */
interface DiscreteCase {
  readonly name: string;
  /** Published estimates: donations (2010), the Regular cohort (2007). */
  readonly centre: Readonly<Record<string, number>>;
  fit(truth: Readonly<Record<string, number>>, random: Random): EstimatedParameters;
}

const CASES: readonly DiscreteCase[] = [
  {
    name: 'bg_bb',
    centre: { alpha: 1.2035, beta: 0.7497, gamma: 0.6567, delta: 2.7834 },
    fit({ alpha = 1, beta = 1, gamma = 1, delta = 1 }, random) {
      const cohort = { customers: 4000, opportunities: 12 };
      return fitBgBb(simulateBgBb({ alpha, beta, gamma, delta }, cohort, random)).requested;
    },
  },
  {
    name: 'shifted_beta_geometric',
    centre: { alpha: 0.7041, beta: 1.182 },
    fit({ alpha = 1, beta = 1 }, random) {
      const cohort = { customers: 4000, opportunities: 12 };
      return fitSubscriptions([simulateSubscriptions({ alpha, beta }, cohort, random)]).model;
    },
  },
];

/** What the figures of {@link discreteRecovery} have to reach. */
export const DISCRETE_TARGETS: readonly Target[] = CASES.flatMap(({ name }) => [
  { figure: `${name}: finite fits`, relation: '>=' as const, bound: 1 },
  { figure: `${name}: parameters within 2 s.e.`, relation: '>=' as const, bound: 0.9 },
]);

/** 200 simulated cohorts for each model of discrete time. */
export function discreteRecovery(): Figure[] {
  return CASES.flatMap(recover);
}

function recover({ name, centre, fit }: DiscreteCase): Figure[] {
  let [finite, inside, judged] = [0, 0, 0];
  for (let cohort = 0; cohort < COHORTS; cohort++) {
    const random = new SeededRandom(SEED + cohort);
    const truth = truthNear(centre, random);
    const { parameters, standardErrors, logLikelihood } = fit(truth, random);
    const numbers = [logLikelihood, ...Object.values(parameters)];
    finite += numbers.every(Number.isFinite) && standardErrors !== null ? 1 : 0;
    for (const [parameter, value] of Object.entries(truth)) {
      const error = standardErrors?.[parameter] ?? 0;
      judged += 1;
      inside += Math.abs((parameters[parameter] ?? NaN) - value) <= 2 * error ? 1 : 0;
    }
  }
  const share = (what: string, value: number): Figure => {
    return { name: `${name}: ${what}`, unit: 'share', samples: [value] };
  };
  return [
    share('finite fits', finite / COHORTS),
    share('parameters within 2 s.e.', inside / judged),
  ];
}

function truthNear(
  centre: Readonly<Record<string, number>>,
  random: Random,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(centre).map(([name, value]) => {
      return [name, value * SPREAD ** (2 * random.nextDouble() - 1)];
    }),
  );
}
