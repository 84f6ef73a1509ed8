import type { ValueExplanation } from '@kiki/clv';
import { microsToDecimal, roundHalfEven } from '@kiki/kernel';
import type { PredictedValue, Prediction } from './predictor.js';

/** One sentence in English that says what a value comes from. */
export function explanationSentence(
  { value }: Prediction,
  { valueMicros, populationMicros, contributions }: ValueExplanation,
  horizonDays: number,
  currency: string,
): string {
  const [strongest] = [...contributions].sort(
    (a, b) => Math.abs(b.deltaMicros) - Math.abs(a.deltaMicros),
  );
  const money = (micros: number): string =>
    `${microsToDecimal(roundHalfEven(micros / 1e4) * 10_000n)} ${currency}`;
  const text =
    `Worth ${money(valueMicros)} within ${Number(horizonDays.toFixed(2))} days` +
    `${factorsText(value, money)}; the average customer is worth ${money(populationMicros)}`;
  if (strongest === undefined || strongest.deltaMicros === 0) return `${text}.`;
  const change = strongest.deltaMicros > 0 ? 'adds' : 'takes';
  return `${text}, and ${strongest.feature} ${change} most (${money(Math.abs(strongest.deltaMicros))}).`;
}

/** As much as the model tells. */
function factorsText(value: PredictedValue, money: (micros: number) => string): string {
  const { aliveProbability, purchasesIfAlive, expectedPurchases, spendMicros } = value;
  if (spendMicros === undefined) return '';
  if (aliveProbability === undefined || purchasesIfAlive === undefined) {
    return `: ${(expectedPurchases ?? 0).toFixed(2)} purchases of ${money(spendMicros)}`;
  }
  const alive = (aliveProbability * 100).toFixed(0);
  return (
    `: ${alive} % likely to be a customer still, then ${purchasesIfAlive.toFixed(2)} purchases of ` +
    money(spendMicros)
  );
}
