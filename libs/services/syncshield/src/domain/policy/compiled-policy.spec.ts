/**
 * Goal: every kind of rule denies exactly what it says, names what it compared, and only within its
 * scope; the first rule that denies decides.
 * Method: single holds at and beside each bound; money without rounding.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HoldContext } from '../hold-context.js';
import { CompiledPolicy } from './compiled-policy.js';
import type { Facts } from './finding.js';
import { askOf, NOTHING, PATH, ruleOf } from './policy.fixture.js';
import { policyFromText, policyToText, type Rule } from './rule.js';

const outcome = (rule: Rule, context: HoldContext, facts: Facts = NOTHING, over = {}) =>
  new CompiledPolicy(1, { rules: [rule] }).trace(askOf(context, over), facts)[0]?.finding;

describe('ltv_sanity', () => {
  const rule = ruleOf({
    ...{ kind: 'ltv_sanity', currency: 'EUR', onMissing: 'deny', maxBidPercent: 150 },
    ...{ minPredictedLtvMicros: 10n, maxPredictedLtvMicros: 1_000n },
  });

  it('keeps the prediction within bounds and the bid below k times it, exactly', () => {
    expect(outcome(rule, { predictedLtvMicros: 9n, bidMicros: 1n })?.outcome).toBe('denied');
    expect(outcome(rule, { predictedLtvMicros: 1_001n, bidMicros: 1n })?.outcome).toBe('denied');
    expect(outcome(rule, { predictedLtvMicros: 11n, bidMicros: 16n })?.outcome).toBe('passed');
    expect(outcome(rule, { predictedLtvMicros: 11n, bidMicros: 17n })).toEqual({
      outcome: 'denied',
      values: {
        ...{ predictedLtvMicros: '11', minPredictedLtvMicros: '10', maxPredictedLtvMicros: '1000' },
        ...{ bidMicros: '17', maxBidPercent: '150' },
      },
    });
  });

  it('says what is missing, and denies unless told otherwise', () => {
    expect(outcome(rule, {})).toEqual({
      ...{ outcome: 'denied', values: { missing: 'predictedLtvMicros' } },
    });
    const lenient = { ...rule, onMissing: 'pass' } as Rule;
    expect(outcome(lenient, {})?.outcome).toBe('not_applicable');
    expect(outcome(rule, { predictedLtvMicros: 10n })?.values).toEqual({ missing: 'bidMicros' });
  });

  it('compares bounds in their own currency only, a bid in any', () => {
    const low = { predictedLtvMicros: 1n, bidMicros: 1n };
    expect(outcome(rule, low, NOTHING, { currency: 'USD' })?.outcome).toBe('passed');
    const high = { predictedLtvMicros: 1n, bidMicros: 2n };
    expect(outcome(rule, high, NOTHING, { currency: 'USD' })?.outcome).toBe('denied');
  });
});

describe('max_cac', () => {
  const rule = ruleOf({
    ...{ kind: 'max_cac', currency: 'EUR', limitMicros: 30n, windowMs: 1, minAcquisitions: 2 },
  });
  const facts = (spentMicros: bigint, acquisitions: number): Facts => ({
    ...NOTHING,
    acquisition: () => ({ spentMicros, heldMicros: 5n, acquisitions, fromMs: 0 }),
  });

  it('counts what is spent, held and asked for per acquisition, at least the free ones', () => {
    expect(outcome(rule, {}, facts(45n, 0))?.outcome).toBe('passed');
    expect(outcome(rule, {}, facts(46n, 0))?.outcome).toBe('denied');
    expect(outcome(rule, {}, facts(75n, 3))?.outcome).toBe('passed');
    expect(outcome(rule, {}, facts(76n, 3))?.outcome).toBe('denied');
    expect(outcome(rule, { acquisitions: 1 }, facts(76n, 3))?.outcome).toBe('passed');
  });

  it('denies when nothing is known, and leaves other currencies alone', () => {
    expect(outcome(rule, {})?.outcome).toBe('denied');
    expect(outcome(rule, {}, NOTHING, { currency: 'USD' })?.outcome).toBe('not_applicable');
  });
});

describe('lists and new values', () => {
  const allow = ruleOf({ kind: 'allow_list', attribute: 'geo', values: ['DE', 'US-CA'] });
  const block = ruleOf({ kind: 'block_list', attribute: 'publisher', values: ['bad.example'] });
  const fresh = ruleOf({
    ...{ kind: 'new_geo', known: ['DE'], trialMicros: 100n, currency: 'EUR' },
  });

  it('knows a place by its country, not the other way round', () => {
    expect(outcome(allow, { geo: 'DE-BE' })?.outcome).toBe('passed');
    expect(outcome(allow, { geo: 'US' })?.outcome).toBe('denied');
    expect(outcome(allow, { geo: 'US-NY' })?.outcome).toBe('denied');
    expect(outcome(allow, {})?.outcome).toBe('denied');
  });

  it('blocks what is listed and nothing else', () => {
    expect(outcome(block, { publisher: 'bad.example' })?.outcome).toBe('denied');
    expect(outcome(block, { publisher: 'good.example' })?.outcome).toBe('passed');
    expect(outcome(block, {})?.outcome).toBe('not_applicable');
  });

  it('lets a new value have its trial amount', () => {
    const used = (micros: bigint): Facts => ({ ...NOTHING, trialMicros: () => micros });
    expect(outcome(fresh, { geo: 'DE' }, used(1_000n))?.outcome).toBe('passed');
    expect(outcome(fresh, { geo: 'FR' }, used(90n))?.outcome).toBe('passed');
    expect(outcome(fresh, { geo: 'FR' }, used(91n))?.values).toMatchObject({ usedMicros: '91' });
    expect(outcome(fresh, { geo: 'FR' }, used(91n))?.outcome).toBe('denied');
    expect(outcome(fresh, { geo: 'FR' }, NOTHING, { currency: 'USD' })?.outcome).toBe('denied');
    expect(outcome(fresh, {})?.outcome).toBe('denied');
  });
});

describe('consent_required', () => {
  const rule = ruleOf({ kind: 'consent_required', purpose: 'ads', onMissing: 'deny' });
  const says = (isGranted: boolean): Facts => ({
    ...NOTHING,
    consent: () => ({ isGranted, reason: isGranted ? 'granted' : 'withdrawn', receiptId: 'c1' }),
  });

  it('asks the registry; who is not known has not consented', () => {
    expect(outcome(rule, { subject: 's' }, says(true))?.outcome).toBe('passed');
    const denied = outcome(rule, { subject: 's' }, says(false));
    expect(denied?.values).toEqual({ purpose: 'ads', consent: 'withdrawn', receiptId: 'c1' });
    expect(outcome(rule, { subject: 's' })?.outcome).toBe('denied');
    expect(outcome(rule, {})?.outcome).toBe('denied');
  });
});

describe('a policy', () => {
  const block = (id: string, over: Partial<Rule>): Rule => ({
    ...ruleOf({ kind: 'block_list', attribute: 'geo', values: ['FR'] }),
    ...(over as object),
    id,
  });

  it('judges within the scope of a rule only', () => {
    expect(outcome(block('r', { scope: { budgetId: 'root' } }), { geo: 'FR' })?.outcome).toBe(
      'denied',
    );
    const other = block('r', { scope: { budgetId: 'other' } });
    expect(outcome(other, { geo: 'FR' })?.outcome).toBe('not_applicable');
    const channel = block('r', { scope: { channel: 'search' } });
    expect(outcome(channel, { geo: 'FR' })?.outcome).toBe('not_applicable');
    expect(outcome(channel, { geo: 'FR', channel: 'search' })?.outcome).toBe('denied');
  });

  it('lets exempted holds pass until the exemption ends', () => {
    const exemptions = [{ reason: 'appeal', untilMs: 100, campaignId: 'c1', budgetId: 'root' }];
    const rule = block('r', { exemptions });
    const context = { geo: 'FR', campaignId: 'c1' };
    expect(outcome(rule, context, NOTHING, { nowMs: 99 })?.outcome).toBe('not_applicable');
    expect(outcome(rule, context, NOTHING, { nowMs: 100 })?.outcome).toBe('denied');
    const other = { ...context, campaignId: 'c2' };
    expect(outcome(rule, other, NOTHING, { nowMs: 99 })?.outcome).toBe('denied');
  });

  it('names the first rule that denies', () => {
    const policy = new CompiledPolicy(7, {
      rules: [block('a', { scope: { budgetId: 'other' } }), block('b', {}), block('c', {})],
    });
    expect(policy.denialOf(askOf({ geo: 'FR' }), NOTHING)?.rule.id).toBe('b');
    expect(policy.denialOf(askOf({ geo: 'DE' }), NOTHING)).toBeUndefined();
    expect(
      policy.trace(askOf({ geo: 'FR' }), NOTHING).map(({ finding }) => finding.outcome),
    ).toEqual(['not_applicable', 'denied', 'denied']);
  });

  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 9_007_199_254_740_991n }), (limitMicros) => {
        const policy = {
          rules: [
            ruleOf({
              ...{ kind: 'max_cac', currency: 'EUR', windowMs: 1, minAcquisitions: 1 },
              limitMicros,
            }),
          ],
        };
        expect(policyFromText(policyToText(policy))).toEqual(policy);
      }),
    );
    expect(PATH).toHaveLength(2);
  });
});
