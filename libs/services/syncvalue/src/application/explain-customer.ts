import {
  explainMixtures,
  explainValue,
  mixturesOf,
  type AcquisitionAttributes,
  type ValuedCustomer,
  type ValueExplanation,
} from '@kiki/clv';
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
import { OnnxPredictor } from '../domain/onnx-predictor.js';
import { NEWCOMER, type Prediction, type Predictor } from '../domain/predictor.js';
import { attributesFor } from './acquired.js';
import { askGraph, type Graphs } from './graphs.js';
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
  constructor(
    private readonly predictions: PredictCustomers,
    private readonly graphs: Graphs,
  ) {}

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
    const { daysPerUnit, options } = predictor;
    const ids = 'customerId' in query ? [query.customerId] : [];
    const histories = await this.predictions.histories(tenant, ids, viewpoint);
    const customer =
      'statistics' in query
        ? statisticsOf(query.statistics, daysPerUnit)
        : statisticsAt(histories.get(query.customerId), asOfDay, daysPerUnit);
    const acquired = await this.predictions.acquired(tenant, ids, viewpoint);
    const { prediction, explanation } =
      predictor instanceof OnnxPredictor
        ? await this.explainGraph(tenant, predictor, customer)
        : explainFitted(predictor, customer, attributesFor(query, acquired));
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

  /**
   * The customer and all mixtures with the average one in one run of the graph.
   * @throws onnx_unavailable, onnx_output_invalid
   */
  private async explainGraph(
    tenant: string,
    predictor: OnnxPredictor,
    customer: ValuedCustomer | undefined,
  ): Promise<Pick<ExplainedCustomer, 'prediction' | 'explanation'>> {
    const mixtures = mixturesOf(customer ?? NEWCOMER, predictor.artefact.average);
    const outcomes = await askGraph(this.graphs, tenant, predictor, [customer, ...mixtures]);
    const [prediction, ...mixed] = outcomes.map(({ prediction: one, problem }) => {
      if (one === undefined) throw itemError(problem);
      return one;
    });
    if (prediction === undefined) throw itemError(undefined);
    const explanation = explainMixtures(mixed.map(({ value }) => value.valueMicros));
    return { prediction, explanation };
  }
}

function explainFitted(
  predictor: Predictor,
  customer: ValuedCustomer | undefined,
  attributes: AcquisitionAttributes | undefined,
): Pick<ExplainedCustomer, 'prediction' | 'explanation'> {
  const { model, options, artefact, acquisition: learned } = predictor;
  const prior = learned?.priorOf(attributes);
  const acquisition = learned && prior && { values: learned.values, prior };
  const asked = { ...options, acquisition };
  return {
    prediction: predictor.predict(customer, attributes),
    explanation: explainValue(model, customer ?? NEWCOMER, artefact.average, asked),
  };
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
