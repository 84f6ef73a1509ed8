import { DomainError } from '@kiki/kernel';
import type { SpendModelKind, TimeUnit } from '@kiki/clv';
import { dayInstant, type LedgerTerms } from '../domain/ledger-terms.js';
import {
  gateWindow,
  gateWindowOf,
  storedScores,
  type StoredBacktest,
} from '../domain/stored-backtest.js';
import { recipe } from '../domain/gates.js';
import type { FitKind, FittedArtefact, OnnxArtefact } from '../domain/model.js';
import type { GivenScores } from '../domain/scoring-given.js';
import type { BacktestModel, ScoredWindow } from './backtest-model.js';
import type { FitOptions } from './fit-model.js';
import type { Graphs } from './graphs.js';
import type { ModelJobs } from './model-jobs.js';
import type { StoredModel } from './models.js';

/** How a model is fitted, and up to which day. */
export interface GateQuestion {
  readonly kind: FitKind;
  readonly spendKind: SpendModelKind;
  readonly timeUnit: TimeUnit;
  readonly terms: LedgerTerms;
  readonly endDay: number;
  readonly champion: StoredModel | undefined;
}

/** A brought model, and the log that it has to show itself on. */
export interface GivenQuestion extends Pick<GateQuestion, 'terms' | 'endDay' | 'champion'> {
  readonly artefact: Pick<OnnxArtefact, 'onnx' | 'spend' | 'timeUnit'>;
  /** Where its graph lies already. */
  readonly file?: string | undefined;
}

/** What the log cannot answer is no fault of the fit. */
const UNANSWERABLE = new Set(['clv_not_enough_data', 'backtest_window_invalid']);
/** Nor is a champion's graph that cannot be run at the moment. */
const UNRUNNABLE = new Set([
  ...UNANSWERABLE,
  ...['onnx_unavailable', 'onnx_runtime_missing', 'onnx_run_failed'],
  ...['onnx_graph_invalid', 'onnx_graph_mismatch'],
]);

/**
 * Scores a recipe on the newest part of its own log, or a graph as it is, and the champion's where that is another
 * one. A champion counts by the order in which it puts the customers, whatever it speaks of and however far it looks.
 */
export class GateBacktest {
  constructor(
    private readonly backtests: BacktestModel,
    private readonly jobs: ModelJobs,
    private readonly graphs: Graphs,
  ) {}

  /** Undefined where the log is too short for a holdout. @throws what the signal was aborted with */
  async execute(
    tenant: string,
    question: GateQuestion,
    options: FitOptions,
  ): Promise<StoredBacktest | undefined> {
    const { kind, spendKind, timeUnit, terms, endDay, champion } = question;
    // Days after the newest row are no holdout: nobody knows whether they are complete.
    const window = gateWindow(terms.firstDay, Math.min(endDay, terms.newestDay));
    if (window === undefined) return undefined;
    const own = `${kind}/${timeUnit}`;
    const fitted = { kind, spendKind, timeUnit, ...window, terms };
    const scored = await this.score(tenant, fitted, options);
    if (scored === undefined) return undefined;
    const beside = { window, terms, own, isOfRevenue: false };
    return {
      ...window,
      model: storedScores(scored.model, { keepDeciles: true }),
      naive: storedScores(scored.naive, { keepDeciles: false }),
      ...(await this.championBeside(tenant, champion, beside, options)),
    };
  }

  /** The same of a brought model, without a fit. @throws onnx_unavailable, as ModelJobs.scoreGiven */
  async executeGiven(
    tenant: string,
    { artefact, terms, endDay, champion, file }: GivenQuestion,
    options: FitOptions,
  ): Promise<StoredBacktest | undefined> {
    const { trainedHorizonDays, outputMeaning } = artefact.onnx.declaration;
    const window =
      trainedHorizonDays === undefined
        ? gateWindow(terms.firstDay, endDay)
        : gateWindowOf(trainedHorizonDays, terms.firstDay, endDay);
    if (window === undefined) return undefined;
    const scored = await this.given(tenant, { artefact, window, file }, options).catch(
      unlessOf(UNANSWERABLE),
    );
    if (scored === undefined) return undefined;
    const isOfRevenue = outputMeaning === 'revenue';
    const beside = { window, terms, own: recipe(artefact as OnnxArtefact), isOfRevenue };
    const { actual: purchases, deciles } = scored.purchases;
    return {
      ...window,
      model: storedScores(scored.model, { keepDeciles: true }),
      naive: storedScores(scored.naive, { keepDeciles: false }),
      ...(isOfRevenue && { revenue: { purchases, deciles } }),
      ...(await this.championBeside(tenant, champion, beside, options)),
    };
  }

