/**
 * Goal: a change that is called as strict lets nothing pass that did not pass before.
 * Method: random pairs of policies over small domains, so that many are comparable, asked the same
 * random holds with the same random facts.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HoldContext } from '../hold-context.js';
import { CompiledPolicy } from './compiled-policy.js';
import type { Facts } from './finding.js';
import { askOf, ruleOf } from './policy.fixture.js';
import type { Exemption, Policy, Rule } from './rule.js';
import { isAsStrict, weakenedRules } from './strictness.js';

const amount = fc.constantFrom(0n, 5n, 10n, 20n);
const optionalAmount = fc.option(amount, { nil: undefined });
const currency = fc.constantFrom('EUR', 'USD');
const onMissing = fc.constantFrom('deny' as const, 'pass' as const);
const geos = fc.subarray(['DE', 'US', 'US-CA']);

const parameters: fc.Arbitrary<Partial<Rule>> = fc.oneof(
  fc.record({
    ...{ kind: fc.constant('ltv_sanity' as const), currency, onMissing },
    ...{ minPredictedLtvMicros: optionalAmount, maxPredictedLtvMicros: optionalAmount },
    maxBidPercent: fc.option(fc.constantFrom(50, 100, 200), { nil: undefined }),
  }),
  fc.record({
    ...{ kind: fc.constant('max_cac' as const), currency, limitMicros: amount },
    ...{ windowMs: fc.constantFrom(1, 2), minAcquisitions: fc.constantFrom(1, 2) },
  }),
  fc.record({
    ...{ kind: fc.constant('spend_velocity' as const), windowMs: fc.constantFrom(1_000, 2_000) },
    ...{ factorPercent: fc.constantFrom(110, 500), slackLumps: fc.constantFrom(0, 2) },
    ...{ minMicros: amount, minHours: fc.constantFrom(1, 100) },
  }),
  fc.record({
    ...{ kind: fc.constant('new_geo' as const), known: geos, trialMicros: amount, currency },
  }),
  fc.record({
    ...{
      kind: fc.constant('quiet_hours' as const),
      timeZone: fc.constantFrom('UTC', 'Asia/Tehran'),
    },
    ...{ fromMinute: fc.constantFrom(0, 600), toMinute: fc.constantFrom(60, 1_440) },
    days: fc.subarray(['mon', 'thu', 'fri'] as const),
  }),
  fc.record({
    kind: fc.constantFrom('allow_list' as const, 'block_list' as const),
    ...{ attribute: fc.constant('geo' as const), values: geos },
  }),
  fc.record({
    ...{ kind: fc.constant('consent_required' as const), purpose: fc.constantFrom('a', 'b') },
    onMissing,
  }),
);

const exemption: fc.Arbitrary<Exemption> = fc.constantFrom(
  { reason: 'x', geo: 'US' },
  { reason: 'x', untilMs: 5 },
);
const rule = fc.record({
  id: fc.constantFrom('r1', 'r2'),
  scope: fc.constantFrom({}, { budgetId: 'root' }, { channel: 'search' }),
  exemptions: fc.array(exemption, { maxLength: 1 }),
  parameters,
});
const toRule = ({ parameters: of, ...rest }: { parameters: Partial<Rule> }): Rule =>
  ({ ...rest, ...of }) as unknown as Rule;

/** Two policies of which the second is the first with some parameters drawn anew. */
const pair = fc
  .tuple(
    fc.uniqueArray(rule, { selector: ({ id }) => id, minLength: 1, maxLength: 2 }),
    fc.array(fc.tuple(fc.boolean(), parameters, fc.nat(2)), { minLength: 2, maxLength: 2 }),
  )
  .map(([rules, draws]): [Policy, Policy] => {
    const before = rules.map(toRule);
    const after = before.map((of, index) => {
      const [isKept, drawn, part] = draws[index]!;
      if (isKept) return of;
      if (drawn.kind !== of.kind) return of;
      const names = Object.keys(drawn).filter((name) => name !== 'kind');
      const name = names[part % names.length]!;
      return { ...of, [name]: (drawn as unknown as Record<string, unknown>)[name] };
    });
    return [{ rules: before }, { rules: after }];
  });

const context: fc.Arbitrary<HoldContext> = fc.record(
  {
    ...{ geo: fc.constantFrom('DE', 'US', 'US-CA', 'FR'), channel: fc.constantFrom('search') },
    ...{ bidMicros: amount, predictedLtvMicros: amount, subject: fc.constant('s') },
  },
  { requiredKeys: [] },
);
const facts: fc.Arbitrary<Facts> = fc
  .record({ used: amount, rate: amount, count: fc.nat(3), isGranted: fc.boolean() })
  .map(({ used, rate, count, isGranted }) => ({
    approvedMicros: () => used,
    profile: () => ({
      ...{ microsPerHour: Array.from({ length: 168 }, () => rate * 3_600n), lumpMicros: 1n },
      hours: 50,
    }),
    acquisition: () => ({ spentMicros: used, heldMicros: 0n, acquisitions: count, fromMs: 0 }),
    trialMicros: () => used,
    consent: (purpose) => ({ isGranted: isGranted || purpose === 'a', reason: '' }),
  }));
const ask = fc
  .tuple(context, fc.nat(172_800_000), fc.constantFrom(1n, 10n), currency)
  .map(([of, nowMs, amountMicros, code]) => askOf(of, { nowMs, amountMicros, currency: code }));

describe('isAsStrict', () => {
  it('calls no change as strict that lets something new pass', () => {
    const seen = { strict: 0, weaker: 0 };
    fc.assert(
      fc.property(
        pair,
        fc.array(fc.tuple(ask, facts), { minLength: 8, maxLength: 8 }),
        ([a, b], of) => {
          const isStrict = isAsStrict(a, b);
          seen[isStrict ? 'strict' : 'weaker']++;
          if (!isStrict) return;
          const [before, after] = [new CompiledPolicy(1, a), new CompiledPolicy(2, b)];
          for (const [one, known] of of) {
            if (before.denialOf(one, known) === undefined) continue;
            expect(after.denialOf(one, known)).toBeDefined();
          }
        },
      ),
      { numRuns: 4_000 },
    );
    expect(seen.strict).toBeGreaterThan(1_000);
    expect(seen.weaker).toBeGreaterThan(100);
  }, 60_000);

  it('lets rules be added, and names those that are gone or weaker', () => {
    const block = ruleOf({ kind: 'block_list', attribute: 'geo', values: ['FR'] });
    expect(isAsStrict({ rules: [] }, { rules: [block] })).toBe(true);
    expect(weakenedRules({ rules: [block] }, { rules: [] })).toEqual(['r']);
    const exempted = { ...block, exemptions: [{ reason: 'x', geo: 'FR' }] } as Rule;
    expect(weakenedRules({ rules: [block] }, { rules: [exempted] })).toEqual(['r']);
    const wider = { ...block, values: ['FR', 'BE'] } as Rule;
    expect(isAsStrict({ rules: [block] }, { rules: [wider] })).toBe(true);
  });
});
