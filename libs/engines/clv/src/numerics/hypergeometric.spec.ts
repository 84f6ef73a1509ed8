/**
 * Goal: log ₂F₁ keeps ten digits wherever the models ask for it, where common libraries overflow. Method: 330 values of
 * mpmath with 40 digits, x ≤ 1000, T ≤ 1000, t ≤ 520.
 */
import { describe, expect, it } from '@jest/globals';
import { GRID, GRID_PARAMETERS } from './hypergeometric-grid.fixture.js';
import { logHyp2f1 } from './hypergeometric.js';

describe('log ₂F₁ on the grid of the literature', () => {
  const lines = GRID.trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number) as [number, number, number, number, number]);

  it('has at least 165 cases', () => {
    expect(lines).toHaveLength(165);
  });

  it.each([
    ['conditional expectation', 1, 3],
    ['survival', 0, 4],
  ] as const)('%s: finite, errors ≤ 1e-10', (_name, less, column) => {
    const { r, alpha, a, b } = GRID_PARAMETERS;
    let worst = 0;
    for (const line of lines) {
      const [x, T, t] = line;
      const value = logHyp2f1(r + x, b + x, a + b + x - less, t / (alpha + T + t));
      expect(Number.isFinite(value)).toBe(true);
      worst = Math.max(worst, Math.abs(value - line[column]));
    }
    expect(worst).toBeLessThan(1e-10);
  });
});
