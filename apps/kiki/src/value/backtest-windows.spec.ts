/** Goal: windows lie where they are asked for, inside the log and side by side. Method: a property, and each refusal. */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { holdoutWindows, type AskedWindows } from './backtest-windows.js';

const log = { firstDay: 100, lastDay: 500 };
const asked = (changes: Partial<AskedWindows> = {}): AskedWindows => ({
  ...{ calibrationEnd: undefined, holdoutEnd: undefined, origins: 1, horizonDays: undefined },
  ...changes,
});

function refusal(changes: Partial<AskedWindows>): string {
  try {
    return JSON.stringify(holdoutWindows(asked(changes), log));
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
}

describe('windows of a back-test', () => {
  it('are the second half of the log, or what the two ends say', () => {
    expect(holdoutWindows(asked(), log)).toEqual([{ calibrationEnd: 300, holdoutEnd: 500 }]);
    expect(holdoutWindows(asked({ calibrationEnd: 373 }), log)).toEqual([
      { calibrationEnd: 373, holdoutEnd: 500 },
    ]);
    expect(holdoutWindows(asked({ calibrationEnd: 373, holdoutEnd: 400 }), log)).toEqual([
      { calibrationEnd: 373, holdoutEnd: 400 },
    ]);
    expect(holdoutWindows(asked({ origins: 4 }), log)).toMatchObject([
      { calibrationEnd: 300 },
      { calibrationEnd: 350 },
      { calibrationEnd: 400 },
      { calibrationEnd: 450, holdoutEnd: 500 },
    ]);
    const rolling = asked({ calibrationEnd: 300, origins: 2, horizonDays: 91 });
    expect(holdoutWindows(rolling, log)).toEqual([
      { calibrationEnd: 209, holdoutEnd: 300 },
      { calibrationEnd: 300, holdoutEnd: 391 },
    ]);
  });

  it('lie inside the log, side by side and equally long, or are refused', () => {
    const day = fc.option(fc.integer({ min: 50, max: 600 }), { nil: undefined });
    const any = fc.record({
      calibrationEnd: day,
      holdoutEnd: day,
      origins: fc.integer({ min: 1, max: 12 }),
      horizonDays: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
    });
    let windows = 0;
    fc.assert(
      fc.property(any, (wanted) => {
        const found = refusal(wanted);
        if (!found.startsWith('[')) return;
        const all = JSON.parse(found) as { calibrationEnd: number; holdoutEnd: number }[];
        expect(all).toHaveLength(wanted.origins);
        all.forEach(({ calibrationEnd, holdoutEnd }, i) => {
          windows += 1;
          expect(calibrationEnd).toBeGreaterThanOrEqual(log.firstDay);
          expect(holdoutEnd).toBeLessThanOrEqual(Math.min(500, wanted.holdoutEnd ?? 500));
          expect(holdoutEnd - calibrationEnd).toBe(
            wanted.horizonDays ?? holdoutEnd - calibrationEnd,
          );
          expect(holdoutEnd).toBe(all[i + 1]?.calibrationEnd ?? holdoutEnd);
          expect(holdoutEnd).toBeGreaterThan(calibrationEnd);
        });
        const newest = all.at(-1)?.calibrationEnd;
        expect(wanted.calibrationEnd ?? newest).toBe(newest);
      }),
      { seed: testSeed() },
    );
    expect(windows).toBeGreaterThan(20);
  });

  it.each<[string, Partial<AskedWindows>, RegExp]>([
    ['a calibration before the log', { calibrationEnd: 99 }, /^calibration_end_invalid/],
    ['a calibration that ends with it', { calibrationEnd: 500 }, /--calibration-end: expected at/],
    ['a holdout beyond it', { holdoutEnd: 501 }, /--holdout-end: expected a day up to 1971-05-16/],
    ['a holdout before the calibration', { calibrationEnd: 300, holdoutEnd: 299 }, /--holdout-end/],
    [
      'too far a look',
      { calibrationEnd: 450, horizonDays: 51 },
      /--horizon-days: expected up to 50/,
    ],
    ['too many origins', { origins: 5, horizonDays: 91 }, /--origins: expected up to 4 of 91 days/],
  ])('refuses %s', (_name, changes, words) => {
    expect(refusal(changes)).toMatch(words);
  });
});
