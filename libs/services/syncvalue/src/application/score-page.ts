import type { AcquisitionAttributes, ValueOptions } from '@kiki/clv';
import type { Clock } from '@kiki/kernel';
import { attributesAt } from '../domain/acquisition.js';
import { statisticsAt, type CustomerState } from '../domain/customer-state.js';
import type { FittedArtefact } from '../domain/model.js';
import type { OnnxPredictor } from '../domain/onnx-predictor.js';
import type { PopulationCounter } from '../domain/population-counter.js';
import { Predictor, type Prediction } from '../domain/predictor.js';
import { rfmScores, type RfmBounds } from '../domain/rfm.js';
import { errors } from '../errors.js';
import type { CustomerScore, ScoreSnapshot } from './customer-scores.js';
import { askGraph, type Graphs } from './graphs.js';

/** What the customers of a pass are scored against. */
export interface Scoring {
  readonly tenant: string;
  readonly asOfDay: number;
  readonly bounds: RfmBounds;
  /** Told everybody's statistics and value; undefined where the model has no profile. */
  readonly population: PopulationCounter | undefined;
}

/** Scores one page of customers after the other. */
export interface PageScorer {
  /** @throws what the signal was aborted with */
  score(states: readonly CustomerState[], signal: AbortSignal): Promise<CustomerScore[]>;
}

/** How long customers are computed before the event loop gets its turn, looked at every few of them. */
const SLICE_MS = 5;
const SLICE_CUSTOMERS = 16;

/**
 * By a fitted model. A predictor keeps what it has said: one for all customers who bought once, because their ages
 * repeat, and one a page for the others.
 */
export class FittedScorer implements PageScorer {
  private readonly newcomers: Predictor;

  constructor(
    private readonly by: { readonly artefact: FittedArtefact; readonly options: ValueOptions },
    private readonly scoring: Scoring,
    private readonly snapshot: Pick<ScoreSnapshot, 'attributes'>,
    private readonly clock: Clock,
  ) {
    this.newcomers = this.newPredictor();
  }

  async score(states: readonly CustomerState[], signal: AbortSignal): Promise<CustomerScore[]> {
    const scored: CustomerScore[] = [];
    const predictor = this.newPredictor();
    const acquired = await this.acquired(states);
    let sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
    for (const [i, state] of states.entries()) {
      if (i % SLICE_CUSTOMERS === 0 && this.clock.monotonicMs() > sliceEndMs) {
        await this.clock.sleep(0, signal);
        sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
      }
      const isNew = state.history?.frequency === 0;
      const attributes = attributesAt(acquired.get(state.customerId) ?? [], this.scoring.asOfDay);
      const score = this.scoreOne(state, isNew ? this.newcomers : predictor, attributes);
      if (score !== undefined) scored.push(score);
    }
    return scored;
  }

  private newPredictor(): Predictor {
    return new Predictor(this.by.artefact, this.by.options, this.scoring.asOfDay);
  }

  /** Read only where the model learned something of it. */
  private acquired(states: readonly CustomerState[]): ReturnType<ScoreSnapshot['attributes']> {
    if (this.newcomers.acquisition === undefined) return Promise.resolve(new Map());
    return this.snapshot.attributes(states.map(({ customerId }) => customerId));
  }

  private scoreOne(
    { customerId, history }: CustomerState,
    predictor: Predictor,
    attributes: AcquisitionAttributes | undefined,
  ): CustomerScore | undefined {
    const { asOfDay, population, bounds } = this.scoring;
    const customer = statisticsAt(history, asOfDay, predictor.daysPerUnit);
    if (history === undefined || customer === undefined) return undefined;
    const prediction = predictor.predict(customer, attributes);
    // Drift compares with what the fit measured: the standard options at margin 1.
    population?.add(customer, predictor.standardMicros(customer, prediction.value, attributes));
    return { customerId, ...scoreOf(prediction), rfm: rfmScores(history, bounds) };
  }
}

/** By a brought model: one run a page. */
export class GraphScorer implements PageScorer {
  constructor(
    private readonly graphs: Graphs,
    private readonly predictor: OnnxPredictor,
    private readonly scoring: Scoring,
  ) {}

  async score(states: readonly CustomerState[], signal: AbortSignal): Promise<CustomerScore[]> {
    const { tenant, asOfDay, population, bounds } = this.scoring;
    const known = states.flatMap(({ customerId, history }) => {
      const customer = statisticsAt(history, asOfDay, this.predictor.daysPerUnit);
      return history === undefined || customer === undefined
        ? []
        : [{ customerId, history, customer }];
    });
    const customers = known.map(({ customer }) => customer);
    const outcomes = await askGraph(this.graphs, tenant, this.predictor, customers);
    signal.throwIfAborted();
    return known.map(({ customerId, history, customer }, i) => {
      const outcome = outcomes[i];
      // A table without some customers would be no table of all.
      if (outcome?.prediction === undefined) {
        throw errors.onnx_output_invalid(`${customerId}: ${outcome?.problem.message ?? ''}`);
      }
      population?.add(customer, outcome.standardMicros);
      return { customerId, ...scoreOf(outcome.prediction), rfm: rfmScores(history, bounds) };
    });
  }
}

function scoreOf({
  value: { expectedPurchases, aliveProbability },
  ltvMicros,
  tier,
}: Prediction): Omit<CustomerScore, 'customerId' | 'rfm'> {
  return { ltvMicros, expectedPurchases, aliveProbability, tier };
}
