import {
  fitPurchases,
  simulatePurchases,
  type PurchaseFit,
  type PurchaseModelKind,
} from '@kiki/clv';
import { SeededRandom } from '@kiki/kernel';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { DISCRETE_TARGETS, discreteRecovery } from './recovery-discrete.js';

const COHORTS = 200;
const COHORT = { customers: 4000, minAge: 26, maxAge: 78 };
/** Truths lie within this factor of CDNOW's estimates. */
const SPREAD = 1.5;

type Parameters = Readonly<Record<string, number>>;

/** Gamma/Gompertz/NBD is recovered by its spec: CDNOW has no hazard that grows, and its fits take seconds each. */
type RecoveredKind = Exclude<PurchaseModelKind, 'ggompertz_nbd'>;

/** CDNOW's estimates (23,570 customers, weeks): the middle of the truths. */
const CENTRES: Readonly<Record<RecoveredKind, Parameters>> = {
  nbd: { r: 0.385, alpha: 12.07 },
  bg_nbd: { r: 0.252, alpha: 4.79, a: 0.723, b: 2.16 },
  mbg_nbd: { r: 0.637, alpha: 7.31, a: 0.807, b: 1.23 },
  pareto_nbd: { r: 0.597, alpha: 11.59, s: 0.522, beta: 8.83 },
};
const KINDS = Object.keys(CENTRES) as RecoveredKind[];

/** Cohorts made by each model and fitted by it: does a fit find what made them, and never anything but a number? */
export const recoveryBench: Benchmark = {
  name: 'value.recovery',
  about: `${COHORTS} simulated cohorts of ${COHORT.customers} customers per model, fitted by the same model`,
  targets: [
    ...KINDS.flatMap((kind) => [
      { figure: `${kind}: finite fits`, relation: '>=' as const, bound: 1 },
      { figure: `${kind}: parameters within 2 s.e.`, relation: '>=' as const, bound: 0.9 },
    ]),
    ...DISCRETE_TARGETS,
  ],
  run: ({ note }: BenchOptions) => {
    const figures = KINDS.flatMap((kind, i) => {
      const found = recover(kind, 1000 * (i + 1));
      note(`${kind} done`);
      return found;
    });
    return Promise.resolve([...figures, ...discreteRecovery()]);
  },
};

function recover(kind: RecoveredKind, seed: number): Figure[] {
  let [finite, identified, inside, judged] = [0, 0, 0, 0];
  const seconds: number[] = [];
  for (let cohort = 0; cohort < COHORTS; cohort++) {
    const random = new SeededRandom(seed + cohort);
    const parameters = truthNear(CENTRES[kind], random);
    const table = simulatePurchases({ kind, timeUnit: 'week', parameters }, COHORT, random);
    const started = performance.now();
    const fit = fitPurchases(table, kind);
    seconds.push((performance.now() - started) / 1000);
    finite += isFiniteFit(fit) ? 1 : 0;
    if (fit.model.kind !== kind) continue;
    identified += 1;
    for (const [name, truth] of Object.entries(parameters)) {
      const error = fit.model.standardErrors?.[name] ?? 0;
      judged += 1;
      inside += Math.abs((fit.model.parameters[name] ?? NaN) - truth) <= 2 * error ? 1 : 0;
    }
  }
  const share = (name: string, value: number): Figure => {
    return { name: `${kind}: ${name}`, unit: 'share', samples: [value] };
  };
  return [
    share('finite fits', finite / COHORTS),
    share('fits that are not answered with NBD', identified / COHORTS),
    share('parameters within 2 s.e.', inside / judged),
    { name: `${kind}: fit`, unit: 's', samples: seconds },
  ];
}

function truthNear(centre: Parameters, random: SeededRandom): Record<string, number> {
  const entries = Object.entries(centre).map(([name, value]) => {
    return [name, value * SPREAD ** (2 * random.nextDouble() - 1)] as const;
  });
  return Object.fromEntries(entries);
}

function isFiniteFit({ model, requested }: PurchaseFit): boolean {
  return [model, requested].every(({ logLikelihood, parameters, standardErrors }) => {
    const numbers = [logLikelihood, ...Object.values(parameters)];
    numbers.push(...Object.values(standardErrors ?? {}));
    return numbers.every(Number.isFinite);
  });
}
