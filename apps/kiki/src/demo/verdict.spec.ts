/** Goal: each promise of the demo can break, and is then named. Method: a run that kept all, spoilt in one place. */
import { describe, expect, it } from '@jest/globals';
import { overspendMicros, type BudgetCount } from './recount.js';
import { brokenPromises, type VerdictInput } from './verdict.js';

const budget = (id: string, exhausted: boolean): BudgetCount => ({
  id,
  limitMicros: 100n,
  spentMicros: 90n,
  heldMicros: 0n,
  exhausted,
  counters: { spentMicros: 90n, heldMicros: 0n },
});

const kept: VerdictInput = {
  overspendMicros: 0n,
  budgets: [budget('growth', false), budget('flash-sale', true), budget('launch', true)],
  decisions: {
    ...{ opportunities: 10, placed: 6, noBid: 4, fallback: 1, digest: 'd' },
    digestOf: new Map([['c', 'x']]),
  },
  digestOf: new Map([['c', 'x']]),
  expectedOpportunities: 10,
  decidedByWorker: [6, 4],
  refusedSettlements: 0,
  creatives: [{ id: 'k', passed: true }],
  retention: { atRisk: 9, heldOut: 2, suppressed: 3, messaged: 4 },
  mails: 4,
};

const spoilt: readonly (readonly [words: string, change: Partial<VerdictInput>])[] = [
  ['overspent by 1', { overspendMicros: 1n }],
  ['growth still holds 5', { budgets: [{ ...kept.budgets[0]!, heldMicros: 5n }] }],
  ['counters of growth differ', { budgets: [{ ...kept.budgets[0]!, spentMicros: 89n }] }],
  ['launch did not run out', { budgets: [budget('flash-sale', true), budget('launch', false)] }],
  ['no budget ran out', { budgets: [budget('growth', false)] }],
  ['refused 2 settlements', { refusedSettlements: 2 }],
  ['no bid fell back', { decisions: { ...kept.decisions, fallback: 0 } }],
  ['are not 5 placed', { decisions: { ...kept.decisions, placed: 5 } }],
  ['11 opportunities were offered', { expectedOpportunities: 11 }],
  ['was not raced', { decidedByWorker: [10, 0] }],
  ['digest of c differs', { digestOf: new Map([['c', 'y']]) }],
  ['creative k failed', { creatives: [{ id: 'k', passed: false }] }],
  ['no creative was made', { creatives: [] }],
  ['9 at risk are not', { retention: { ...kept.retention, suppressed: 2 } }],
  ['4 customers were messaged, 3 mails', { mails: 3 }],
];

describe('brokenPromises', () => {
  it('finds nothing where all were kept', () => expect(brokenPromises(kept)).toEqual([]));

  it.each(spoilt)('says that %s', (words, change) => {
    expect(brokenPromises({ ...kept, ...change }).join('\n')).toContain(words);
  });
});

describe('overspendMicros', () => {
  it('adds what is above the limits and sets nothing off', () => {
    const over = (spentMicros: bigint, heldMicros: bigint) => ({
      ...budget('b', false),
      spentMicros,
      heldMicros,
    });
    expect(overspendMicros([over(101n, 0n), over(99n, 3n), over(0n, 0n)])).toBe(3n);
  });
});
