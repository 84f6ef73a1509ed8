/** Goal: an order log becomes opportunities as documented, also at cut units. Method: days of a calendar by hand. */
import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '@kiki/kernel';
import { PurchaseHistory } from '../purchase-history.js';
import { discreteRows } from './discrete-history.js';

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`) / DAY_MS;

function historyOf(orders: Readonly<Record<string, readonly string[]>>): PurchaseHistory {
  const history = new PurchaseHistory();
  for (const [id, days] of Object.entries(orders)) {
    for (const text of days) history.addDay(id, day(text), 1);
  }
  return history;
}

describe('opportunities of an order log', () => {
  const history = historyOf({
    // Monday 2025-01-06 begins a week, Sunday 2025-01-12 ends it.
    a: ['2025-01-06', '2025-01-12', '2025-01-13', '2025-01-28', '2025-01-14'],
    late: ['2025-02-03'],
  });

  it('are weeks from Monday on, the first one apart', () => {
    const rows = discreteRows(history, day('2025-02-02'), 'week');
    expect(rows).toEqual([{ frequency: 2, recency: 3, opportunities: 3, weight: 1 }]);
  });

  it('end with the last complete unit, and customers of a cut one are left out', () => {
    expect(discreteRows(history, day('2025-02-01'), 'week')).toEqual([
      { frequency: 1, recency: 1, opportunities: 2, weight: 1 },
    ]);
    expect(discreteRows(history, day('2025-02-08'), 'week')).toHaveLength(1);
    expect(discreteRows(history, day('2025-02-09'), 'week')).toEqual([
      { frequency: 0, recency: 0, opportunities: 0, weight: 1 },
      { frequency: 2, recency: 3, opportunities: 4, weight: 1 },
    ]);
  });

  it('are days, months or years of the calendar', () => {
    expect(discreteRows(history, day('2025-01-29'), 'day')).toEqual([
      { frequency: 4, recency: 22, opportunities: 23, weight: 1 },
    ]);
    const years = historyOf({ b: ['1970-01-01', '1975-01-01', '1977-01-01'], c: ['1970-05-01'] });
    expect(discreteRows(years, day('1979-12-31'), 'year')).toEqual([
      { frequency: 0, recency: 0, opportunities: 9, weight: 1 },
      { frequency: 2, recency: 7, opportunities: 9, weight: 1 },
    ]);
    expect(discreteRows(years, day('1970-04-30'), 'month')).toEqual([
      { frequency: 0, recency: 0, opportunities: 3, weight: 1 },
    ]);
  });

  it('are complete at the end where nobody ever buys later in a unit', () => {
    // The yearly log of BTYD's manual: all orders on 1 January, cut at 1977-01-01 after 7 opportunities.
    const years = historyOf({ a: ['1970-01-01', '1975-01-01', '1977-01-01'], b: ['1970-01-01'] });
    expect(discreteRows(years, day('1977-01-01'), 'year')).toEqual([
      { frequency: 0, recency: 0, opportunities: 7, weight: 1 },
      { frequency: 2, recency: 7, opportunities: 7, weight: 1 },
    ]);
    // A shop that is closed on Sundays: its weeks end on Saturday.
    const closed = historyOf({ a: ['2025-01-11', '2025-01-18', '2025-01-22'] });
    expect(discreteRows(closed, day('2025-01-25'), 'week')).toEqual([
      { frequency: 2, recency: 2, opportunities: 2, weight: 1 },
    ]);
    expect(discreteRows(closed, day('2025-01-24'), 'week')).toEqual([
      { frequency: 1, recency: 1, opportunities: 1, weight: 1 },
    ]);
    // Months of different length: 28 February is an end, 28 March is none after a 31 January.
    const months = historyOf({ a: ['2025-01-31', '2025-02-28', '2025-03-28'] });
    expect(discreteRows(months, day('2025-02-28'), 'month')).toMatchObject([{ opportunities: 1 }]);
    expect(discreteRows(months, day('2025-03-28'), 'month')).toMatchObject([{ opportunities: 1 }]);
    expect(discreteRows(months, day('2025-03-31'), 'month')).toMatchObject([{ opportunities: 2 }]);
  });
});
