import { isDeepStrictEqual } from 'node:util';
import type { ValueOptions } from '@kiki/clv';
import type { Clock } from '@kiki/kernel';
import { featureDrifts, overallDrift, type DriftReport } from '../domain/drift.js';
import { dayInstant } from '../domain/ledger-terms.js';
import type { ModelArtefact } from '../domain/model.js';
import { OnnxPredictor } from '../domain/onnx-predictor.js';
import { PopulationCounter } from '../domain/population-counter.js';
import { onnxOptions } from '../domain/prediction-options.js';
import type { CustomerScores, ScorePassFacts, ScoreSnapshot } from './customer-scores.js';
import type { Graphs } from './graphs.js';
import type { TenantView } from './ledger.js';
import type { Models, StoredModel } from './models.js';
import { FittedScorer, GraphScorer } from './score-page.js';

/** Customers read and written at a time. */
const PAGE = 500;
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
    private readonly graphs: Graphs,
  ) {}

  /**
   * Does nothing when neither log nor champion has changed, nor soon after a pass that took long.
   * @throws what the signal was aborted with
   */
  execute(tenant: string, signal: AbortSignal): Promise<void> {
    return this.scores.rewrite(tenant, async (snapshot) => {
      const { view, last } = snapshot;
      const champion = view?.labels.champion;
      const model = champion && (await this.models.artefact(tenant, champion));
      if (view === undefined || !model) return undefined;
      const options = this.optionsFor(model.artefact);
      const { version } = model;
      const isCurrent =
        last?.version === version &&
        last.transactionCount === view.terms.transactionCount &&
        isDeepStrictEqual(last.options, options);
      const isTooSoon =
        last?.version === version &&
        this.clock.nowMs() - last.computedAtMs < PAUSES * (this.durationsMs.get(tenant) ?? 0);
      if (isCurrent || isTooSoon) return undefined;
      const startedMs = this.clock.monotonicMs();
      const facts = await this.pass(snapshot, view, { tenant, model, options }, signal);
      this.durationsMs.set(tenant, this.clock.monotonicMs() - startedMs);
      return facts;
    });
  }

  private async pass(
    snapshot: ScoreSnapshot,
    { terms }: TenantView,
    { tenant, model, options }: PassQuestion,
    signal: AbortSignal,
  ): Promise<ScorePassFacts> {
    const { artefact, version } = model;
    const population = artefact.population && new PopulationCounter(artefact.population);
    const bounds = await snapshot.bounds();
    const scoring = { tenant, asOfDay: terms.newestDay, bounds, population };
    const scorer =
      artefact.onnx === undefined
        ? new FittedScorer({ artefact, options }, scoring, snapshot, this.clock)
        : new GraphScorer(this.graphs, new OnnxPredictor(artefact, options), scoring);
    let [after, customerCount] = ['', 0];
    for (;;) {
      signal.throwIfAborted();
      const states = await snapshot.states(after, PAGE);
      const last = states.at(-1);
      if (last === undefined) break;
      await snapshot.write(await scorer.score(states, signal));
      after = last.customerId;
      customerCount += states.length;
    }
    const computedAtMs = this.clock.nowMs();
    const asOf = dayInstant(terms.newestDay, terms);
    return {
      version,
      asOfDay: terms.newestDay,
      transactionCount: terms.transactionCount,
      options,
      computedAtMs,
      customerCount,
      drift: population && driftOf(model, population, { version, computedAtMs, asOf }),
    };
  }

  /** The service's own options; a brought model may know one horizon only. */
  private optionsFor({ onnx }: ModelArtefact): ValueOptions {
    return onnx === undefined
      ? this.options
      : onnxOptions(onnx.declaration, undefined, this.options);
  }
}

interface PassQuestion {
  readonly tenant: string;
  readonly model: StoredModel;
  readonly options: ValueOptions;
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
