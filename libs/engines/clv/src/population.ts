import type { AverageCustomer } from './explain.js';
import type { CustomerTable } from './statistics.js';

/** Mean statistics of a table; spend is the mean over repeat customers of their mean, 0 without any. */
export function averageCustomer(table: CustomerTable): AverageCustomer {
  const n = Math.max(1, table.customerIds.length);
  let [frequency, recency, age, spend, repeaters] = [0, 0, 0, 0, 0];
  for (let i = 0; i < table.customerIds.length; i++) {
    frequency += table.frequency[i] ?? 0;
    recency += table.recency[i] ?? 0;
    age += table.age[i] ?? 0;
    if ((table.frequency[i] ?? 0) === 0) continue;
    repeaters += 1;
    spend += table.spendMeanMicros[i] ?? 0;
  }
  return {
    frequency: frequency / n,
    recency: recency / n,
    age: age / n,
    spendMeanMicros: repeaters === 0 ? 0 : spend / repeaters,
  };
}
