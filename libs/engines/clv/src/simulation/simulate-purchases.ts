import type { Random } from '@kiki/kernel';
import { invalid } from '../errors.js';
import { purchaseKind } from '../models/index.js';
import type { PurchaseModelKind } from '../models/purchase-kind.js';
import type { CustomerTable } from '../statistics.js';
import type { TimeUnit } from '../time-unit.js';
import { betaGeometricDraws } from './beta-geometric-draws.js';
import { nbdDraws, type CustomerDraws } from './customer-draws.js';
import { ggompertzNbdDraws } from './ggompertz-nbd-draws.js';
import { paretoNbdDraws } from './pareto-nbd-draws.js';

/** A purchase model with its parameters, fitted or made up; a fitted one is one of these. */
export interface PurchaseLaw {
  readonly kind: PurchaseModelKind;
  readonly timeUnit: TimeUnit;
  readonly parameters: Readonly<Record<string, number>>;
}

/** Whom to simulate: ages are uniform between the two, in the unit of the model. */
export interface SimulatedCohort {
  readonly customers: number;
  readonly minAge: number;
  readonly maxAge: number;
}

const DRAWS: Readonly<Record<PurchaseModelKind, CustomerDraws>> = {
  bg_nbd: betaGeometricDraws(0),
  mbg_nbd: betaGeometricDraws(1),
  pareto_nbd: paretoNbdDraws,
  ggompertz_nbd: ggompertzNbdDraws,
  nbd: nbdDraws,
};

/** How to draw customers of a kind of model. */
export function drawsOf(kind: PurchaseModelKind): CustomerDraws {
  return DRAWS[kind];
}

/** The parameters of a law in the order of its kind. @throws clv_parameter_invalid */
export function thetaOf({ kind, parameters }: PurchaseLaw): Float64Array {
  return Float64Array.from(purchaseKind(kind).parameterNames, (name) => {
    const value = parameters[name] ?? NaN;
    if (!(value > 0)) throw invalid(`parameters.${name}`, 'a number > 0');
    return value;
  });
}

/**
 * Customers as a model makes them; times are continuous, spend is 0. The same seed gives the same table.
 * @throws clv_parameter_invalid
 */
export function simulatePurchases(
  law: PurchaseLaw,
  { customers, minAge, maxAge }: SimulatedCohort,
  random: Random,
): CustomerTable {
  const [theta, draws] = [thetaOf(law), drawsOf(law.kind)];
  const [frequency, recency, age] = [0, 0, 0].map(() => new Float64Array(customers)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < customers; i++) {
    const T = minAge + (maxAge - minAge) * random.nextDouble();
    const history = draws.history(draws.newcomer(theta, random), T, random);
    [age[i], frequency[i], recency[i]] = [T, history.frequency, history.recency];
  }
  return {
    timeUnit: law.timeUnit,
    customerIds: Array.from(frequency, (_, i) => `simulated-${i}`),
    frequency,
    recency,
    age,
    spendMeanMicros: new Float64Array(customers),
  };
}
