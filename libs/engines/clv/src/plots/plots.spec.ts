/** Goal: plots are well-formed SVG that show what they are given. Method: count shapes, look for what no plot may hold. */
import { expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { purchaseKind } from '../models/index.js';
import { alivePlot, calibrationPlot, decilePlot, trackingPlot } from './plots.js';

const count = (svg: string, tag: string): number => svg.split(`<${tag} `).length - 1;
const amount = fc.double({ min: 0, max: 1e6, noNaN: true });
const groups = fc.array(
  fc.record({ name: fc.string(), predicted: amount, actual: amount, customers: fc.constant(1) }),
  { maxLength: 12 },
);

/** Every tag is closed in order, and no number is missing. */
function isWellFormed(svg: string): boolean {
  const open: string[] = [];
  for (const [, close, name = '', , empty] of svg.matchAll(/<(\/?)([a-z]+)([^<>]*?)(\/?)>/g)) {
    if (close === '/') {
      if (open.pop() !== name) return false;
    } else if (empty !== '/') open.push(name);
  }
  return (
    open.length === 0 && !/NaN|Infinity|undefined/.test(svg.replace(/<title>.*?<\/title>/g, ''))
  );
}

it('draws every group, whatever it is called', () => {
  fc.assert(
    fc.property(groups, (drawn) => {
      const deciles = decilePlot(drawn.map((group, i) => ({ ...group, decile: i + 1 })));
      const calibration = calibrationPlot(drawn);
      const tracking = trackingPlot(drawn);
      expect([deciles, calibration, tracking].map(isWellFormed)).toEqual([true, true, true]);
      // The background and the legend's two.
      expect(count(deciles, 'rect')).toBe(2 * drawn.length + 3);
      expect(count(calibration, 'circle')).toBe(drawn.length);
      expect(count(tracking, 'polyline')).toBe(2);
    }),
    { seed: testSeed() },
  );
});

it('draws twice the purchases twice as high', () => {
  const [low, high] = [50, 100].map((predicted) => ({
    decile: 1,
    customers: 1,
    predicted,
    actual: 100,
  }));
  const heights = [low, high].map((decile) => {
    const bars = decilePlot(decile ? [decile] : []).matchAll(/height="([\d.]+)" fill="#2563eb"/g);
    return Number([...bars][0]?.[1]);
  });
  expect(heights[1]).toBeCloseTo(2 * (heights[0] ?? NaN), 6);
});

it('is darker where customers are more surely alive', () => {
  const theta = [0.2426, 4.4136, 0.7929, 2.4259];
  const svg = alivePlot((row) => purchaseKind('bg_nbd').pAlive(theta, row), {
    age: 40,
    maxFrequency: 5,
    steps: 10,
  });
  expect(isWellFormed(svg)).toBe(true);
  const lights = [...svg.matchAll(/hsl\(217 80% (\d+)%\)/g)].map((match) => Number(match[1]));
  expect(lights).toHaveLength(50);
  for (let frequency = 0; frequency < 5; frequency++) {
    const row = lights.slice(frequency * 10, frequency * 10 + 10);
    expect(row).toEqual([...row].sort((a, b) => b - a));
  }
});
