/**
 * Goal: static covariates are found, in their own units, and change nothing where they say nothing. Method: simulated
 * customers whose rates depend on known covariates; finite differences; another scale of the same covariate.
 */
import { describe, expect, it, jest } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { purchaseKind } from '../models/index.js';
import { fitPurchases } from '../purchase-fit.js';
import { simulatePurchases, type PurchaseLaw } from '../simulation/index.js';
import { rowOf, tableOf, type CustomerTable } from '../statistics.js';
import { fitWithCovariates } from './covariate-fit.js';
import { groupByCovariates, type Covariates } from './covariate-groups.js';
import { covariateLikelihood, SCALED_PARAMETERS } from './covariate-likelihood.js';
import { modelOfCustomer } from './covariate-model.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const LAW: PurchaseLaw = {
  kind: 'pareto_nbd',
  timeUnit: 'week',
  parameters: { r: 1.2, alpha: 10, s: 0.9, beta: 12 },
};
const COHORT = { customers: 1, minAge: 40, maxAge: 80 };

interface Study {
  readonly table: CustomerTable;
  readonly covariates: Covariates;
}

/** Customers who came by a campaign (yes or no) and have an age in years. */
function study(customers: number, purchase: readonly number[], dropout: readonly number[]): Study {
  const random = new SeededRandom(testSeed());
  const columns = [new Float64Array(customers), new Float64Array(customers)] as const;
  const { alpha = NaN, beta = NaN } = LAW.parameters;
  const rows = Array.from({ length: customers }, (_, i) => {
    const z = [random.nextInt(2), 20 + random.nextInt(40)];
    columns.forEach((column, k) => (column[i] = z[k] ?? 0));
    const effect = (by: readonly number[]): number =>
      Math.exp(-z.reduce((sum, value, k) => sum + value * (by[k] ?? 0), 0));
    const parameters = {
      ...LAW.parameters,
      alpha: alpha * effect(purchase),
      beta: beta * effect(dropout),
    };
    const own = simulatePurchases({ ...LAW, parameters }, COHORT, random);
    return { ...rowOf(own, 0), customerId: String(i) };
  });
  return { table: tableOf(rows, 'week'), covariates: { names: ['campaign', 'years'], columns } };
}

describe('Pareto/NBD with static covariates', () => {
  const purchase = [0.6, -0.02];
  const dropout = [-0.8, 0.03];
  const { table, covariates } = study(4000, purchase, dropout);
  const fit = fitWithCovariates(table, covariates);

  it('finds parameters and coefficients of simulated customers', () => {
    expect(fit).toMatchObject({ dropoutIdentified: true, warnings: [] });
    for (const [name, truth] of Object.entries(LAW.parameters)) {
      const error = fit.model.base.standardErrors?.[name] ?? 0;
      const off = Math.abs((fit.model.base.parameters[name] ?? NaN) - truth);
      expect(off).toBeLessThan(3 * error);
    }
    const { purchaseEffects, dropoutEffects } = fit.model;
    const found = [...purchaseEffects, ...dropoutEffects];
    [...purchase, ...dropout].forEach((truth, i) => {
      const { coefficient = NaN, standardError } = found[i] ?? {};
      expect(standardError).toBeGreaterThan(0);
      expect(Math.abs(coefficient - truth)).toBeLessThan(3 * (standardError ?? 0));
    });
    const without = fitPurchases(table, 'pareto_nbd').model.logLikelihood;
    expect(fit.model.base.logLikelihood).toBeGreaterThan(without + 50);
  });

  it('gives each customer a plain model', () => {
    const [yes, no] = [modelOfCustomer(fit.model, [1, 30]), modelOfCustomer(fit.model, [0, 30])];
    const kind = purchaseKind('pareto_nbd');
    const expected = (model: typeof yes): number =>
      kind.expectedPurchases(
        model.parameterNames.map((name) => model.parameters[name] ?? NaN),
        52,
      );
    expect(expected(yes)).toBeGreaterThan(expected(no) * 1.5);
    expect(modelOfCustomer(fit.model, [0, 0]).parameters).toEqual(fit.model.base.parameters);
  });

  it('does not care about the unit or the zero of a covariate', () => {
    const [campaign = [], years = []] = covariates.columns;
    const moved = Float64Array.from(years, (value) => 12 * value - 300);
    const other = fitWithCovariates(table, { ...covariates, columns: [campaign, moved] });
    const { base, purchaseEffects } = other.model;
    expect(base.logLikelihood).toBeCloseTo(fit.model.base.logLikelihood, 5);
    const coefficient = fit.model.purchaseEffects[1]?.coefficient ?? NaN;
    expect((purchaseEffects[1]?.coefficient ?? NaN) * 12).toBeCloseTo(coefficient, 5);
    const [ours, theirs] = [
      modelOfCustomer(fit.model, [1, 40]).parameters,
      modelOfCustomer(other.model, [1, 180]).parameters,
    ];
    for (const [name, value] of Object.entries(ours)) {
      expect(Math.abs((theirs[name] ?? NaN) / value - 1)).toBeLessThan(1e-4);
    }
  });

  it('has the gradient that differences of its likelihood have', () => {
    const { groups } = groupByCovariates(table, covariates);
    const kind = purchaseKind('pareto_nbd');
    const at = covariateLikelihood(kind, SCALED_PARAMETERS.pareto_nbd, groups.slice(0, 20));
    const theta = Float64Array.from([0.7, 0.4, 0.9, 0.5, 1.3, 0.8, 0.7, 1.2]);
    const gradient = new Float64Array(theta.length);
    at(theta, gradient);
    const scratch = new Float64Array(theta.length);
    theta.forEach((value, i) => {
      const step = 1e-6 * value;
      const moved = (by: number): number =>
        at(
          theta.map((other, j) => (i === j ? other + by : other)),
          scratch,
        );
      const difference = (moved(step) - moved(-step)) / (2 * step);
      const size = Math.max(1, Math.abs(difference));
      expect(Math.abs((gradient[i] ?? NaN) - difference) / size).toBeLessThan(1e-6);
    });
  });
});

