import type { DataStore } from '@kiki/subject-data';

/** What all of SyncEngage's tables share. */
const OF_CUSTOMERS = { subjects: 'customers', onErase: 'deleted' } as const;

/** SyncEngage's part of the record of processing. */
export const ENGAGE_STORES: readonly DataStore[] = [
  {
    ...OF_CUSTOMERS,
    store: 'syncengage.profiles',
    categories: ['customer id', 'e-mail address', 'traits', 'subscription'],
    purpose: 'Writing to customers who want it',
    basis: 'consent',
    retention: 'until erased',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncengage.consent_changes',
    categories: ['customer id', 'consent to mail and its proof'],
    purpose: 'Proof of consent to mail and of its withdrawal',
    basis: 'legal obligation',
    retention: 'until erased; SyncShield keeps the pseudonymous proof',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncengage.privacy_signals',
    categories: ['customer id', 'Sec-GPC of a day'],
    purpose: 'Objections that browsers send, on their way to SyncShield',
    basis: 'legal obligation',
    retention: 'until erased',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncengage.anonymous_links',
    categories: ['customer id', 'device id'],
    purpose: 'Events before a login belong to the same person',
    basis: 'consent',
    retention: 'until erased',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncengage.events',
    categories: ['customer id', 'device id', 'events and their properties'],
    purpose: 'What a customer did: segments, orders, journeys',
    basis: 'consent',
    retention: 'until erased',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncengage.outbox',
    categories: ['customer id', 'orders'],
    purpose: 'Orders on their way to SyncValue, and what journeys brought',
    basis: 'contract',
    retention: 'until erased',
  },
  {
    ...OF_CUSTOMERS,
    store: 'syncengage.segment_members',
    categories: ['customer id', 'probability of being a customer still'],
    purpose: 'Whom to win back',
    basis: 'legitimate interest',
    retention: 'until the next refresh',
  },
  {
    store: 'syncengage.journey_assignments',
    subjects: 'customers',
    categories: ['customer id', 'arm of the experiment'],
    purpose: 'Whom a journey wrote to and whom it left alone: the measured lift',
    basis: 'legitimate interest',
    retention: 'as long as the journey is reported on',
    onErase: 'pseudonymised',
  },
  {
    store: 'syncengage.messages',
    subjects: 'customers',
    categories: ['customer id', "mail server's answer", 'cost'],
    purpose: 'At most one message per customer and journey, and what it cost',
    basis: 'legitimate interest',
    retention: 'as long as the journey is reported on',
    onErase: 'pseudonymised',
  },
];
