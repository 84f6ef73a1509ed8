/**
 * Goal: strings of the TCF 2.0 to 2.3 and of the GPP are read as their formats say; what cannot be read is refused.
 * Method: published example strings, strings written by an independent encoder of the published layout, every US
 * section with every opt-out field, and damaged strings.
 */
import { describe, expect, it } from '@jest/globals';
import { GppModel } from '@iabgpp/cmpapi';
import fc from 'fast-check';
import { needsDisclosure, tcfLacks } from '../../domain/consent/consent-strings.js';
import { IabDecoders } from './iab-decoders.js';
import { tcString } from './tc-string.fixture.js';

const decoders = new IabDecoders();
const sorted = (ids: ReadonlySet<number>): number[] => [...ids].sort((a, b) => a - b);
/** The example of the IAB's specification of the TC string 2.0. */
const SPEC_2_0 =
  'COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGBAAgAAAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQmAgBC3ZAYzUw';
const AFTER = Date.UTC(2026, 2, 1);

describe('TC strings', () => {
  it('of the specification are read', () => {
    const signal = decoders.tcf(SPEC_2_0);
    expect(signal).toMatchObject({
      ...{ version: '2.0', policyVersion: 2, cmpId: 27, vendorListVersion: 15 },
      updatedMs: Date.UTC(2020, 1, 20, 23, 57, 39, 300),
    });
    expect(sorted(signal.purposeConsents)).toEqual([1, 2, 3]);
    expect(sorted(signal.vendorConsents)).toEqual([2, 6, 8]);
    expect(signal.disclosedVendors.size).toBe(79);
  });

  it.each([
    [2, '2.0'],
    [3, '2.0'],
    [4, '2.2'],
    [5, '2.3'],
    [6, '2.3'],
  ])('of policy %i are of version %s', (policyVersion, version) => {
    expect(decoders.tcf(tcString({ policyVersion })).version).toBe(version);
  });

  it('carry any purposes, vendors and restrictions, as bits and as ranges', () => {
    const ids = (max: number) => fc.uniqueArray(fc.integer({ min: 1, max }), { maxLength: 12 });
    const fields = fc.record({
      policyVersion: fc.integer({ min: 2, max: 6 }),
      purposes: ids(11),
      vendors: ids(1_500),
      disclosed: ids(1_500),
      updatedMs: fc.integer({ min: 15_000_000_000, max: 18_000_000_000 }).map((n) => n * 100),
    });
    fc.assert(
      fc.property(fields, fc.boolean(), (given, isRange) => {
        const signal = decoders.tcf(tcString(given, isRange));
        expect(sorted(signal.purposeConsents)).toEqual(given.purposes.toSorted((a, b) => a - b));
        expect(sorted(signal.vendorConsents)).toEqual(given.vendors.toSorted((a, b) => a - b));
        expect(sorted(signal.disclosedVendors)).toEqual(given.disclosed.toSorted((a, b) => a - b));
        expect(signal.updatedMs).toBe(given.updatedMs);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['nothing', ''],
    ['a word', 'junk'],
    ['a string of the TCF 1', 'BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA'],
    ['a segment without a core', SPEC_2_0.split('.')[1]!],
    ['half a core', SPEC_2_0.slice(0, 20)],
    ['other letters', `${SPEC_2_0}!`],
    ['another version', tcString({ version: 3 })],
    ['a policy before the TCF 2', tcString({ policyVersion: 1 })],
  ])('are refused when they are %s', (_, text) => {
    expect(() => decoders.tcf(text)).toThrow(
      expect.objectContaining({ code: 'consent_string_invalid' }),
    );
  });

  it('never make the decoder fail in another way', () => {
    const cut = fc.tuple(fc.nat({ max: 200 }), fc.base64String({ maxLength: 60 }));
    fc.assert(
      fc.property(cut, ([at, noise]) => {
        const text = `${SPEC_2_0.slice(0, at)}${noise}`;
        try {
          decoders.tcf(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'consent_string_invalid' });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('what a TC string allows', () => {
  const given = { purposes: [1, 3, 4], vendors: [755], disclosed: [755, 12] };
  const lacks = (text: string, vendor?: number) => tcfLacks(decoders.tcf(text), [1, 3, 4], vendor);

  it.each([
    ['all purposes', tcString({ ...given, policyVersion: 5 }), 755, undefined],
    [
      'all purposes, 2.2, nobody disclosed',
      tcString({ purposes: [1, 3, 4] }),
      undefined,
      undefined,
    ],
    ['a purpose is missing', tcString({ ...given, purposes: [1, 3] }), 755, 'consent to purpose 4'],
    [
      ...['2.3 without disclosed vendors', tcString({ purposes: [1, 3, 4], policyVersion: 5 })],
      ...[undefined, 'disclosed vendors'],
    ],
    [
      ...['2.3 with an empty list', tcString({ ...given, disclosed: [], policyVersion: 5 }), 755],
      'disclosed vendors',
    ],
    [
      ...['2.3, the vendor was not disclosed'],
      tcString({ ...given, disclosed: [12], policyVersion: 5 }),
      ...[755, 'disclosure of vendor 755'],
    ],
    ['a vendor without consent', tcString(given), 12, 'consent to vendor 12'],
    [
      'a late string of policy 4 that discloses nobody',
      tcString({ purposes: [1, 3, 4], updatedMs: AFTER }),
      ...[undefined, 'disclosed vendors'],
    ],
    [
      'an earlier string of policy 4 that discloses nobody',
      tcString({ purposes: [1, 3, 4], updatedMs: AFTER - 100 }),
      ...[undefined, undefined],
    ],
    [
      'a publisher forbids it',
      tcString({ ...given, forbidden: [{ purpose: 3, vendor: 755 }] }),
      ...[755, "the publisher's leave for vendor 755 and purpose 3"],
    ],
  ] as [string, string, number | undefined, string | undefined][])(
    '%s',
    (_, text, vendor, expected) => expect(lacks(text, vendor)).toBe(expected),
  );

  it('needs disclosure from policy 5 or March 2026 on', () => {
    const of = (policyVersion: number, updatedMs: number) =>
      needsDisclosure(decoders.tcf(tcString({ policyVersion, updatedMs })));
    expect([of(4, AFTER - 100), of(4, AFTER), of(5, AFTER - 100)]).toEqual([false, true, true]);
  });

  it('never speaks for a purpose that the TCF does not know', () => {
    expect(tcfLacks(decoders.tcf(SPEC_2_0), [])).toBe('a purpose that the TCF knows');
  });
});

const OPT_OUTS = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut', 'Gpc'];
const US_SECTIONS = ['usnat', 'usca', 'usva', 'usco', 'usut', 'usct', 'usfl', 'usmt', 'usor', 'ustx', 'usde', 'usia', 'usne', 'usnh', 'usnj', 'ustn', 'usmn', 'usmd', 'usin', 'usky', 'usri']; // prettier-ignore

/** A string with one section whose field says opted out. */
function gppOf(section: string, field?: string): string {
  const model = new GppModel();
  model.setFieldValue(section, 'SaleOptOut', 2);
  if (field !== undefined) model.setFieldValue(section, field, field === 'Gpc' ? true : 1);
  return model.encode();
}

describe('GPP strings', () => {
  it.each([
    ['DBABLA~BVQqAAAAAgA.QA', ['usnat'], [], false],
    ['DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN', ['uspv1'], [], false],
    ['DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YYN', ['uspv1'], ['uspv1'], false],
    ['DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA', [], [], false],
    ['DBAA', [], [], false],
  ] as [string, string[], string[], boolean][])('%s', (text, sections, objecting, isGpc) =>
    expect(decoders.gpp(text)).toEqual({ sections, objecting, isGpc }),
  );

  it.each(US_SECTIONS)(
    'of %s object by each of their opt-out fields, and only by them',
    (section) => {
      const probe = new GppModel();
      probe.setFieldValue(section, 'SaleOptOut', 2);
      expect(decoders.gpp(gppOf(section))).toMatchObject({ sections: [section], objecting: [] });
      const fields = OPT_OUTS.filter((field) => probe.hasField(section, field));
      expect(fields.length).toBeGreaterThanOrEqual(section === 'usca' ? 2 : 2);
      for (const field of fields) {
        const signal = decoders.gpp(gppOf(section, field));
        expect(signal).toEqual({
          sections: [section],
          objecting: [section],
          isGpc: field === 'Gpc',
        });
      }
    },
  );

  it.each([
    ['nothing', ''],
    ['a word', 'junk'],
    ['a US privacy string without a header', '1YNN'],
    ['fewer sections than the header says', 'DBACNYA~1YNN'],
    ['a blank section', 'DBABLA~'],
    ['a section of other letters', 'DBABLA~!!!'],
  ])('are refused when they are %s', (_, text) => {
    expect(() => decoders.gpp(text)).toThrow(
      expect.objectContaining({ code: 'consent_string_invalid' }),
    );
  });
});
