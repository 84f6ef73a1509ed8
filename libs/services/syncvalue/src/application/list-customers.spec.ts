/**
 * Goal: a listing never ends early because its table went. Method: a store of tables that are swept between the two
 * reads of a page.
 */
import { describe, expect, it } from '@jest/globals';
import type { CustomerScore, CustomerScores } from './customer-scores.js';
import type { Ledger } from './ledger.js';
import { ListCustomers, type ListedCustomers, type ScorePosition } from './list-customers.js';

const GENERATION = 4n;
const LAST = { ltvMicros: 7n, customerId: 'c7' };

/** Asks for a page of two; the table goes after it was looked up where `isSwept`. */
function pageOf(
  rows: readonly Partial<CustomerScore>[],
  { isSwept = false, position }: { isSwept?: boolean; position?: ScorePosition } = {},
): Promise<ListedCustomers> {
  let tables = new Map([[GENERATION, rows]]);
  const scores = {
    pass: (_tenant: string, generation = GENERATION) => {
      const found = tables.has(generation) ? { generation, asOfDay: 20_000 } : undefined;
      if (isSwept) tables = new Map();
      return Promise.resolve(found);
    },
    list: (_tenant: string, { generation }: { generation: bigint }) =>
      Promise.resolve(tables.get(generation) ?? []),
  } as unknown as CustomerScores;
  const terms = { currency: 'EUR', timeZone: 'UTC' };
  const ledger = { view: () => Promise.resolve({ terms }) } as unknown as Ledger;
  const listing = new ListCustomers(scores, ledger);
  return listing.execute('shop', { tier: undefined, limit: 2, position });
}

describe('ListCustomers', () => {
  const rows = ['a', 'b', 'c'].map((customerId) => ({ customerId, ltvMicros: 1n }));
  const position = { generation: GENERATION, after: LAST };

  it('says that its table is gone instead of ending, on the first page and later', async () => {
    const refreshed = expect.objectContaining({ code: 'scores_refreshed' });
    await expect(pageOf(rows, { isSwept: true, position })).rejects.toEqual(refreshed);
    await expect(pageOf(rows, { isSwept: true })).rejects.toEqual(refreshed);
  });

  it('ends where nobody is left', async () => {
    expect(await pageOf([], { position })).toMatchObject({ customers: [], next: undefined });
  });

  it('goes on after the last of a page', async () => {
    const { customers, next } = await pageOf(rows);
    expect(customers.map(({ customerId }) => customerId)).toEqual(['a', 'b']);
    expect(next).toMatchObject({ generation: GENERATION, after: { customerId: 'b' } });
  });
});