describe('covariates that say nothing', () => {
  it('get coefficients near zero and no better likelihood than chance gives', () => {
    const { table, covariates } = study(1500, [0, 0], [0, 0]);
    const { model } = fitWithCovariates(table, covariates);
    const gain = model.base.logLikelihood - fitPurchases(table, 'pareto_nbd').model.logLikelihood;
    // Twice the gain is chi-square with four degrees of freedom: above 12 with a chance of 1e-4.
    expect(gain).toBeGreaterThan(-1e-6);
    expect(gain).toBeLessThan(12);
  });

  it('or the same twice have no standard errors, which is said', () => {
    const { table, covariates } = study(400, [0.5, 0], [0, 0]);
    const [campaign = []] = covariates.columns;
    const twice = { names: ['a', 'b'], columns: [campaign, campaign] };
    const fit = fitWithCovariates(table, twice);
    expect(Number.isFinite(fit.model.base.logLikelihood)).toBe(true);
    expect(fit.warnings.map(({ code }) => code)).toContain('standard_errors_missing');
  });

  it('are refused where they are none', () => {
    const { table, covariates } = study(20, [0, 0], [0, 0]);
    const [campaign = [], years = []] = covariates.columns;
    const bad = [
      { names: ['campaign'], columns: covariates.columns },
      { names: ['campaign', 'years'], columns: [campaign, [1, 2]] },
      { names: ['campaign', 'years'], columns: [Array.from(campaign, () => 1), years] },
      { names: ['campaign', 'years'], columns: [Array.from(campaign, () => NaN), years] },
    ];
    for (const covariatesOfNobody of bad) {
      expect(() => fitWithCovariates(table, covariatesOfNobody)).toThrow(
        expect.objectContaining({ code: 'clv_parameter_invalid' }),
      );
    }
  });

  it('leave a population without dropout to NBD', () => {
    const random = new SeededRandom(testSeed());
    const law: PurchaseLaw = { kind: 'nbd', timeUnit: 'week', parameters: { r: 1, alpha: 10 } };
    const table = simulatePurchases(law, { ...COHORT, customers: 800 }, random);
    const column = Float64Array.from(table.customerIds, () => random.nextInt(2));
    const fit = fitWithCovariates(table, { names: ['coin'], columns: [column] });
    expect(fit).toMatchObject({ dropoutIdentified: false, model: { dropoutEffects: [] } });
    expect(fit.model.base.kind).toBe('nbd');
    expect(fit.warnings.map(({ code }) => code)).toContain('dropout_not_identified');
  });
});
