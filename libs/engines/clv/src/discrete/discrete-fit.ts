import { errors } from '../errors.js';
import {
  estimatedParameters,
  estimateWarnings,
  type EstimatedParameters,
} from '../estimated-parameters.js';
import { maximize } from '../maximum-likelihood.js';
import type { FitWarning } from '../warning.js';
import { betaBinomialLogLikelihood, bgBbLogLikelihood } from './bg-bb-likelihood.js';
import { groupDiscrete, type DiscreteRow } from './discrete-rows.js';

/** The models of discrete opportunities there are. */
export type DiscreteModelKind = 'bg_bb' | 'beta_binomial';

/** A fitted model of purchases at discrete opportunities: at most one purchase in each. */
export interface DiscreteModel extends EstimatedParameters {
  readonly kind: DiscreteModelKind;
}

/** A fit: the model to use, and what happened to the one that was asked for. */
export interface DiscreteFit {
  /** BG/BB, or the beta-binomial where the data show no dropout. */
  readonly model: DiscreteModel;
  readonly dropoutIdentified: boolean;
  readonly requested: DiscreteModel;
  /** The same without dropout: the yardstick. */
  readonly betaBinomial: DiscreteModel;
  readonly warnings: readonly FitWarning[];
}

/** AIC: two more parameters must gain more than two units of log-likelihood. */
const DROPOUT_GAIN = 2;
/** A dropout less likely than this per opportunity has run off to none at all. */
const VANISHING_DROPOUT = 1e-6;

const BETA_BINOMIAL_STARTS = [
  [0.5, 0.5],
  [1, 3],
  [3, 3],
];
const BG_BB_STARTS = [
  [1, 1, 0.5, 3],
  [0.5, 2, 1, 10],
  [2, 0.5, 0.3, 1],
  [1, 5, 1, 1],
];

/**
 * Fits BG/BB (Fader, Hardie, Shang 2010, "Customer-Base Analysis in a Discrete-Time Noncontractual Setting",
 * Marketing Science 29:6) by maximum likelihood: identical rows grouped, log-parameters, BFGS from several
 * starts. Falls back to the beta-binomial, with a warning, where dropout gains nothing.
 * @throws clv_statistics_invalid, clv_not_enough_data
 */
export function fitBgBb(rows: readonly DiscreteRow[]): DiscreteFit {
  const groups = groupDiscrete(rows);
  const customers = groups.reduce((sum, { weight }) => sum + weight, 0);
  const buyers = groups.reduce((sum, row) => sum + (row.frequency > 0 ? row.weight : 0), 0);
  if (customers < 10 || buyers < 3) {
    throw errors.clv_not_enough_data(
      `${customers} customers, ${buyers} with a purchase; at least 10 and 3 are needed.`,
    );
  }
  const simple = maximize({
    observations: customers,
    starts: BETA_BINOMIAL_STARTS,
    at: (theta, gradient) => betaBinomialLogLikelihood(theta, groups, gradient),
  });
  const full = maximize({
    observations: customers,
    starts: BG_BB_STARTS,
    at: (theta, gradient) => bgBbLogLikelihood(theta, groups, gradient),
  });
  const names = ['alpha', 'beta', 'gamma', 'delta'];
  const betaBinomial: DiscreteModel = {
    kind: 'beta_binomial',
    ...estimatedParameters(simple, names.slice(0, 2), customers),
  };
  const requested: DiscreteModel = {
    kind: 'bg_bb',
    ...estimatedParameters(full, names, customers),
  };
  const { gamma = NaN, delta = NaN } = requested.parameters;
  const dropoutIdentified =
    requested.logLikelihood - betaBinomial.logLikelihood > DROPOUT_GAIN &&
    gamma / (gamma + delta) > VANISHING_DROPOUT;
  const warnings = estimateWarnings(full, requested, 'BG/BB');
  if (!dropoutIdentified) {
    const message = 'The data show no dropout: the beta-binomial is as good as BG/BB and is used.';
    warnings.unshift({ code: 'dropout_not_identified', message });
  }
  const model = dropoutIdentified ? requested : betaBinomial;
  return { model, dropoutIdentified, requested, betaBinomial, warnings };
}
