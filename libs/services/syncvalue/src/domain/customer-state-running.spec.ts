/**
 * Goal: a state that takes rows in as they come equals, bit for bit, one rebuilt from all days. Method: random
 * purchases and refunds of few customers on few days, in any order and any chunks, by fast-check; the rows
 * that need the days are named one by one.
 */
import { describe, expect, it } from '@jest/globals';
import { PurchaseHistory } from '@kiki/clv';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import type { LedgerDay } from './customer-state.js';
import {
  advancedState,
  rebuiltState,
  type GrownDay,
  type RunningState,
} from './customer-state-running.js';

interface Event {
  readonly day: number;
  readonly micros: number;
  readonly isRefund: boolean;
}

/** One customer's ledger: days, and the state beside them. */
class Customer {
  readonly days = new Map<number, LedgerDay>();
  state: RunningState | undefined;
  rebuilds = 0;

  add(events: readonly Event[]): void {
    const grown = [...new Set(events.map(({ day }) => day))]
      .sort((a, b) => a - b)
      .map((day) =>
        this.grow(
          day,
          events.filter((event) => event.day === day),
        ),
      );
    const advanced = advancedState(this.state, grown);
    if (advanced === undefined) this.rebuilds += 1;
    this.state = advanced ?? this.rebuilt();
  }

  rebuilt(): RunningState {
    return rebuiltState([...this.days.values()].sort((a, b) => a.day - b.day));
  }

  private grow(day: number, events: readonly Event[]): GrownDay {
    const sum = (isRefund: boolean): number =>
      events.reduce((all, event) => all + (event.isRefund === isRefund ? event.micros : 0), 0);
    const refunds = events.filter(({ isRefund }) => isRefund).length;
    const gained = {
      purchases: events.length - refunds,
      purchaseMicros: sum(false),
      refunds,
      refundMicros: sum(true),
    };
    const known = this.days.get(day);
    const now = {
      day,
      purchases: (known?.purchases ?? 0) + gained.purchases,
      purchaseMicros: (known?.purchaseMicros ?? 0) + gained.purchaseMicros,
      refunds: (known?.refunds ?? 0) + refunds,
      refundMicros: (known?.refundMicros ?? 0) + gained.refundMicros,
    };
    this.days.set(day, now);
    return { ...now, gained };
  }
}

function chunksOf<T>(items: readonly T[], cuts: readonly number[]): T[][] {
  const chunks: T[][] = [];
  for (let from = 0, i = 0; from < items.length; i++) {
    const size = cuts[i % cuts.length] ?? 1;
    chunks.push(items.slice(from, from + size));
    from += size;
  }
  return chunks;
}

function fed(chunks: readonly (readonly Event[])[]): Customer {
  const customer = new Customer();
  for (const chunk of chunks) customer.add(chunk);
  return customer;
}

const purchase = (day: number, micros: number): Event => ({ day, micros, isRefund: false });
const refund = (day: number, micros: number): Event => ({ day, micros, isRefund: true });

const arbitraryEvent = fc.record({
  day: fc.integer({ min: -2, max: 9 }),
  micros: fc.integer({ min: 0, max: 6 }),
  isRefund: fc.constantFrom(false, false, true),
});
const arbitraryCuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
const runs = { numRuns: 5_000, seed: testSeed() };

describe('a running state', () => {
  it('equals the rebuilt one after every chunk, whatever comes in whatever order', () => {
    const events = fc.array(arbitraryEvent, { maxLength: 24 });
    fc.assert(
      fc.property(events, arbitraryCuts, (all, cuts) => {
        const customer = new Customer();
        for (const chunk of chunksOf(all, cuts)) {
          customer.add(chunk);
          expect(customer.state).toEqual(customer.rebuilt());
        }
      }),
      runs,
    );
  });

  it('equals what the engine makes of the same log in memory', () => {
    const event = arbitraryEvent.filter(({ isRefund, micros }) => !isRefund || micros > 0);
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 24 }), arbitraryCuts, (all, cuts) => {
        const log = new PurchaseHistory();
        for (const { day, micros, isRefund } of all)
          log.addDay('c', day, isRefund ? -micros : micros);
        const table = log.table(20, 'day');
        const { history } = fed(chunksOf(all, cuts)).state ?? {};
        expect(history === undefined).toBe(table.customerIds.length === 0);
        if (history === undefined) return;
        const { frequency, firstDay, lastDay, repeatMicros } = history;
        expect([frequency, lastDay - firstDay, 20 - firstDay]).toEqual([
          table.frequency[0],
          table.recency[0],
          table.age[0],
        ]);
        const mean = frequency === 0 ? 0 : repeatMicros / frequency;
        expect(Object.is(mean, table.spendMeanMicros[0])).toBe(true);
      }),
      runs,
    );
  });

  it('never needs the days for rows of ever later days, nor for purchases in any order', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryEvent, { maxLength: 30 }),
        arbitraryCuts,
        fc.boolean(),
        (all, cuts, isOrdered) => {
          const events = isOrdered
            ? all.map((event, i) => ({ ...event, day: i }))
            : all.filter(({ isRefund }) => !isRefund);
          expect(fed(chunksOf(events, cuts)).rebuilds).toBe(0);
        },
      ),
      runs,
    );
  });

  it.each([
    [
      'a refund between the first and the last purchase day',
      [purchase(1, 5), purchase(9, 5)],
      refund(4, 1),
      1,
    ],
    ['a refund on the last purchase day', [purchase(1, 5), purchase(9, 5)], refund(9, 7), 0],
    ['a refund before the first purchase', [purchase(3, 5), purchase(9, 5)], refund(1, 2), 0],
    [
      'a late purchase after covered refunds',
      [purchase(1, 5), purchase(5, 5), refund(6, 5)],
      purchase(4, 9),
      0,
    ],
    [
      'a late purchase after a refund of the first purchase',
      [purchase(1, 5), refund(6, 5)],
      purchase(4, 9),
      1,
    ],
    ['a purchase before a refund that found nothing', [refund(6, 5)], purchase(4, 9), 1],
    ['a purchase after a refund that found nothing', [refund(6, 5)], purchase(7, 9), 0],
    [
      'a purchase before all others',
      [purchase(5, 5), purchase(7, 2), refund(8, 1)],
      purchase(1, 9),
      0,
    ],
    ['sums beyond 2^53', [purchase(1, Number.MAX_SAFE_INTEGER)], purchase(2, 1), 1],
  ])('%s', (_, before, event, rebuilds) => {
    const customer = fed(before.map((one) => [one]));
    const already = customer.rebuilds;
    customer.add([event]);
    expect(customer.rebuilds - already).toBe(rebuilds);
    expect(customer.state).toEqual(customer.rebuilt());
  });
});
