/**
 * Goal: merging by day and netting refunds are exact and forget the order of arrival. Method: examples and
 * properties.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PurchaseHistory } from './purchase-history.js';
import { rowOf } from './statistics.js';

const transaction = fc.record({
  customerId: fc.constantFrom('a', 'b', 'c'),
  day: fc.integer({ min: 0, max: 30 }),
  micros: fc.integer({ min: -500, max: 1000 }),
});

describe('PurchaseHistory', () => {
  it('merges the purchases of a calendar day of the time zone', () => {
    const at = (iso: string) => ({ customerId: 'a', atMs: Date.parse(iso), amountMicros: 5n });
    const [utc, berlin] = [new PurchaseHistory(), new PurchaseHistory('Europe/Berlin')];
    for (const history of [utc, berlin]) {
      history.add(at('2026-01-01T10:00:00Z'));
      history.add(at('2026-01-01T22:30:00Z'));
      history.add(at('2026-01-01T23:30:00Z'));
    }
    expect(rowOf(utc.table(utc.lastDay, 'day'), 0)).toMatchObject({ frequency: 0 });
    expect(rowOf(berlin.table(berlin.lastDay, 'day'), 0)).toMatchObject({
      frequency: 1,
      recency: 1,
      spendMeanMicros: 5,
    });
  });

  it('takes a refund off the latest purchase before it, then off earlier ones, never below zero', () => {
    const history = new PurchaseHistory();
    history.addDay('a', 10, 100);
    history.addDay('a', 12, 30);
    history.addDay('a', 20, 50);
    history.addDay('a', 15, -40);
    expect(rowOf(history.table(30, 'day'), 0)).toMatchObject({ frequency: 2, spendMeanMicros: 25 });
    history.addDay('a', 16, -1000);
    expect(rowOf(history.table(30, 'day'), 0)).toMatchObject({ frequency: 2, spendMeanMicros: 25 });
    expect(history.actuals(['a'], 9, 30)).toEqual({
      purchases: Float64Array.of(3),
      spendMicros: Float64Array.of(50),
    });
  });

  it('does not see the future', () => {
    fc.assert(
      fc.property(fc.array(transaction), fc.integer({ min: 0, max: 30 }), (all, endDay) => {
        const [whole, past] = [new PurchaseHistory(), new PurchaseHistory()];
        for (const { customerId, day, micros } of all) {
          whole.addDay(customerId, day, micros);
          if (day <= endDay) past.addDay(customerId, day, micros);
        }
        const sorted = (history: PurchaseHistory) => {
          const table = history.table(endDay, 'week');
          const rows = table.customerIds.map((_, i) => rowOf(table, i));
          return rows.sort((x, y) => (x.customerId < y.customerId ? -1 : 1));
        };
        expect(sorted(whole)).toEqual(sorted(past));
      }),
    );
  });

  it('forgets the order of arrival', () => {
    fc.assert(
      fc.property(fc.array(transaction), (all) => {
        const [forth, back] = [new PurchaseHistory(), new PurchaseHistory()];
        for (const { customerId, day, micros } of all) forth.addDay(customerId, day, micros);
        for (const { customerId, day, micros } of [...all].reverse()) {
          back.addDay(customerId, day, micros);
        }
        expect(back.actuals(['a', 'b', 'c'], -1, 99)).toEqual(
          forth.actuals(['a', 'b', 'c'], -1, 99),
        );
        expect([back.firstDay, back.lastDay]).toEqual([forth.firstDay, forth.lastDay]);
      }),
    );
  });

  it('refuses a time zone that does not exist', () => {
    expect(() => new PurchaseHistory('Mars/Olympus')).toThrow(
      expect.objectContaining({ code: 'clv_parameter_invalid' }),
    );
  });
});
