import { isDeepStrictEqual } from 'node:util';
import type { CustomerValue, ValuedCustomer, ValueOptions } from '@kiki/clv';
import type { Clock } from '@kiki/kernel';
import { statisticsAt, type CustomerState } from '../domain/customer-state.js';
import { featureDrifts, overallDrift, type DriftReport } from '../domain/drift.js';
import { dayInstant } from '../domain/ledger-terms.js';
import type { ModelArtefact } from '../domain/model.js';
import { PopulationCounter } from '../domain/population-profile.js';
import { Predictor } from '../domain/predictor.js';
import { rfmScores, type RfmBounds } from '../domain/rfm.js';
import type {
  CustomerScore,
  CustomerScores,
  ScorePassFacts,
  ScoreSnapshot,
} from './customer-scores.js';
import type { TenantView } from './ledger.js';
import type { Models, StoredModel } from './models.js';

/** Customers read and written at a time. */
const PAGE = 500;
/** How long customers are computed before the event loop gets its turn, looked at every few of them. */
const SLICE_MS = 5;
const SLICE_CUSTOMERS = 16;
/** A pass that took a minute is not made again for ten: a log that always grows takes a tenth of the time. */
const PAUSES = 10;

/** Scores every customer by the champion and measures how far the population has drifted, in one pass. */
export class RefreshScores {
  /** How long the last pass of a tenant took. */
  private readonly durationsMs = new Map<string, number>();

  constructor(
    private readonly scores: CustomerScores,
    private readonly models: Models,
    private readonly clock: Clock,
    private readonly options: ValueOptions,
  ) {}

  /**
   * Does nothing when neither log nor champion has changed, nor soon after a pass that took long.
   * @throws what the signal was aborted with
   */
  execute(tenant: string, signal: AbortSignal): Promise<void> {
    return this.scores.rewrite(tenant, async (snapshot) => {
      const { view, last } = snapshot;
      const version = view?.labels.champion;
      if (view === undefined || version === undefined) return undefined;
      const isCurrent =
        last?.version === version &&
        last.transactionCount === view.terms.transactionCount &&
        isDeepStrictEqual(last.options, this.options);
      const isTooSoon =
        last?.version === version &&
        this.clock.nowMs() - last.computedAtMs < PAUSES * (this.durationsMs.get(tenant) ?? 0);
      if (isCurrent || isTooSoon) return undefined;
      const model = await this.models.artefact(tenant, version);
      if (model === undefined) return undefined;
      const startedMs = this.clock.monotonicMs();
      const facts = await this.pass(snapshot, view, model, signal);
      this.durationsMs.set(tenant, this.clock.monotonicMs() - startedMs);
      return facts;
    });
  }

  private async pass(
    snapshot: ScoreSnapshot,
    view: TenantView,
    model: StoredModel,
    signal: AbortSignal,
  ): Promise<ScorePassFacts> {
    const { artefact, version } = model;
    const { terms } = view;
    const population = artefact.population && new PopulationCounter(artefact.population);
    const bounds = await snapshot.bounds();
    const scoring = {
      asOfDay: terms.newestDay,
      bounds,
      population,
      ...this.predictors(artefact, terms.newestDay),
    };
    let [after, customerCount] = ['', 0];
    for (;;) {
      signal.throwIfAborted();
      const states = await snapshot.states(after, PAGE);
      const last = states.at(-1);
      if (last === undefined) break;
      await snapshot.write(await this.score(states, scoring, signal));
      after = last.customerId;
      customerCount += states.length;
    }
    const computedAtMs = this.clock.nowMs();
    const asOf = dayInstant(terms.newestDay, terms);
    return {
      version,
      asOfDay: terms.newestDay,
      transactionCount: terms.transactionCount,
      options: this.options,
      computedAtMs,
      customerCount,
      drift: population && driftOf(model, population, { version, computedAtMs, asOf }),
    };
  }

  private async score(
    states: readonly CustomerState[],
    scoring: Scoring,
    signal: AbortSignal,
  ): Promise<CustomerScore[]> {
    const scored: CustomerScore[] = [];
    const predictor = scoring.newPredictor();
    let sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
    for (const [i, state] of states.entries()) {
      if (i % SLICE_CUSTOMERS === 0 && this.clock.monotonicMs() > sliceEndMs) {
        await this.clock.sleep(0, signal);
        sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
      }
      const score = this.scoreOne(
        state,
        state.history?.frequency === 0 ? scoring.newcomers : predictor,
        scoring,
      );
      if (score !== undefined) scored.push(score);
    }
    return scored;
  }

  private scoreOne(
    { customerId, history }: CustomerState,
    predictor: Predictor,
    { asOfDay, bounds, population }: Scoring,
  ): CustomerScore | undefined {
    const customer = statisticsAt(history, asOfDay, predictor.model.purchases.daysPerUnit);
    if (history === undefined || customer === undefined) return undefined;
    const { value, ltvMicros, tier } = predictor.predict(customer);
    // Drift compares with what the fit measured: the standard options at margin 1.
    if (population !== undefined)
      population.add(customer, standardMicros(predictor, customer, value));
    const { expectedPurchases, aliveProbability } = value;
    const rfm = rfmScores(history, bounds);
    return { customerId, ltvMicros, expectedPurchases, aliveProbability, tier, rfm };
  }

  /**
   * A predictor keeps what it has said: one for all customers who bought once, because their ages repeat,
   * and one a page for the others.
   */
  private predictors(
    artefact: ModelArtefact,
    asOfDay: number,
  ): Pick<Scoring, 'newcomers' | 'newPredictor'> {
    const newPredictor = (): Predictor => new Predictor(artefact, this.options, asOfDay);
    return { newcomers: newPredictor(), newPredictor };
  }
}

interface Scoring {
  readonly asOfDay: number;
  readonly bounds: RfmBounds;
  readonly population: PopulationCounter | undefined;
  readonly newcomers: Predictor;
  readonly newPredictor: () => Predictor;
}

function standardMicros(
  { artefact, options, model }: Predictor,
  customer: ValuedCustomer,
  value: CustomerValue,
): number {
  const { standard } = artefact;
  const isStandard =
    options.horizonDays === standard.horizonDays &&
    options.annualDiscountRate === standard.annualDiscountRate;
  if (isStandard) return value.valueMicros / options.margin;
  return model.valueOf(customer, { ...standard, margin: 1 }).valueMicros;
}

function driftOf(
  { artefact }: StoredModel,
  counted: PopulationCounter,
  facts: Pick<DriftReport, 'version' | 'computedAtMs' | 'asOf'>,
): DriftReport | undefined {
  if (artefact.population === undefined) return undefined;
  const features = featureDrifts(artefact.population, (feature) => counted.counts(feature));
  return { ...facts, features, ...overallDrift(features) };
}
