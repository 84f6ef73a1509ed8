import type { DecileScore } from '../backtest.js';
import type { Observed } from '../models/purchase-kind.js';
import { ACTUAL, box, dot, legend, path, plot, PREDICTED, type Axes } from './svg.js';

/** A group of customers: what was predicted and what happened, on average or in all. */
export interface PredictedActual {
  readonly name: string;
  readonly predicted: number;
  readonly actual: number;
}

/** Predicted and actual purchases of each tenth of the customers, the best first; SVG. */
export function decilePlot(deciles: readonly DecileScore[]): string {
  const axes: Axes = {
    maxX: Math.max(1, deciles.length),
    maxY: largest(deciles),
    title: 'Purchases by tenth of the forecast',
    labelX: 'tenth, highest forecast first',
    labelY: 'purchases',
  };
  const bars = deciles.flatMap(({ predicted, actual }, i) => [
    box(axes, [i + 0.1, 0], [i + 0.48, predicted], PREDICTED),
    box(axes, [i + 0.52, 0], [i + 0.9, actual], ACTUAL),
  ]);
  return plot(axes, [...bars, legend()]);
}

/** What happened against what was predicted, per group; on the diagonal a forecast is calibrated; SVG. */
export function calibrationPlot(groups: readonly PredictedActual[]): string {
  const most = largest(groups);
  const axes: Axes = {
    maxX: most,
    maxY: most,
    title: 'Actual against predicted purchases',
    labelX: 'predicted',
    labelY: 'actual',
  };
  const diagonal = path(
    axes,
    [
      [0, 0],
      [most, most],
    ],
    '#cbd5e1',
  );
  const dots = groups.map(({ name, predicted, actual }) =>
    dot(axes, [predicted, actual], PREDICTED, name),
  );
  return plot(axes, [diagonal, ...dots]);
}

/** Repeat purchases of each period, predicted and actual; SVG. */
export function trackingPlot(periods: readonly PredictedActual[]): string {
  const axes: Axes = {
    maxX: Math.max(1, periods.length - 1),
    maxY: largest(periods),
    title: 'Repeat purchases by period',
    labelX: 'period',
    labelY: 'purchases',
  };
  const curve = (values: readonly number[], stroke: string): string =>
    path(
      axes,
      values.map((value, i) => [i, value] as const),
      stroke,
    );
  return plot(axes, [
    curve(
      periods.map(({ predicted }) => predicted),
      PREDICTED,
    ),
    curve(
      periods.map(({ actual }) => actual),
      ACTUAL,
    ),
    legend(),
  ]);
}

/** How a P(alive) matrix is cut. */
export interface AliveMatrixOptions {
  /** T of all cells, in the unit of the model. */
  readonly age: number;
  readonly maxFrequency: number;
  /** @default 20 */
  readonly steps?: number;
}

/** P(alive) by frequency and recency at one age, dark where a customer is surely alive; SVG. */
export function alivePlot(
  aliveProbability: (row: Observed) => number,
  { age, maxFrequency, steps = 20 }: AliveMatrixOptions,
): string {
  const axes: Axes = {
    maxX: age,
    maxY: maxFrequency,
    title: `P(alive) at age ${age}`,
    labelX: 'recency: time from first to last purchase',
    labelY: 'frequency',
  };
  const cells: string[] = [];
  for (let frequency = 1; frequency <= maxFrequency; frequency++) {
    for (let step = 0; step < steps; step++) {
      const recency = ((step + 0.5) / steps) * age;
      const light = Math.round(100 - 75 * aliveProbability({ frequency, recency, age }));
      const fill = `hsl(217 80% ${light}%)`;
      const [from, to] = [(step / steps) * age, ((step + 1) / steps) * age];
      cells.push(box(axes, [from, frequency - 1], [to, frequency], fill));
    }
  }
  return plot(axes, cells);
}

function largest(groups: readonly Omit<PredictedActual, 'name'>[]): number {
  const most = groups.reduce((max, { predicted, actual }) => Math.max(max, predicted, actual), 0);
  return most > 0 ? most : 1;
}
