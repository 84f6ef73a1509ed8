import type { DataStore } from '@kiki/subject-data';

/** SyncCreate's part of the record of processing. */
export const CREATE_STORES: readonly DataStore[] = [
  {
    store: 'synccreate.jobs',
    subjects: 'none',
    categories: ['product and brand texts'],
    purpose: 'Creatives that were asked for; names of customers do not belong there',
    basis: 'contract',
    retention: 'SYNCCREATE retention of jobs',
    onErase: 'deleted',
  },
  {
    store: 'synccreate.creatives',
    subjects: 'none',
    categories: ['texts, layout and checks of a creative'],
    purpose: 'Creatives and where they came from',
    basis: 'contract',
    retention: 'as long as they are used',
    onErase: 'deleted',
  },
  {
    store: 'objects:creatives',
    subjects: 'none',
    categories: ['images'],
    purpose: 'The files of creatives',
    basis: 'contract',
    retention: 'as long as they are used',
    onErase: 'kept',
  },
];
