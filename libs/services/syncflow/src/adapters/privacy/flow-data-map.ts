import type { DataStore } from '@kiki/subject-data';

/** SyncFlow's part of the record of processing. */
export const FLOW_STORES: readonly DataStore[] = [
  {
    store: 'syncflow.decisions',
    subjects: 'customers',
    categories: ['customer id', 'expected value', 'price', 'channel'],
    purpose: 'Bids that the expected value of a customer justifies, and why they were made',
    basis: 'legitimate interest',
    retention: 'as long as the campaign is accounted for',
    onErase: 'pseudonymised',
  },
  {
    store: 'syncflow.outcomes',
    subjects: 'none',
    categories: ['price paid', 'conversion of an opportunity'],
    purpose: 'What became of bids; settles the money held for them',
    basis: 'legitimate interest',
    retention: 'as long as the campaign is accounted for',
    onErase: 'kept',
  },
  {
    store: 'queue:bids',
    subjects: 'customers',
    categories: ['customer id', 'channel'],
    purpose: 'Bid jobs on their way; finished ones for an hour, dead letters for 30 days',
    basis: 'legitimate interest',
    retention: '30 days',
    onErase: 'deleted',
  },
  {
    store: 'memory:customer-values',
    subjects: 'customers',
    categories: ['customer id', 'expected value'],
    purpose: 'Answers of SyncValue, kept for SYNCFLOW_VALUE_TTL_MS',
    basis: 'legitimate interest',
    retention: 'minutes',
    onErase: 'expires',
  },
];
