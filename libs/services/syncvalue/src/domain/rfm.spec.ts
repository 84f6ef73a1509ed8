/** Goal: the scores are what their definition says. Method: small populations, worked out by hand. */
import { describe, expect, it } from '@jest/globals';
import { quintile, rfmScores } from './rfm.js';

describe('quintile', () => {
  it('gives a fifth of distinct values each score', () => {
    const bounds = [2, 4, 6, 8];
    const scores = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((value) => quintile(value, bounds));
    expect(scores).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
  });

  it('gives equal values equal scores', () => {
    expect([0, 1].map((value) => quintile(value, [0, 0, 0, 1]))).toEqual([1, 4]);
  });
});

describe('rfmScores', () => {
  it('scores each measure by its own bounds', () => {
    const bounds = {
      ...{ lastDay: [10, 20, 30, 40], frequency: [0, 0, 1, 3] },
      totalMicros: [1e6, 2e6, 3e6, 4e6],
    };
    expect(rfmScores({ lastDay: 45, frequency: 2, totalMicros: 2e6 }, bounds)).toEqual({
      recency: 5,
      frequency: 4,
      monetary: 2,
    });
  });
});
