/** Goal: a fit keeps back the newest quarter of what it may see. Method: logs of several lengths. */
import { describe, expect, it } from '@jest/globals';
import { scoreForecast } from '@kiki/clv';
import { gateWindow, storedScores } from './stored-backtest.js';

describe('gateWindow', () => {
  it.each([
    [27, undefined],
    [28, { calibrationDay: 121, holdoutDay: 128 }],
    [400, { calibrationDay: 400, holdoutDay: 500 }],
    [728, { calibrationDay: 646, holdoutDay: 828 }],
    [5000, { calibrationDay: 4918, holdoutDay: 5100 }],
  ])('of %d days', (days, expected) => {
    expect(gateWindow(100, 100 + days)).toEqual(expected);
  });
});

describe('storedScores', () => {
  const predicted = Float64Array.from({ length: 40 }, (_, i) => i / 7);
  const actual = Float64Array.from({ length: 40 }, (_, i) => i % 5);
  const scores = scoreForecast(Array.from(predicted, String), predicted, actual);
  const window = { scores, predictedSpendMicros: 1.4, actualSpendMicros: 2.6 };

  it('keeps nine digits, and deciles when they are wanted', () => {
    const stored = storedScores(window, { keepDeciles: true });
    expect(stored.mae).toBeCloseTo(scores.mae, 7);
    expect(stored.deciles).toHaveLength(10);
    expect(stored.deciles[0]?.[0]).toBe(4);
    expect(stored.predictedSpendMicros).toBe(1);
    expect(JSON.stringify(stored).length).toBeLessThan(700);
    expect(storedScores(window, { keepDeciles: false }).deciles).toEqual([]);
  });
});
