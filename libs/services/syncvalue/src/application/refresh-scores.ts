import { isDeepStrictEqual } from 'node:util';
import type { ValueOptions } from '@kiki/clv';
import type { Clock } from '@kiki/kernel';
import { statisticsAt, type CustomerState } from '../domain/customer-state.js';
import { featureDrifts, overallDrift, type DriftReport } from '../domain/drift.js';
import { dayInstant } from '../domain/ledger-terms.js';
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

/** Customers computed before the event loop gets its turn. */
const PAGE = 500;

/** Scores every customer by the champion and measures how far the population has drifted, in one pass. */
export class RefreshScores {
  constructor(
    private readonly scores: CustomerScores,
    private readonly models: Models,
    private readonly clock: Clock,
    private readonly options: ValueOptions,
  ) {}

  /** Does nothing when neither log nor champion has changed. @throws what the signal was aborted with */
  execute(tenant: string, signal: AbortSignal): Promise<void> {
    return this.scores.rewrite(tenant, async (snapshot) => {
      const { view, last } = snapshot;
      const version = view?.labels.champion;
      if (view === undefined || version === undefined) return undefined;
      const isCurrent =
        last?.version === version &&
        last.transactionCount === view.terms.transactionCount &&
        isDeepStrictEqual(last.options, this.options);
      if (isCurrent) return undefined;
      const model = await this.models.artefact(tenant, version);
      return model && this.pass(snapshot, view, model, signal);
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
    let [after, customerCount] = ['', 0];
    for (;;) {
      signal.throwIfAborted();
      const states = await snapshot.states(after, PAGE);
      const last = states.at(-1);
      if (last === undefined) break;
      const scored = this.score(states, { model, asOfDay: terms.newestDay, bounds, population });
      await snapshot.write(scored);
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

  private score(states: readonly CustomerState[], scoring: Scoring): CustomerScore[] {
    const { model, asOfDay, bounds, population } = scoring;
    const { standard } = model.artefact;
    const predictor = new Predictor(model.artefact, this.options);
    const fitted = new Predictor(model.artefact, { ...standard, margin: 1 });
    const { daysPerUnit } = predictor.model.purchases;
    return states.flatMap(({ customerId, history }) => {
      const customer = statisticsAt(history, asOfDay, daysPerUnit);
      if (history === undefined || customer === undefined) return [];
      const { value, ltvMicros, tier } = predictor.predict(customer);
      // Drift compares with what was measured at the fit: the standard options.
      population?.add(customer, fitted.predict(customer).value.valueMicros);
      const { expectedPurchases, aliveProbability } = value;
      const rfm = rfmScores(history, bounds);
      return [{ customerId, ltvMicros, expectedPurchases, aliveProbability, tier, rfm }];
    });
  }
}

interface Scoring {
  readonly model: StoredModel;
  readonly asOfDay: number;
  readonly bounds: RfmBounds;
  readonly population: PopulationCounter | undefined;
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
