/**
 * Goal: every share of a limit that spending reaches is found once per slot and limit, and nothing that is not
 * reached. Method: random spending against a plain recomputation; the marks are kept as the store keeps them.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BookChanges } from '../book.js';
import { BudgetTree, type Budget, type Cap } from '../budget.js';
import { CounterBook } from '../counter-book.js';
import type { Entry } from '../entry.js';
import { markSlot } from './crossing.js';
import { breachCrossings, movedBudgets, pauseEvents, reachedShares } from './find-crossings.js';

const DAY = 86_400_000;
const total: Cap = { capNo: 1, id: 'total', kind: 'total', measure: 'micros', limit: 1_000n };
const day: Cap = {
  ...total,
  capNo: 2,
  id: 'day',
  kind: 'calendar_day',
  limit: 300n,
  timeZone: 'UTC',
};
const rate: Cap = { ...total, capNo: 3, id: 'rate', kind: 'rate', windowMs: 1_000, burst: 5n };
const meter: Cap = { ...total, capNo: 4, id: '$meter', kind: 'meter' };
const actions: Cap = { ...total, capNo: 5, id: 'actions', measure: 'actions', limit: 4n };

const budget = (budgetNo: bigint, parentNo: bigint | undefined, caps: Cap[]): Budget => ({
  ...{ budgetNo, id: `b${budgetNo}`, parentNo, depth: 0, name: 'b', currency: 'EUR' },
  ...{ isPaused: false, pausesOnExternal: false, caps },
});
const root = budget(1n, undefined, [meter, total, rate]);
const leaf = budget(2n, 1n, [{ ...meter, capNo: 6 }, day, actions]);
const other = budget(3n, 1n, [{ ...meter, capNo: 7 }]);
const tree = new BudgetTree([root, leaf, other]);
const percentsOf = (): readonly number[] => [50, 80, 100];
const shardAt = (nowMs: number) => ({ shardNo: 1, tenant: 't', tree, nowMs, percentsOf });

const shards = new Map([[1, shardAt(0)]]);

const NOTHING: BookChanges = {
  ...{ newHolds: [], changedHolds: [], newSettlements: [], newEntries: [], breaches: [] },
  ...{ pausedBudgetNos: new Set<bigint>(), audit: [] },
};
const entry = { budgetNo: 2n, shardNo: 1 } as Entry;

describe('reached shares', () => {
  it('are told once per slot, and exactly those that what is spent has reached', () => {
    const step = fc.record({
      amount: fc.bigInt(1n, 400n),
      laterMs: fc.integer({ min: 0, max: DAY }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const counters = new CounterBook();
        const told = new Set<string>();
        const spent = new Map<string, bigint>();
        let nowMs = 10 * DAY;
        for (const { amount, laterMs } of steps) {
          nowMs += laterMs;
          const at = { decidedMs: nowMs, nowMs };
          for (const cap of [total, day]) {
            counters.move('t', cap, at, { spent: amount, held: 0n });
            const slot = `${cap.id} ${markSlot(cap, nowMs).slot}`;
            spent.set(slot, (spent.get(slot) ?? 0n) + amount);
          }
          for (const { mark } of reachedShares(shardAt(nowMs), [root, leaf], counters)) {
            told.add(`${mark.capNo === 1 ? 'total' : 'day'} ${mark.slot} ${mark.percent}`);
          }
        }
        const expected = [...spent].flatMap(([slot, sum]) =>
          percentsOf()
            .filter(
              (percent) => Number(sum) / (slot.startsWith('total') ? 1_000 : 300) >= percent / 100,
            )
            .map((percent) => `${slot} ${percent}`),
        );
        expect([...told].sort()).toEqual(expected.sort());
      }),
    );
  });

  it('end with their slot: a day of the zone, a length of the window, never', () => {
    expect(markSlot(day, 5 * DAY + 7)).toEqual({ slot: 5, endsMs: 6 * DAY });
    const window: Cap = { ...total, kind: 'sliding_window', windowMs: 10_000 };
    expect(markSlot(window, 25_000)).toEqual({ slot: 2, endsMs: 30_000 });
    expect(markSlot(total, 25_000)).toEqual({ slot: 0 });
  });

  it('of approved holds count where actions are limited', () => {
    const counters = new CounterBook();
    for (let i = 0; i < 3; i++) counters.approve('t', actions, 1_000, 0n);
    const [crossing, more] = reachedShares(shardAt(1_000), [leaf], counters);
    expect(crossing?.event.data).toMatchObject({ percent: 50, usedActions: 3n, limitActions: 4n });
    expect(more).toBeUndefined();
  });
});

describe('moved budgets', () => {
  it('are the whole path of an entry, and nothing else', () => {
    const moved = movedBudgets(shards, { ...NOTHING, newEntries: [entry] });
    expect([...moved]).toEqual([[1, new Set([leaf, root])]]);
    const elsewhere = { ...NOTHING, newEntries: [{ ...entry, shardNo: 2 }] };
    expect(movedBudgets(shards, elsewhere).size).toBe(0);
  });

  it('of a mere hold are those that count actions', () => {
    const holds = [
      { budgetNo: 2n, shardNo: 1 },
      { budgetNo: 3n, shardNo: 1 },
    ] as never;
    const moved = movedBudgets(shards, { ...NOTHING, newHolds: holds });
    expect([...moved]).toEqual([[1, new Set([leaf])]]);
  });
});

describe('breaches and pauses', () => {
  const breach = {
    ...{ tenant: 't', budgetNo: 2n, budgetId: 'b2', cause: { entryId: 'e' }, capNo: 1 },
    ...{ capId: 'total', lateMicros: 5n, overMicros: 3n, isPausing: true, openedMs: 0 },
  };

  it('name the budget that spent and the one whose cap was exceeded', () => {
    const [crossing] = breachCrossings(shardAt(0), [breach]);
    expect(crossing?.event).toMatchObject({ type: 'budget.breached', budgetId: 'b2' });
    expect(crossing?.event.data).toMatchObject({
      capBudgetId: 'b1',
      capId: 'total',
      overMicros: 3n,
    });
  });

  it('tell a pause only of a budget that was not paused', () => {
    expect(pauseEvents(shardAt(0), new Set([2n]))).toHaveLength(1);
    const paused = new BudgetTree([{ ...leaf, isPaused: true, parentNo: undefined }]);
    expect(pauseEvents({ ...shardAt(0), tree: paused }, new Set([2n]))).toEqual([]);
  });
});
