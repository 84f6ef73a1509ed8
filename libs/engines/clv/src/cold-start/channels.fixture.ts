import type { Random } from '@kiki/kernel';
import { gammaVariate } from '../numerics/sampling.js';
import { simulatePurchases, type PurchaseLaw } from '../simulation/index.js';
import { rowOf, tableOf, type CustomerStatistics, type CustomerTable } from '../statistics.js';
import {
  AttributeTableBuilder,
  type AcquisitionAttributes,
  type AttributeTable,
} from './attributes.js';

/** Customers and how they came. */
export interface Market {
  readonly table: CustomerTable;
  readonly attributes: AttributeTable;
  readonly of: readonly AcquisitionAttributes[];
}

/** What each value of each attribute does to the rate of purchases and to spends. */
export type Effects = Readonly<
  Record<string, Readonly<Record<string, readonly [rate: number, spend: number]>>>
>;

export const LAW: PurchaseLaw = {
  kind: 'pareto_nbd',
  timeUnit: 'week',
  parameters: { r: 0.8, alpha: 10, s: 0.6, beta: 12 },
};
const SPEND = { p: 6, q: 4, v: 15e6 };

/** Customers of a law whose rates and spends depend on how they came; every value is equally frequent. */
export function market(
  customers: number,
  effects: Effects,
  options: { readonly random: Random; readonly ages?: readonly [number, number] },
): Market {
  const { random, ages: [minAge, maxAge] = [10, 80] } = options;
  const { alpha = NaN } = LAW.parameters;
  const rows: CustomerStatistics[] = [];
  const of: AcquisitionAttributes[] = [];
  for (let i = 0; i < customers; i++) {
    const drawn = Object.entries(effects).map(([name, levels]) => {
      const all = Object.entries(levels);
      const [value = '', effect = [1, 1] as const] = all[random.nextInt(all.length)] ?? [];
      return { name, value, effect };
    });
    const [rate, spend] = [0, 1].map((k) =>
      drawn.reduce((product, { effect }) => product * (effect[k] ?? 1), 1),
    ) as [number, number];
    const law = { ...LAW, parameters: { ...LAW.parameters, alpha: alpha / rate } };
    const one = simulatePurchases(law, { customers: 1, minAge, maxAge }, random);
    const row = rowOf(one, 0);
    const micros = spendMean(row.frequency, SPEND.v * spend, random);
    rows.push({ ...row, customerId: String(i), spendMeanMicros: micros });
    of.push(Object.fromEntries(drawn.map(({ name, value }) => [name, value])));
  }
  return { table: tableOf(rows, 'week'), attributes: attributeTableOf(of), of };
}

export function attributeTableOf(
  all: readonly (AcquisitionAttributes | undefined)[],
): AttributeTable {
  const builder = new AttributeTableBuilder();
  all.forEach((own) => builder.add(own));
  return builder.build();
}

/** The mean of x gamma(p, ν) spends, ν ~ gamma(q, v). */
function spendMean(x: number, v: number, random: Random): number {
  if (x === 0) return 0;
  const nu = gammaVariate(random, SPEND.q, v);
  return gammaVariate(random, SPEND.p * x, nu) / x;
}
