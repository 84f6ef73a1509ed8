import type { ForecastRequest, ForecastSegment } from './generated/kiki/syncvalue/v1/forecast.js';

/** A forecast with whatever of it differs from the default; a segment is what is said of it. */
export interface AskedForecast extends Partial<Omit<ForecastRequest, 'segments'>> {
  readonly segments?: readonly Partial<ForecastSegment>[];
}

/** The message of a forecast. */
export function forecastRequest({ segments = [], ...asked }: AskedForecast): ForecastRequest {
  const nobody = { recencyScores: [], frequencyScores: [], monetaryScores: [], customerIds: [] };
  return {
    horizonDays: [],
    asOf: undefined,
    quantiles: [],
    model: undefined,
    ...asked,
    segments: segments.map((segment) => ({ name: '', valueTiers: [], ...nobody, ...segment })),
  };
}
