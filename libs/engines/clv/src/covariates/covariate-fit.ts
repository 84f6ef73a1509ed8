import { errors } from '../errors.js';
import type { CustomerTable } from '../statistics.js';
import type { FitWarning } from '../warning.js';
import { fitKind, type FittedWithCovariates } from './covariate-estimate.js';
import { groupByCovariates, type Covariates } from './covariate-groups.js';
import type { CovariateModel } from './covariate-model.js';

/** A fit with covariates: the model to use, and what happened to the one that was asked for. */
export interface CovariateFit {
  /** Pareto/NBD, or NBD with the same covariates where the data show no dropout. */
  readonly model: CovariateModel;
  readonly dropoutIdentified: boolean;
  readonly requested: CovariateModel;
  readonly nbd: CovariateModel;
  readonly warnings: readonly FitWarning[];
}

/**
 * Fits Pareto/NBD with static covariates by maximum likelihood; covariates are standardised for the fit, coefficients
 * are per unit. Its dropout counts as identified where it gains more than its parameters (AIC) over NBD with the same
 * covariates.
 * @throws clv_not_enough_data, clv_statistics_invalid, clv_parameter_invalid
 */
export function fitWithCovariates(table: CustomerTable, covariates: Covariates): CovariateFit {
  const customers = groupByCovariates(table, covariates);
  if (!(customers.timeScale > 0)) throw errors.clv_not_enough_data();
  const problem = { customers, names: covariates.names, timeUnit: table.timeUnit };
  const nbd = fitKind('nbd', problem);
  const requested = fitKind('pareto_nbd', problem);
  const gain = requested.model.base.logLikelihood - nbd.model.base.logLikelihood;
  const dropoutIdentified = gain > 2 + covariates.names.length;
  return {
    model: dropoutIdentified ? requested.model : nbd.model,
    dropoutIdentified,
    requested: requested.model,
    nbd: nbd.model,
    warnings: warningsOf(requested, dropoutIdentified),
  };
}

function warningsOf(
  { model, estimate }: FittedWithCovariates,
  dropoutIdentified: boolean,
): FitWarning[] {
  const warnings: FitWarning[] = [];
  const warn = (code: FitWarning['code'], message: string): void => {
    warnings.push({ code, message });
  };
  if (!dropoutIdentified) {
    warn('dropout_not_identified', 'The data show no dropout: NBD with covariates is used.');
  }
  if (estimate.atBoundary.length > 0) {
    warn('parameter_at_boundary', 'A parameter or a coefficient ran off to a boundary.');
  }
  if (model.base.covariance === null) {
    warn(
      'standard_errors_missing',
      'No standard errors: covariates that say the same, or a ridge.',
    );
  }
  if (!estimate.hasConverged)
    warn('not_converged', 'The fit stopped before its gradient was zero.');
  return warnings;
}
