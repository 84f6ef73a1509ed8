import type { ValueExplanation } from '@kiki/clv';
import { microsToDecimal, roundHalfEven } from '@kiki/kernel';
import type { Prediction } from './predictor.js';

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
  const alive = (value.aliveProbability * 100).toFixed(0);
  const text =
    `Worth ${money(valueMicros)} within ${Number(horizonDays.toFixed(2))} days: ` +
    `${alive} % likely to be a customer still, then ${value.purchasesIfAlive.toFixed(2)} purchases of ` +
    `${money(value.spendMicros)}; the average customer is worth ${money(populationMicros)}`;
  if (strongest === undefined || strongest.deltaMicros === 0) return `${text}.`;
  const change = strongest.deltaMicros > 0 ? 'adds' : 'takes';
  return `${text}, and ${strongest.feature} ${change} most (${money(Math.abs(strongest.deltaMicros))}).`;
}
