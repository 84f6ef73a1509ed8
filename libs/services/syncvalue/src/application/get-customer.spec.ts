/**
 * Goal: nobody bought after the end of the observation. Method: a ledger whose terms are a moment older than the
 * customer's state, as leased views may be.
 */
import { describe, expect, it } from '@jest/globals';
import type { CustomerScores } from './customer-scores.js';
import { GetCustomer, type CustomerReport } from './get-customer.js';
import type { Ledger, LedgerDay } from './ledger.js';

const NEWEST_DAY = 20_000;

function dayOf(day: number): LedgerDay {
  return { day, purchases: 1, purchaseMicros: 5e6, refunds: 0, refundMicros: 0 };
}

/** What is said of somebody who bought on these days, by a view that ends with NEWEST_DAY. */
function reportOf(days: readonly number[]): Promise<CustomerReport> {
  const terms = { currency: 'EUR', timeZone: 'UTC', firstDay: 19_000, newestDay: NEWEST_DAY };
  const [firstDay = NaN, lastDay = NaN] = [days[0], days.at(-1)];
  const history = {
    firstDay,
    lastDay,
    frequency: days.length - 1,
    repeatMicros: 0,
    totalMicros: 0,
  };
  const state = { customerId: 'c', history, transactionCount: 1n, refundCount: 0n };
  const ledger = {
    view: () => Promise.resolve({ terms, labels: {}, changeCount: 1n }),
    states: () => Promise.resolve(new Map([['c', state]])),
    attributes: () => Promise.resolve(new Map()),
    days: (_tenant: string, _ids: string[], endDay: number) =>
      Promise.resolve(new Map([['c', days.filter((day) => day <= endDay).map(dayOf)]])),
  } as unknown as Ledger;
  const scores = { pass: () => Promise.resolve(undefined) } as unknown as CustomerScores;
  return new GetCustomer(ledger, scores).execute('shop', 'c', undefined);
}

describe('GetCustomer', () => {
  it('takes the state as it is when the view has seen it', async () => {
    const { history, asOfDay } = await reportOf([19_990, NEWEST_DAY]);
    expect([history?.firstDay, history?.lastDay, asOfDay]).toEqual([
      19_990,
      NEWEST_DAY,
      NEWEST_DAY,
    ]);
  });

  it('leaves out what came after the view was read', async () => {
    const { history, asOfDay } = await reportOf([19_990, NEWEST_DAY + 1]);
    expect([history?.lastDay, history?.frequency, asOfDay]).toEqual([19_990, 0, NEWEST_DAY]);
    expect((await reportOf([NEWEST_DAY + 1])).history).toBeUndefined();
  });
});
