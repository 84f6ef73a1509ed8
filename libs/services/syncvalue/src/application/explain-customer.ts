import { explainValue, type ValueExplanation } from '@kiki/clv';
import { DomainError } from '@kiki/kernel';
import {
  queryProblem,
  statisticsOf,
  type CustomerQuery,
  type ItemProblem,
} from '../domain/customer-query.js';
import { statisticsAt } from '../domain/customer-state.js';
import { explanationSentence } from '../domain/explanation-sentence.js';
import { dayInstant } from '../domain/ledger-terms.js';
import type { AskedOptions } from '../domain/prediction-options.js';
import { NEWCOMER, type Prediction } from '../domain/predictor.js';
import type { PredictCustomers } from './predict-customers.js';
import type { Stamp } from './stamp.js';

/** Why a customer is worth that much. */
export interface ExplainedCustomer {
  readonly prediction: Prediction;
  readonly explanation: ValueExplanation;
  readonly sentence: string;
  readonly stamp: Stamp;
  readonly currency: string;
  readonly horizonDays: number;
  readonly asOf: Date;
}

/** Explains one prediction: its factors and what each statistic adds to the average customer's value. */
export class ExplainCustomer {
  constructor(private readonly predictions: PredictCustomers) {}

  /** @throws customer_query_invalid, statistics_invalid, and as PredictCustomers */
  async execute(
    tenant: string,
    query: CustomerQuery,
    asked: AskedOptions,
  ): Promise<ExplainedCustomer> {
    const problem = queryProblem(query);
    if (problem !== undefined || query === undefined) throw itemError(problem);
    const viewpoint = await this.predictions.viewpoint(tenant, asked);
    const { predictor, view, stamp, asOfDay } = viewpoint;
    const { daysPerUnit } = predictor.model.purchases;
    const customer =
      'statistics' in query
        ? statisticsOf(query.statistics, daysPerUnit)
        : statisticsAt(
            (await this.predictions.histories(tenant, [query.customerId], viewpoint)).get(
              query.customerId,
            ),
            asOfDay,
            daysPerUnit,
          );
    const { artefact, options } = predictor;
    const prediction = predictor.predict(customer);
    const { average } = artefact;
    const explanation = explainValue(predictor.model, customer ?? NEWCOMER, average, options);
    const { currency } = view.terms;
    return {
      prediction,
      explanation,
      sentence: explanationSentence(prediction, explanation, options.horizonDays, currency),
      stamp,
      currency,
      horizonDays: options.horizonDays,
      asOf: dayInstant(asOfDay, view.terms),
    };
  }
}

/** The problem of a single item as the error of its call. */
export function itemError(problem: ItemProblem | undefined): DomainError {
  const { code, message, field } = problem ?? {
    code: 'customer_query_invalid',
    message: 'The query names no customer.',
    field: 'customer',
  };
  return new DomainError(code, 'invalid', message, { fields: [{ field, expected: message }] });
}
