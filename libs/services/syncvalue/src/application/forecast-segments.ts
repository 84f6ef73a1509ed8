import type { ValueOptions } from '@kiki/clv';
import type { ModelReference } from '../domain/model.js';
import { valueOptions } from '../domain/prediction-options.js';
import { ALL_CUSTOMERS, checkSegments, type SegmentFilter } from '../domain/segments.js';
import { errors } from '../errors.js';
import type { FitOptions } from './fit-model.js';
import type { LogForecast } from './forecast-job.js';
import type { ModelJobs } from './model-jobs.js';
import type { PredictCustomers } from './predict-customers.js';
import type { Stamp } from './stamp.js';

/** What is to be forecast; everything has a default. */
export interface ForecastQuestion {
  /** None: all customers. */
  readonly segments: readonly SegmentFilter[];
  /** None: the service's. */
  readonly horizons: readonly number[];
  readonly annualDiscountRate: number | undefined;
  readonly margin: number | undefined;
  readonly asOf: Date | undefined;
  /** None: .05, .5, .95. */
  readonly quantiles: readonly number[];
  readonly model: ModelReference | undefined;
}

/** Segments at all horizons and what they were forecast from. */
export interface ForecastAnswer {
  readonly segments: LogForecast;
  readonly horizons: readonly number[];
  readonly levels: readonly number[];
  readonly stamp: Stamp;
  readonly currency: string;
  readonly asOf: Date;
}

const DEFAULT_LEVELS = [0.05, 0.5, 0.95];

/** Forecasts what segments of customers do together, in a process of their own and on one snapshot of the log. */
export class ForecastSegments {
  constructor(
    private readonly predictions: PredictCustomers,
    private readonly jobs: ModelJobs,
    private readonly defaults: ValueOptions,
  ) {}

  /** @throws forecast_invalid, prediction_options_invalid, model_missing, model_not_found, model_kind_unsupported */
  async execute(
    tenant: string,
    question: ForecastQuestion,
    options: FitOptions,
  ): Promise<ForecastAnswer> {
    const { annualDiscountRate, margin, asOf, quantiles, model } = question;
    const segments = question.segments.length > 0 ? question.segments : [ALL_CUSTOMERS];
    const horizons = question.horizons.length > 0 ? question.horizons : [this.defaults.horizonDays];
    checkSegments(segments, horizons);
    const common = { annualDiscountRate, margin, asOf, quantiles, model };
    for (const horizonDays of horizons) valueOptions({ ...common, horizonDays }, this.defaults, '');
    const asked = { ...common, horizonDays: undefined };
    const viewpoint = await this.predictions.viewpoint(tenant, asked);
    const { stamp, asOfDay, view, predictor } = viewpoint;
    const { artefact } = stamp.model;
    if (artefact.onnx !== undefined) throw withoutDistribution();
    const levels = quantiles.length > 0 ? quantiles : DEFAULT_LEVELS;
    const { annualDiscountRate: rate, margin: kept } = predictor.options;
    const job = { tenant, asOfDay, artefact, segments, horizons, levels };
    const forecast = await this.jobs.forecast(
      { ...job, annualDiscountRate: rate, margin: kept },
      options,
    );
    const { currency } = view.terms;
    return { segments: forecast, horizons, levels, stamp, currency, asOf: viewpoint.asOf };
  }
}

function withoutDistribution(): Error {
  return errors.model_kind_unsupported('A brought graph has no predictive distribution.', {
    fields: [{ field: 'model', expected: 'a model that was fitted' }],
  });
}
