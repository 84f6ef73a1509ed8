/**
 * Goal: what real newcomers tell of the two attributes that a real log has. Method: learn on Online Retail's customers
 * acquired up to a day, score those acquired after it by what they had bought again when the log ends. Country tells
 * little (nine tenths are British), the size of the first order tells what later ones bring.
 */
import { readFileSync } from 'node:fs';
import { expect, it, jest } from '@jest/globals';
import { describeWithData } from '@kiki/testing';
import { PurchaseForecaster } from '../forecast.js';
import { dayOf, onlineRetailHistory, RETAIL_CALIBRATION_END } from '../order-logs.fixture.js';
import { fitPurchases } from '../purchase-fit.js';
import type { PurchaseHistory } from '../purchase-history.js';
import { fitSpend } from '../spend-model.js';
import { rowOf } from '../statistics.js';
import { learnAcquisition, type AcquisitionModel } from './acquisition-model.js';
import { AcquisitionPriors } from './acquisition-prior.js';
import type { AcquisitionAttributes } from './attributes.js';
import { attributeTableOf } from './channels.fixture.js';

jest.setTimeout(120_000);

const LOG_END = dayOf('2011-12-09');

interface Errors {
  /** Of the repeat purchases of all newcomers, squared. */
  readonly purchases: number;
  /** Of the mean repeat spend of those who bought again, absolute. */
  readonly spend: number;
}

describeWithData('ltv/online_retail_invoices.csv', 'newcomers of Online Retail', (path) => {
  const text = readFileSync(path, 'utf8');
  const history = onlineRetailHistory(text);
  const first = firstOrders(text);

  it('are expected no worse for knowing their country', () => {
    const { model, own, population } = study(history, (id) => {
      const { country = '' } = first.get(id) ?? {};
      return { country };
    });
    expect(model.customers).toBe(2800);
    // Not one country's customers come back more or less often than chance allows.
    expect(model.effects.map(([, , , purchases]) => purchases)).toEqual([1, 1, 1]);
    expect(own.purchases).toBe(population.purchases);
    expect(own.spend).toBeLessThan(population.spend);
  });

  it('are expected to spend by the size of their first order', () => {
    const { own, population } = study(history, (id) => ({
      first_order: sizeOf(first.get(id)?.amount ?? 0),
    }));
    expect(own.purchases).toBeLessThan(1.005 * population.purchases);
    expect(own.spend).toBeLessThan(0.94 * population.spend);
  });
});

/** Country and amount of each customer's first order that is no cancellation; the file is in order of time. */
function firstOrders(text: string): Map<string, { country: string; amount: number }> {
  const first = new Map<string, { country: string; amount: number }>();
  for (const line of text.split('\n').slice(1)) {
    const [, id = '', , country = '', amount = ''] = line.split(',');
    if (id !== '' && Number(amount) > 0 && !first.has(id)) {
      first.set(id, { country, amount: Number(amount) });
    }
  }
  return first;
}

function sizeOf(amount: number): string {
  return amount < 150 ? 'small' : amount < 300 ? 'medium' : amount < 600 ? 'large' : 'huge';
}

function study(
  history: PurchaseHistory,
  attributesFor: (id: string) => AcquisitionAttributes,
): { readonly model: AcquisitionModel; readonly own: Errors; readonly population: Errors } {
  const past = history.table(RETAIL_CALIBRATION_END, 'week');
  const purchases = fitPurchases(past, 'pareto_nbd').model;
  const spendMean = fitSpend(past).model.populationMeanMicros;
  const model = learnAcquisition(
    past,
    attributeTableOf(past.customerIds.map(attributesFor)),
    purchases,
  );
  if (model === undefined) throw new Error('nothing was learned');
  const [forecaster, priors] = [new PurchaseForecaster(purchases), new AcquisitionPriors(model)];
  const known = new Set(past.customerIds);
  const own = { purchases: 0, spend: 0 };
  const population = { purchases: 0, spend: 0 };
  const later = history.table(LOG_END, 'week');
  later.customerIds.forEach((id, i) => {
    if (known.has(id)) return;
    const { frequency, age, spendMeanMicros } = rowOf(later, i);
    const prior = priors.of(attributesFor(id));
    const expected = forecaster.expectedNewPurchases(age);
    population.purchases += (expected - frequency) ** 2;
    own.purchases += ((prior?.purchases ?? 1) * expected - frequency) ** 2;
    if (frequency === 0) return;
    population.spend += Math.abs(spendMean - spendMeanMicros);
    own.spend += Math.abs((prior?.spend ?? 1) * spendMean - spendMeanMicros);
  });
  return { model, own, population };
}
