/** Goal: medians, ratios and verdicts are right, also at the edges. Method: small tables worked out by hand. */
import { describe, expect, it } from '@jest/globals';
import type { Benchmark } from './benchmark.js';
import { judge, printable } from './report.js';
import { median, quantile, ratios } from './statistics.js';

describe('statistics', () => {
  it('takes middles and quantiles by interpolation', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
    expect(median([])).toBeNaN();
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
  });
});

describe('judge', () => {
  const benchmark = (bound: number): Benchmark => ({
    name: 'area.thing',
    about: '',
    targets: [{ figure: 'ratio', relation: '>=', bound }],
    run: () => Promise.resolve([]),
  });
  const figures = [{ name: 'ratio', unit: 'ratio', samples: [0.4, 0.5, 0.9] }];

  it('compares the median with the bound', () => {
    expect(judge(benchmark(0.5), figures)).toMatchObject({ passed: true });
    expect(judge(benchmark(0.51), figures)).toMatchObject({ passed: false });
  });

  it('fails a target whose figure was never measured', () => {
    const result = judge(benchmark(0.5), []);
    expect(result.passed).toBe(false);
    expect(printable(result)[1]).toMatch(/^ratio +not measured +>= 0.5 MISSED$/);
  });

  it('prints a line per figure with its target', () => {
    expect(printable(judge(benchmark(0.51), figures))[1]).toBe(
      'ratio   0.5000  0.4000 – 0.9000  ratio  >= 0.51 MISSED',
    );
  });
});
