import { netDays, summarize, type HistorySummary, type ValuedCustomer } from '@kiki/clv';
import { DomainError, type Clock } from '@kiki/kernel';
import {
  queryProblem,
  statisticsOf,
  type CustomerQuery,
  type ItemProblem,
} from '../domain/customer-query.js';
import { statisticsAt } from '../domain/customer-state.js';
import type { LedgerTerms } from '../domain/ledger-terms.js';
import type { AskedOptions } from '../domain/prediction-options.js';
import { OnnxPredictor } from '../domain/onnx-predictor.js';
import type { Prediction, Predictor } from '../domain/predictor.js';
import { errors } from '../errors.js';
import { acquiredOf, attributesFor, type Acquired } from './acquired.js';
import { askGraph, type Graphs } from './graphs.js';
import type { Ledger } from './ledger.js';
import type { Models } from './models.js';
import type { Stamp } from './stamp.js';
import { Viewpoints, type PredictionSettings, type Viewpoint } from './viewpoints.js';

/** The answer for one customer or why there is none. */
export type PredictionOutcome =
  | { readonly prediction: Prediction; readonly problem?: undefined }
  | { readonly problem: ItemProblem; readonly prediction?: undefined };

/** Answers in the order of the questions. */
export interface PredictedBatch {
  readonly outcomes: readonly PredictionOutcome[];
  readonly stamp: Stamp;
  readonly terms: LedgerTerms;
  readonly horizonDays: number;
  /** The end of observation that was used. */
  readonly asOf: Date;
}

/** Most customers of one message. */
export const MAX_BATCH = 10_000;
/** How long customers are computed before the event loop gets its turn, looked at every few of them. */
const SLICE_MS = 10;
const SLICE_CUSTOMERS = 16;

/** Predicts customers by id or by statistics, each with its own error. */
export class PredictCustomers {
  private readonly viewpoints: Viewpoints;

  constructor(
    private readonly ledger: Ledger,
    models: Models,
    private readonly clock: Clock,
    settings: PredictionSettings,
    private readonly graphs: Graphs,
  ) {
    this.viewpoints = new Viewpoints(ledger, models, clock, settings);
  }

  /** @throws batch_too_large, prediction_options_invalid, model_missing, model_not_found */
  async execute(
    tenant: string,
    queries: readonly CustomerQuery[],
    asked: AskedOptions,
    call: Pick<AbortSignal, 'throwIfAborted'>,
  ): Promise<PredictedBatch> {
    if (queries.length > MAX_BATCH) {
      throw errors.batch_too_large(`A message asks for ${queries.length} customers.`);
    }
    const problems = queries.map(queryProblem);
    const ids = usableIds(queries, problems);
    const viewpoint = await this.viewpoint(tenant, asked);
    const histories = await this.histories(tenant, ids, viewpoint);
    call.throwIfAborted();
    const { predictor } = viewpoint;
    if (predictor instanceof OnnxPredictor) {
      const batch = { queries, problems, histories, predictor };
      return this.brought(tenant, batch, viewpoint);
    }
    const acquired = await this.acquired(tenant, ids, viewpoint);
    const known = { histories, acquired, viewpoint, predictor };
    const outcomes: PredictionOutcome[] = [];
    // A customer with quantiles may take as long as a thousand without.
    const every = viewpoint.levels.length > 0 ? 1 : SLICE_CUSTOMERS;
    let sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
    for (let i = 0; i < queries.length; i++) {
      if (i % every === 0 && this.clock.monotonicMs() > sliceEndMs) {
        await this.clock.sleep(0);
        call.throwIfAborted();
        sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
      }
      const problem = problems[i];
      outcomes.push(problem ? { problem } : predictOne(queries[i], known));
    }
    return answered(outcomes, viewpoint);
  }

  /** One customer, for the call that has no time to lose. @throws as execute */
  async executeOne(
    tenant: string,
    query: CustomerQuery,
    asked: AskedOptions,
    call: Pick<AbortSignal, 'throwIfAborted'>,
  ): Promise<PredictedBatch> {
    const viewpoint = await this.viewpoint(tenant, asked);
    const problem = queryProblem(query);
    if (problem !== undefined) return answered([{ problem }], viewpoint);
    const ids = query !== undefined && 'customerId' in query ? [query.customerId] : [];
    const histories = await this.histories(tenant, ids, viewpoint);
    const { predictor } = viewpoint;
    if (predictor instanceof OnnxPredictor) {
      const batch = { queries: [query], problems: [problem], histories, predictor };
      return this.brought(tenant, batch, viewpoint);
    }
    const acquired = await this.acquired(tenant, ids, viewpoint);
    call.throwIfAborted();
    return answered([predictOne(query, { histories, acquired, viewpoint, predictor })], viewpoint);
  }

