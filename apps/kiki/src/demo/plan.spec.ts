/**
 * Goal: the plan depends on its input only, scales with what customers are worth, and keeps the customers of the cut to
 * themselves. Method: properties of plans for several logs.
 */
import { describe, expect, it } from '@jest/globals';
import { BUDGET, planDemo, SMALL_BUDGETS } from './plan.js';

const customerIds = Array.from({ length: 500 }, (_, i) => `c${i}`);
const input = {
  seed: 7,
  customerIds,
  currency: 'USD',
  meanValueMicros: 38_123_456n,
  opportunities: 12_000,
};

describe('planDemo', () => {
  const plan = planDemo(input);

  it('offers what was asked for and no customer of the cut in another phase', () => {
    const count = plan.inventories.reduce((sum, { body }) => sum + body.count, 0);
    expect(count).toBe(12_000);
    const cut = plan.inventories.filter(({ phase }) => phase === 'cut');
    const rest = plan.inventories.filter(({ phase }) => phase !== 'cut');
    expect([cut.length, cut[0]!.body.strangerShare]).toEqual([1, 0]);
    const unseen = new Set(cut[0]!.body.customerIds);
    expect(unseen.size).toBe(100);
    expect(rest.some(({ body }) => body.customerIds.some((id) => unseen.has(id)))).toBe(false);
    expect(new Set(plan.inventories.map(({ body }) => body.idPrefix)).size).toBe(8);
  });

  it('lets no child outgrow the root and makes the small ones small', () => {
    const limitOf = new Map(plan.budgets.map(({ id, limitMicros }) => [id, limitMicros]));
    const children = plan.budgets.filter(({ parentId }) => parentId === BUDGET.root);
    const sum = children.reduce((total, { limitMicros }) => total + limitMicros, 0n);
    expect(limitOf.get(BUDGET.root)).toBe(sum);
    for (const id of SMALL_BUDGETS) {
      expect(limitOf.get(id)! * 100n).toBeLessThan(limitOf.get(BUDGET.always)!);
    }
  });

  it('scales with the value of the customers and ignores its last digits', () => {
    expect(planDemo({ ...input, meanValueMicros: 38_123_457n })).toEqual(plan);
    const richer = planDemo({ ...input, meanValueMicros: input.meanValueMicros * 100n });
    expect(richer.maxBidMicros).toBe(plan.maxBidMicros * 100n);
    const poor = planDemo({ ...input, meanValueMicros: 0n });
    expect(poor.budgets.every(({ limitMicros }) => limitMicros > 0n)).toBe(true);
  });

  it('deals the customers by the seed, whatever order they come in', () => {
    expect(planDemo({ ...input, customerIds: customerIds.toReversed() })).toEqual(plan);
    expect(planDemo({ ...input, seed: 8 })).not.toEqual(plan);
  });
});
