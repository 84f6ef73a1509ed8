import type { DataStore } from '@kiki/subject-data';

const OF_CUSTOMERS = {
  subjects: 'customers',
  basis: 'legitimate interest',
  retention: 'until erased',
  onErase: 'deleted',
} as const;

/** SyncValue's part of the record of processing. */
export const VALUE_STORES: readonly DataStore[] = [
  {
    ...OF_CUSTOMERS,
    store: 'syncvalue.transactions',
    categories: ['customer id', 'order id', 'instant and amount of orders and refunds'],
    purpose: 'What a customer is worth is learned from orders',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncvalue.customer_days',
    categories: ['customer id', 'orders per calendar day'],
    purpose: 'Histories that models are fitted to',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncvalue.customers',
    categories: ['customer id', 'frequency, recency and sum of orders'],
    purpose: 'The state that predictions read',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncvalue.customer_scores',
    categories: ['customer id', 'predicted value and probability of being a customer still'],
    purpose: 'Customers by value: whom to target',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncvalue.customer_attributes',
    categories: ['customer id', 'how the customer came: channel, campaign, country'],
    purpose: 'Values by acquisition',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncvalue.objections',
    categories: ['customer id'],
    purpose: 'Who does not want to be valued',
    basis: 'legal obligation',
  },
  {
    store: 'syncvalue.models',
    subjects: 'none',
    categories: ['parameters fitted to all customers together'],
    purpose: 'Predictions; nobody can be led back to from a dozen parameters of a population',
    basis: 'legitimate interest',
    retention: 'until deleted',
    onErase: 'kept',
  },
];
