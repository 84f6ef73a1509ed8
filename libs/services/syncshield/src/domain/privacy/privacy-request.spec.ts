/**
 * Goal: deadlines are those of the law on every calendar, and no request is done before all five services have confirmed.
 * Method: known dates, and every order of confirmations by fast-check.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  dueMs,
  extendedDueMs,
  isEnded,
  readySteps,
  retryDelayMs,
  STEP_SERVICES,
  type PrivacyStep,
} from './privacy-request.js';

const at = (text: string): number => Date.parse(text);

describe('deadlines', () => {
  it('are a calendar month and three of the GDPR, 45 and 90 days of the CCPA', () => {
    expect(dueMs('gdpr', at('2026-01-31T10:00:00Z'))).toBe(at('2026-02-28T10:00:00Z'));
    expect(dueMs('gdpr', at('2028-01-31T10:00:00Z'))).toBe(at('2028-02-29T10:00:00Z'));
    expect(extendedDueMs('gdpr', at('2026-11-30T10:00:00Z'))).toBe(at('2027-02-28T10:00:00Z'));
    expect(dueMs('gdpr', at('2026-12-15T00:00:00Z'))).toBe(at('2027-01-15T00:00:00Z'));
    expect(dueMs('ccpa', at('2026-01-01T00:00:00Z'))).toBe(at('2026-02-15T00:00:00Z'));
    expect(extendedDueMs('ccpa', at('2026-01-01T00:00:00Z'))).toBe(at('2026-04-01T00:00:00Z'));
  });

  it('lie after the receipt and before their extension, on every day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
        for (const regime of ['gdpr', 'ccpa'] as const) {
          expect(dueMs(regime, ms)).toBeGreaterThanOrEqual(ms + 28 * 86_400_000);
          expect(extendedDueMs(regime, ms)).toBeGreaterThan(dueMs(regime, ms));
        }
      }),
    );
  });
});

describe('steps', () => {
  const stepsWith = (done: ReadonlySet<string>): PrivacyStep[] =>
    STEP_SERVICES.map((service) => ({
      ...{ service, attempts: 0 },
      ...(done.has(service) ? { confirmedMs: 1, receipt: {} } : {}),
    }));

  it('end only with five confirmations, SyncShield last, SyncValue after SyncEngage', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (choices) => {
        const done = new Set<string>();
        for (const choice of choices) {
          const ready = readySteps(stepsWith(done));
          expect(isEnded(stepsWith(done))).toBe(done.size === 5);
          if (ready.length === 0) break;
          const next = ready[choice % ready.length]!;
          if (next === 'syncvalue') expect(done.has('syncengage')).toBe(true);
          if (next === 'syncshield') expect(done.size).toBe(4);
          done.add(next);
        }
      }),
    );
    expect(isEnded([])).toBe(false);
  });

  it('are tried again ever later, at least every minute', () => {
    expect(retryDelayMs(0, 0, 60_000)).toBe(500);
    expect(retryDelayMs(3, 0.999, 60_000)).toBeLessThanOrEqual(8_000);
    expect(retryDelayMs(50, 0.999, 60_000)).toBeLessThanOrEqual(60_000);
    expect(retryDelayMs(50, 0, 60_000)).toBe(30_000);
  });
});
