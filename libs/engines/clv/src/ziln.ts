import { invalid } from './errors.js';
import { sigmoid, softplus } from './numerics/gamma.js';

/**
 * What a net of zero-inflated log-normal value answers for one customer, as numbers without bounds: P(any value) is
 * the sigmoid of the first, log value has the second as its mean and the softplus of the third as its deviation.
 */
export type ZilnLogits = readonly [any: number, location: number, scale: number];

const HALF_LOG_TWO_PI = 0.918938533204672741780329736406;
/** Deviations below make every density infinite; the reference keeps the same distance. */
const LEAST_DEVIATION = Math.sqrt(1e-7);

/**
 * Loss of an answer when `label` (a value ≥ 0) came: −log P(zero), or −log P(any) − log of the log-normal density
 * (Wang, Liu, Miao 2019, A Deep Probabilistic Model for Customer Lifetime Value Prediction, arXiv 1912.07753, eq. 3).
 * @throws clv_parameter_invalid
 */
export function zilnLoss(label: number, logits: ZilnLogits): number {
  if (!(label >= 0 && label < Infinity)) throw invalid('label', 'a number ≥ 0');
  const [any, location, scale] = checked(logits);
  if (label === 0) return softplus(any);
  const deviation = Math.max(softplus(scale), LEAST_DEVIATION);
  const logLabel = Math.log(label);
  const distance = (logLabel - location) / deviation;
  const logDensity = -logLabel - Math.log(deviation) - HALF_LOG_TWO_PI - 0.5 * distance * distance;
  return softplus(-any) - logDensity;
}

/** E[value] of an answer: P(any) e^(μ + σ²/2) (the same, eq. 2). @throws clv_parameter_invalid */
export function zilnMean(logits: ZilnLogits): number {
  const [any, location, scale] = checked(logits);
  return sigmoid(any) * Math.exp(location + 0.5 * softplus(scale) ** 2);
}

function checked(logits: ZilnLogits): ZilnLogits {
  if (logits.length === 3 && logits.every(Number.isFinite)) return logits;
  throw invalid('logits', 'three finite numbers');
}
