import type { AverageCustomer, CustomerTable, ValuedCustomer } from '@kiki/clv';
import { NEWCOMER } from './predictor.js';

/** How far beyond anybody there is a probe goes. */
const BEYOND = 10;

/** A customer that a graph is tried on before it may serve, by a name for the message. */
export interface ProbedCustomer {
  readonly name: string;
  readonly customer: ValuedCustomer;
}

/**
 * The average customer, a new one, and the extremes of the population and beyond it: whoever they are, the answer
 * must be a number. Times in days.
 */
export function probedCustomers(table: CustomerTable, average: AverageCustomer): ProbedCustomer[] {
  const most = {
    frequency: greatest(table.frequency),
    recency: greatest(table.recency),
    age: greatest(table.age),
    spendMeanMicros: greatest(table.spendMeanMicros),
  };
  const age = Math.max(1, most.age);
  const many = Math.max(1, most.frequency);
  const recency = Math.max(1, Math.min(most.recency, age));
  const { spendMeanMicros } = most;
  const lone = { frequency: 0, recency: 0, spendMeanMicros: 0 };
  return [
    { name: 'the population’s mean', customer: average },
    { name: 'a new customer', customer: NEWCOMER },
    { name: 'the oldest customer with one purchase', customer: { ...lone, age } },
    { name: 'one ten times as old', customer: { ...lone, age: BEYOND * age } },
    {
      name: 'the busiest and best',
      customer: { frequency: many, recency, age, spendMeanMicros },
    },
    {
      name: 'one ten times as busy and as good',
      customer: {
        frequency: BEYOND * many,
        recency: BEYOND * recency,
        age: BEYOND * age,
        spendMeanMicros: BEYOND * spendMeanMicros,
      },
    },
    {
      name: 'one that just repeated',
      customer: { frequency: 1, recency: 1, age: 1, spendMeanMicros },
    },
    {
      name: 'one whose repeats brought nothing',
      customer: { frequency: 1, recency: 1, age, spendMeanMicros: 0 },
    },
  ];
}

function greatest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
