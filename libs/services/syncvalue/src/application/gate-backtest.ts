import { DomainError } from '@kiki/kernel';
import type { TimeUnit } from '@kiki/clv';
import { dayInstant, type LedgerTerms } from '../domain/ledger-terms.js';
import { gateWindow, storedScores, type StoredBacktest } from '../domain/stored-backtest.js';
import { recipe } from '../domain/gates.js';
import type { FitKind } from '../domain/model.js';
import type { BacktestModel, ScoredWindow } from './backtest-model.js';
import type { FitOptions } from './fit-model.js';
import type { StoredModel } from './models.js';

/** How a model is fitted, and up to which day. */
export interface GateQuestion {
  readonly kind: FitKind;
  readonly timeUnit: TimeUnit;
  readonly terms: LedgerTerms;
  readonly endDay: number;
  readonly champion: StoredModel | undefined;
}

/** What the log cannot answer is no fault of the fit. */
const UNANSWERABLE = new Set(['clv_not_enough_data', 'backtest_window_invalid']);

/** Scores a recipe on the newest part of its own log, and the champion's where that is another recipe. */
export class GateBacktest {
  constructor(private readonly backtests: BacktestModel) {}

  /** Undefined where the log is too short for a holdout. @throws what the signal was aborted with */
  async execute(
    tenant: string,
    question: GateQuestion,
    options: FitOptions,
  ): Promise<StoredBacktest | undefined> {
    const { kind, timeUnit, terms, endDay, champion } = question;
    const window = gateWindow(terms.firstDay, endDay);
    if (window === undefined) return undefined;
    const ask = (of: Recipe): Promise<ScoredWindow | undefined> =>
      this.score(tenant, { ...of, ...window, terms }, options);
    const scored = await ask({ kind, timeUnit });
    if (scored === undefined) return undefined;
    const theirs =
      champion === undefined || recipe(champion.artefact) === `${kind}/${timeUnit}`
        ? undefined
        : await ask(recipeOf(champion));
    return {
      ...window,
      model: storedScores(scored.model, { keepDeciles: true }),
      naive: storedScores(scored.naive, { keepDeciles: false }),
      ...(champion !== undefined &&
        theirs !== undefined && {
          champion: {
            version: champion.version,
            normalizedGini: theirs.model.scores.normalizedGini,
          },
        }),
    };
  }

  private async score(
    tenant: string,
    { kind, timeUnit, calibrationDay, holdoutDay, terms }: Recipe & Window,
    options: FitOptions,
  ): Promise<ScoredWindow | undefined> {
    const question = {
      kind,
      timeUnit,
      calibrationEnd: dayInstant(calibrationDay, terms),
      holdoutEnd: dayInstant(holdoutDay, terms),
      originCount: 1,
      horizonDays: undefined,
    };
    try {
      return (await this.backtests.execute(tenant, question, options)).windows[0];
    } catch (error) {
      if (DomainError.is(error) && UNANSWERABLE.has(error.code)) return undefined;
      throw error;
    }
  }
}

type Recipe = Pick<GateQuestion, 'kind' | 'timeUnit'>;
type Window = Pick<StoredBacktest, 'calibrationDay' | 'holdoutDay'> & Pick<GateQuestion, 'terms'>;

function recipeOf({ artefact }: StoredModel): Recipe {
  return { kind: artefact.requestedKind ?? artefact.purchase.kind, timeUnit: artefact.timeUnit };
}