  /** All customers in one run of the graph. @throws onnx_unavailable */
  private async brought(
    tenant: string,
    { queries, problems, histories, predictor }: AskedBatch,
    viewpoint: Viewpoint,
  ): Promise<PredictedBatch> {
    const customers = queries.map((query, i) =>
      problems[i] === undefined ? customerOf(query, histories, viewpoint) : undefined,
    );
    const predicted = await askGraph(this.graphs, tenant, predictor, customers);
    const outcomes = predicted.map((outcome, i): PredictionOutcome => {
      const problem = problems[i];
      return problem === undefined ? outcome : { problem };
    });
    return answered(outcomes, viewpoint);
  }

  /** The model and the end of observation that the options ask for. @throws as execute */
  viewpoint(tenant: string, asked: AskedOptions): Promise<Viewpoint> {
    return this.viewpoints.of(tenant, asked);
  }

  /** How customers came, by id, as known at the end of observation. */
  acquired(tenant: string, ids: readonly string[], viewpoint: Viewpoint): Promise<Acquired> {
    return acquiredOf(this.ledger, tenant, ids, viewpoint);
  }

  /** Histories at the end of observation, by customer id. */
  async histories(
    tenant: string,
    ids: readonly string[],
    { view, asOfDay }: Viewpoint,
  ): Promise<Map<string, HistorySummary>> {
    const found = new Map<string, HistorySummary>();
    if (ids.length === 0) return found;
    if (asOfDay >= view.terms.newestDay) {
      for (const [id, { history }] of await this.ledger.states(tenant, ids)) {
        // Rows that came after the view was read would lie in its future.
        if (history !== undefined && history.lastDay <= asOfDay) found.set(id, history);
        else if (history !== undefined) return this.pastHistories(tenant, ids, asOfDay);
      }
      return found;
    }
    return this.pastHistories(tenant, ids, asOfDay);
  }

  private async pastHistories(
    tenant: string,
    ids: readonly string[],
    asOfDay: number,
  ): Promise<Map<string, HistorySummary>> {
    const found = new Map<string, HistorySummary>();
    for (const [id, days] of await this.ledger.days(tenant, ids, asOfDay)) {
      const history = summarize(netDays(days, asOfDay));
      if (history !== undefined) found.set(id, history);
    }
    return found;
  }
}

function answered(
  outcomes: readonly PredictionOutcome[],
  { view, stamp, predictor, asOf }: Viewpoint,
): PredictedBatch {
  const { horizonDays } = predictor.options;
  return { outcomes, stamp, terms: view.terms, horizonDays, asOf };
}

function usableIds(
  queries: readonly CustomerQuery[],
  problems: readonly (ItemProblem | undefined)[],
): string[] {
  const ids = new Set<string>();
  queries.forEach((query, i) => {
    if (problems[i] === undefined && query !== undefined && 'customerId' in query) {
      ids.add(query.customerId);
    }
  });
  return [...ids];
}

/** Questions, what is wrong with some of them, and what is known of the customers. */
interface AskedBatch {
  readonly queries: readonly CustomerQuery[];
  readonly problems: readonly (ItemProblem | undefined)[];
  readonly histories: ReadonlyMap<string, HistorySummary>;
  readonly predictor: OnnxPredictor;
}

/** What predictions of a batch by a fitted model share. */
interface Known {
  readonly histories: ReadonlyMap<string, HistorySummary>;
  readonly acquired: Acquired;
  readonly viewpoint: Viewpoint;
  readonly predictor: Predictor;
}

/** The customer of a question, in units of the model; undefined for somebody unknown. */
function customerOf(
  query: CustomerQuery,
  histories: ReadonlyMap<string, HistorySummary>,
  { predictor, asOfDay }: Viewpoint,
): ValuedCustomer | undefined {
  if (query !== undefined && 'statistics' in query) {
    return statisticsOf(query.statistics, predictor.daysPerUnit);
  }
  return statisticsAt(query && histories.get(query.customerId), asOfDay, predictor.daysPerUnit);
}

function predictOne(
  query: CustomerQuery,
  { histories, acquired, viewpoint, predictor }: Known,
): PredictionOutcome {
  const { levels } = viewpoint;
  try {
    const customer = customerOf(query, histories, viewpoint);
    const attributes = attributesFor(query, acquired);
    const prediction =
      levels.length === 0
        ? predictor.predict(customer, attributes)
        : predictor.predictWith(customer, levels, attributes);
    return { prediction };
  } catch (error) {
    if (!DomainError.is(error)) throw error;
    return { problem: { code: error.code, message: error.message, field: 'options' } };
  }
}
