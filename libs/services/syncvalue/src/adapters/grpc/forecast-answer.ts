import type { SegmentForecast, SegmentTotal } from '@kiki/clv';
import type * as wire from '@kiki/contract-syncvalue';
import { roundHalfEven } from '@kiki/kernel';
import type { ForecastAnswer, ForecastQuestion } from '../../application/forecast-segments.js';
import { stampAnswer } from './answers.js';
import { tierOf } from './enums.js';
import { instantOf, referenceOf } from './requests.js';

/** A forecast as the application reads it. @throws model_kind_unsupported, invalid_request */
export function forecastQuestionOf(request: wire.ForecastRequest): ForecastQuestion {
  const { annualDiscountRate, margin, model } = request;
  return {
    segments: request.segments.map((segment) => ({
      name: segment.name,
      tiers: segment.valueTiers.flatMap((tier) => tierOf(tier) ?? []),
      recency: segment.recencyScores,
      frequency: segment.frequencyScores,
      monetary: segment.monetaryScores,
      customerIds: segment.customerIds,
    })),
    horizons: request.horizonDays,
    annualDiscountRate,
    margin,
    asOf: instantOf(request.asOf, 'as_of'),
    quantiles: request.quantiles,
    model: model && referenceOf(model),
  };
}

/** A forecast as the wire has it. */
export function forecastAnswer(answer: ForecastAnswer): wire.ForecastReport {
  const { horizons, levels, stamp, currency, asOf } = answer;
  return {
    segments: answer.segments.map(({ name, customers, unknown, totals }) => ({
      name,
      customerCount: BigInt(customers),
      unknownCount: BigInt(unknown),
      totals: totals.map((total, h) => totalAnswer(total, horizons[h] ?? 0, levels)),
    })),
    currency,
    asOf,
    model: stampAnswer(stamp),
  };
}

function totalAnswer(
  { purchases, spendMicros }: SegmentForecast,
  horizonDays: number,
  levels: readonly number[],
): wire.TotalForecast {
  return {
    horizonDays,
    expectedPurchases: purchases.expected,
    expectedLtvMicros: roundHalfEven(spendMicros.expected),
    quantiles: levels.map((quantile, i) => ({
      quantile,
      purchases: purchases.quantiles[i] ?? 0,
      ltvMicros: roundHalfEven(spendMicros.quantiles[i] ?? 0),
    })),
    purchasesUncertainty: uncertaintyOf(purchases),
    ltvUncertainty: uncertaintyOf(spendMicros),
  };
}

function uncertaintyOf({ process, parameters, shock }: SegmentTotal): wire.TotalUncertainty {
  return { process, parameters, shock };
}
