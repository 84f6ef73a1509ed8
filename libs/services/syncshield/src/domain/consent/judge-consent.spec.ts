/**
 * Goal: silence is judged by the law of the region, words by the newest one; a refusal is never overlooked.
 * Method: a table per rule, and random histories against a judge that reads them whole.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ANY, OWN, covers, isNewer, withRecord, type ConsentState } from './consent-record.js';
import { reconsentMs, settingsWithout } from './consent-settings.js';
import { judgeConsent, type ConsentQuestion } from './judge-consent.js';
import { lawOf, regimeOf } from './regions.js';

const NOW = Date.UTC(2026, 11, 1);
const settings = settingsWithout('opt_out');
const ask: ConsentQuestion = { purpose: 'marketing', channel: 'email' };

const state = (more: Partial<ConsentState> = {}): ConsentState => ({
  ...{ purpose: 'marketing', channel: 'email', vendor: OWN, seq: 1n, recordId: 'r1' },
  ...{ action: 'granted', atMs: NOW - 1_000 },
  ...more,
});
const judge = (
  states: readonly ConsentState[],
  question: Partial<ConsentQuestion> = {},
  rules = settings,
) => judgeConsent({ ...ask, ...question }, states, rules, NOW);

describe('silence', () => {
  it.each(['DE', 'FR', 'IS', 'LI', 'NO', 'GB', 'UK', 'CH', 'BR', 'EEA', 'RE', 'KR'])(
    'is a no in %s',
    (region) =>
      expect(judge([], { region })).toMatchObject({ isAllowed: false, reason: 'no_consent' }),
  );

  it.each(['US', 'US-CA', 'US-TX'])('is a yes in %s', (region) =>
    expect(judge([], { region })).toMatchObject({ isAllowed: true, reason: 'no_objection' }),
  );

  it('is what the tenant says where nothing is known', () => {
    expect(judge([]).isAllowed).toBe(true);
    expect(judge([], {}, settingsWithout('opt_in')).isAllowed).toBe(false);
    expect(judge([], { region: 'NZ' }, settingsWithout('opt_in')).isAllowed).toBe(false);
    expect(judge([], { region: 'DE' }, { ...settings, regimes: { DE: 'opt_out' } }).isAllowed).toBe(
      true,
    );
    const california = { ...settings, regimes: { 'US-CA': 'opt_in' } as const };
    expect(judge([], { region: 'US-CA' }, california).isAllowed).toBe(false);
    expect(judge([], { region: 'US-NV' }, california).isAllowed).toBe(true);
  });

  it('is judged by the strictest region that is known of somebody', () => {
    const located = state({ purpose: 'analytics', region: 'DE' });
    expect(judge([located], { region: 'US' })).toMatchObject({
      isAllowed: false,
      regime: 'opt_in',
    });
    expect(judge([located]).isAllowed).toBe(false);
  });

  it('names the settings as its receipt', () => {
    expect(judge([]).receiptId).toBe('settings.0');
    expect(judge([], {}, { ...settings, version: 7 }).receiptId).toBe('settings.7');
  });

  it('counts for no purpose that the tenant does not have', () => {
    expect(judge([], { purpose: 'profiling' })).toMatchObject({
      ...{ isAllowed: false, reason: 'unknown_purpose' },
    });
  });
});

describe('words', () => {
  it('of consent allow where silence would not, with their receipt and end', () => {
    const answer = judge([state()], { region: 'DE' });
    expect(answer).toMatchObject({ isAllowed: true, reason: 'granted', receiptId: 'r1' });
    expect(answer.untilMs).toBe(reconsentMs(NOW - 1_000, 12));
  });

  it.each(['withdrawn', 'objected'] as const)('%s deny everywhere', (action) => {
    for (const region of ['DE', 'US']) {
      const answer = judge([state({ action })], { region });
      expect(answer).toMatchObject({ isAllowed: false, reason: action, receiptId: 'r1' });
    }
  });

  it('about any channel, purpose or vendor speak of each', () => {
    const no = { action: 'withdrawn', atMs: NOW - 10, seq: 2n } as const;
    for (const scope of [{ channel: ANY }, { purpose: ANY }, { vendor: ANY }]) {
      expect(judge([state(), state({ ...no, ...scope })], { region: 'DE' }).isAllowed).toBe(false);
      // A newer yes to the channel counts again.
      const again = state({ seq: 3n, atMs: NOW - 5 });
      expect(judge([again, state({ ...no, ...scope })], { region: 'DE' }).isAllowed).toBe(true);
    }
  });

  it('to the tenant say nothing of vendors, and the other way round', () => {
    expect(judge([state()], { region: 'DE', vendor: '755' }).isAllowed).toBe(false);
    expect(judge([state({ vendor: '755' })], { region: 'DE' }).isAllowed).toBe(false);
    expect(judge([state({ vendor: '755' })], { region: 'DE', vendor: '755' }).isAllowed).toBe(true);
  });

  it('of consent end: by themselves, after the months of the tenant, with their notice', () => {
    const old = state({ atMs: Date.UTC(2025, 10, 30) });
    expect(judge([old], { region: 'DE' })).toMatchObject({ isAllowed: false, reason: 'expired' });
    expect(judge([old], { region: 'US' })).toMatchObject({ reason: 'no_objection' });
    expect(judge([state({ expiresMs: NOW })], { region: 'DE' }).reason).toBe('expired');
    expect(judge([state({ expiresMs: NOW + 1 })], { region: 'DE' }).untilMs).toBe(NOW + 1);
    const notices = [
      { version: 'v1', isAccepted: false },
      { version: 'v2', isAccepted: true },
    ];
    const strict = { ...settings, notices };
    const saw = (noticeVersion?: string) =>
      judge(
        [state(noticeVersion === undefined ? {} : { noticeVersion })],
        { region: 'DE' },
        strict,
      );
    expect([saw('v2').reason, saw('v1').reason, saw().reason, saw('tcf-policy-5').reason]).toEqual([
      ...['granted', 'notice_outdated', 'notice_outdated', 'granted'],
    ]);
  });
});

describe('Sec-GPC', () => {
  const gpc = { purpose: 'advertising', isGpc: true };
  it('objects to what sells, whatever was agreed to before', () => {
    const yes = state({ purpose: 'advertising' });
    for (const region of ['DE', 'US']) {
      expect(judge([yes], { ...gpc, region })).toMatchObject({ isAllowed: false, reason: 'gpc' });
    }
    expect(judge([], { ...gpc, purpose: 'marketing', region: 'US' }).isAllowed).toBe(true);
  });
});

describe('lists of regions', () => {
  it('know the 30 states of the EEA', () => {
    const eea =
      'AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK';
    expect(eea.split(' ').map(lawOf)).toEqual(Array.from({ length: 30 }, () => 'opt_in'));
    expect([lawOf('AU'), lawOf('US-CA'), lawOf('EL')]).toEqual([undefined, 'opt_out', 'opt_in']);
    const named = { regimes: {}, unknownRegion: 'opt_in' } as const;
    expect(regimeOf('constructor', named)).toBe('opt_in');
  });
});

describe('months of re-consent', () => {
  it('end on the last day where the month is shorter', () => {
    const of = (day: string, months: number) => new Date(reconsentMs(Date.parse(day), months)!);
    expect(of('2026-01-31T10:00:00Z', 1).toISOString()).toBe('2026-02-28T10:00:00.000Z');
    expect(of('2024-02-29T00:00:00Z', 12).toISOString()).toBe('2025-02-28T00:00:00.000Z');
    expect(of('2026-08-31T23:59:59Z', 6).toISOString()).toBe('2027-02-28T23:59:59.000Z');
    expect(reconsentMs(NOW, null)).toBeUndefined();
  });
});

describe('any history', () => {
  const scope = fc.record({
    purpose: fc.constantFrom('marketing', 'advertising'),
    channel: fc.constantFrom('email', 'sms', ANY),
    vendor: fc.constantFrom(OWN, '755', ANY),
  });
  const word = fc.record({
    scope,
    action: fc.constantFrom('granted', 'withdrawn', 'objected'),
    ago: fc.nat({ max: 5 }),
    region: fc.constantFrom(undefined, 'DE', 'US'),
  });

  it('comes to the same as reading all of it: states lose nothing', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), scope, (words, asked) => {
        const all = words.map(({ scope: of, action, ago, region }, i): ConsentState => ({
          ...of,
          ...{ seq: BigInt(i), recordId: `r${i}`, action, atMs: NOW - ago },
          ...(region === undefined ? {} : { region }),
        }));
        const folded = all.reduce<ConsentState[]>(withRecord, []);
        const newest = (of: readonly ConsentState[]) =>
          of
            .filter((one) => covers(one, asked))
            .reduce<ConsentState | undefined>((a, b) => (a && !isNewer(b, a) ? a : b), undefined);
        expect(newest(folded)?.recordId).toBe(newest(all)?.recordId);
        // The last word of each instant that is a refusal wins over any earlier or equal yes.
        const verdict = judgeConsent(asked, folded, settings, NOW);
        const said = newest(all);
        if (said !== undefined && said.action !== 'granted') expect(verdict.isAllowed).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