  private async championBeside(
    tenant: string,
    champion: StoredModel | undefined,
    { window, terms, own, isOfRevenue }: Beside,
    options: FitOptions,
  ): Promise<Pick<StoredBacktest, 'champion'>> {
    if (champion === undefined || recipe(champion.artefact) === own) return {};
    const { version, artefact } = champion;
    const normalizedGini =
      artefact.onnx === undefined
        ? await this.fittedGini(tenant, { artefact, window, terms, isOfRevenue }, options)
        : await this.givenGini(tenant, { artefact, window, isOfRevenue }, options);
    return normalizedGini === undefined ? {} : { champion: { version, normalizedGini } };
  }

  private async fittedGini(
    tenant: string,
    { artefact, window, terms, isOfRevenue }: Omit<Beside, 'own'> & { artefact: FittedArtefact },
    options: FitOptions,
  ): Promise<number | null | undefined> {
    const recipeOf = {
      kind: artefact.requestedKind ?? artefact.purchase.kind,
      spendKind: artefact.requestedSpendKind ?? 'gamma_gamma',
      timeUnit: artefact.timeUnit,
    };
    const theirs = await this.score(tenant, { ...recipeOf, ...window, terms }, options);
    const { model } = theirs ?? {};
    return isOfRevenue ? model?.spendGini : model?.scores.normalizedGini;
  }

  private async givenGini(
    tenant: string,
    { artefact, window, isOfRevenue }: Pick<Beside, 'window' | 'isOfRevenue'> & GivenArtefact,
    options: FitOptions,
  ): Promise<number | null | undefined> {
    const theirs = await this.given(tenant, { artefact, window }, options).catch(
      unlessOf(UNRUNNABLE),
    );
    return isOfRevenue ? theirs?.model.spendGini : theirs?.purchases.normalizedGini;
  }

  private async given(
    tenant: string,
    { artefact, window, file }: { window: Window } & GivenArtefact & Pick<GivenQuestion, 'file'>,
    options: FitOptions,
  ): Promise<GivenScores> {
    const { onnx, spend } = artefact;
    const { declaration } = onnx;
    const spendKind = spend?.kind ?? 'gamma_gamma';
    const score = (at: string): Promise<GivenScores> =>
      this.jobs.scoreGiven(
        { tenant, spendKind, ...window, graph: { file: at, declaration } },
        options,
      );
    return file === undefined ? this.graphs.withFile(tenant, onnx, score) : score(file);
  }

  private async score(
    tenant: string,
    { kind, spendKind, timeUnit, calibrationDay, holdoutDay, terms }: FittedWindow,
    options: FitOptions,
  ): Promise<ScoredWindow | undefined> {
    const question = {
      kind,
      spendKind,
      timeUnit,
      calibrationEnd: dayInstant(calibrationDay, terms),
      holdoutEnd: dayInstant(holdoutDay, terms),
      originCount: 1,
      horizonDays: undefined,
      wantsIntervals: false,
    };
    const asked = this.backtests.execute(tenant, question, options);
    return (await asked.catch(unlessOf(UNANSWERABLE)))?.windows[0];
  }
}

type Window = Pick<StoredBacktest, 'calibrationDay' | 'holdoutDay'>;
type FittedWindow = Window & Pick<GateQuestion, 'kind' | 'spendKind' | 'timeUnit' | 'terms'>;
type GivenArtefact = Pick<GivenQuestion, 'artefact'>;

/** What the champion's order is measured against. */
interface Beside {
  readonly window: Window;
  readonly terms: LedgerTerms;
  /** The candidate's recipe. */
  readonly own: string;
  readonly isOfRevenue: boolean;
}

/** Nothing instead of an error of one of these codes. */
function unlessOf(codes: ReadonlySet<string>): (error: unknown) => undefined {
  return (error) => {
    if (DomainError.is(error) && codes.has(error.code)) return undefined;
    throw error;
  };
}
