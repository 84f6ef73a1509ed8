/**
 * Goal: sliding windows and rates are never above and hardly ever too strict, calendar caps follow
 * the local calendar for ten years in twenty time zones.
 * Method: the ledger's own counters on random events, beside sums over every single approval and
 * the dates that Intl prints; `npm run bench -- shield.windows` runs the same with a million each.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed } from '@kiki/testing';
import { calendarTrial, TRIAL_ZONES } from './model/calendar-trials.js';
import { together, type TrialReport } from './model/trial.js';
import { rateTrial, windowTrial } from './model/window-trials.js';

const random = new SeededRandom(testSeed());
const right = { above: 0, tooStrict: 0 };

/** The trial was no idle one: it approved and denied. */
function expectBusy({ approved, denied, events }: TrialReport): void {
  expect(approved).toBeGreaterThan(events / 20);
  expect(denied).toBeGreaterThan(events / 20);
}

describe('a sliding window', () => {
  it.each([1_000, 1_999, 60_000, 3_600_000, 86_400_000, 400 * 86_400_000])(
    'of %d ms is never above, and denies what one longer by 1/120 denies',
    (windowMs) => {
      const report = windowTrial(random, { events: 10_000, windowMs, limit: 5_000, most: 200 });
      expect(report).toMatchObject(right);
      expectBusy(report);
    },
  );
});

describe('a rate', () => {
  it.each([1_000, 7_919, 60_000, 86_400_000])(
    'of %d ms approves what no interval forbids, and nothing else',
    (windowMs) => {
      const shape = { events: 2_000, windowMs, limit: 5_000, most: 200 };
      const report = together(
        [300, 1_000, 5_000, 20_000].map((burst) => rateTrial(random, { ...shape, burst })),
      );
      expect(report).toMatchObject(right);
      expectBusy(report);
    },
  );
});

describe('calendar caps', () => {
  it.each(TRIAL_ZONES)('follow the local days, weeks and months: %s', (timeZone) => {
    const report = calendarTrial(random, timeZone, 4_000);
    expect(report).toMatchObject(right);
    expect(report.approved).toBeGreaterThan(1_500);
    expect(report.denied).toBeGreaterThan(1_500);
  });
});
