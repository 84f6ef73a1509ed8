import type { SpendModelKind, TimeUnit } from '@kiki/clv';
import { dayText, type Clock } from '@kiki/kernel';
import { errors } from '../errors.js';
import { dayOfInstant, type LedgerTerms } from '../domain/ledger-terms.js';
import { compactArtefact } from '../domain/compact-artefact.js';
import type {
  FittedArtefact,
  LabelMoveKind,
  Model,
  ModelLabel,
  StandardOptions,
} from '../domain/model.js';
import type { AskedKind } from '../domain/choose-kind.js';
import type { OnProgress } from '../domain/fitting.js';
import type { GateResult } from '../domain/gates.js';
import type { StoredBacktest } from '../domain/stored-backtest.js';
import type { GateBacktest } from './gate-backtest.js';
import type { Ledger } from './ledger.js';
import type { LogFit } from './log-jobs.js';
import type { ModelJobs } from './model-jobs.js';
import type { Models } from './models.js';
import { championOf } from './promote-model.js';
import type { StoreModel } from './store-model.js';

/** What to fit. */
export interface FitRequest {
  readonly kind: AskedKind;
  readonly spendKind: SpendModelKind;
  readonly timeUnit: TimeUnit;
  /** Its day is the last that the fit may see, at most 31 after the newest transaction's; undefined: that one. */
  readonly calibrationEnd: Date | undefined;
  readonly label: ModelLabel | undefined;
  readonly by: string;
  /** @default 'fit' */
  readonly moveKind?: LabelMoveKind;
}

/** A stored model and, where it was to become champion, what the gates said. */
export interface Fitted {
  readonly model: Model;
  readonly gates: readonly GateResult[];
}

/** How a fit is followed. */
export interface FitOptions {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** What a fit is made with. */
export interface FitWork {
  readonly jobs: ModelJobs;
  readonly backtest: GateBacktest;
  readonly store: StoreModel;
}

/** So long after the newest row an observation may end; days without rows are days on which nobody bought. */
const MAX_QUIET_DAYS = 31;
/** Share of the progress that the fit itself has; the back-test follows. */
const FIT_SHARE = 0.6;

/** Fits to a log and back-tests in processes of their own and stores the model. */
export class FitModel {
  constructor(
    private readonly ledger: Ledger,
    private readonly models: Models,
    private readonly work: FitWork,
    private readonly clock: Clock,
    private readonly standard: StandardOptions,
  ) {}

  /**
   * @throws no_transactions, calibration_day_invalid, clv_not_enough_data, fit_failed, what the signal was aborted
   * with
   */
  async execute(tenant: string, request: FitRequest, options: FitOptions): Promise<Fitted> {
    const view = await this.ledger.view(tenant);
    if (view === undefined) throw errors.no_transactions();
    const { terms } = view;
    const { timeUnit, spendKind } = request;
    const endDay = endDayOf(request, terms);
    const startedMs = this.clock.monotonicMs();
    const { standard } = this;
    const { currency, timeZone } = terms;
    const log = { tenant, currency, timeZone, endDay };
    const job = { ...log, kind: request.kind, spendKind, timeUnit, standard };
    const fitted = await this.work.jobs.fit(job, partOf(options, 0, FIT_SHARE));
    const fitDurationMs = this.clock.monotonicMs() - startedMs;
    const champion = await championOf(this.models, tenant);
    const question = { kind: fitted.kind, spendKind, timeUnit, terms, endDay, champion };
    const scoring = partOf(options, FIT_SHARE, 0.95, 'backtest');
    const backtest = await this.work.backtest.execute(tenant, question, scoring);
    options.onProgress('storing', 0.95);
    const facts = { ...fitted, endDay, fitDurationMs, backtest };
    const artefact = compactArtefact(artefactOf(request, terms, facts));
    options.signal.throwIfAborted();
    const { label, by, moveKind: kind = 'fit' } = request;
    return this.work.store.execute(tenant, { artefact, label, by, kind, champion });
  }
}

interface FitFacts extends LogFit {
  readonly backtest: StoredBacktest | undefined;
  readonly endDay: number;
  readonly fitDurationMs: number;
}

function artefactOf(
  { timeUnit, spendKind }: FitRequest,
  { currency, timeZone }: LedgerTerms,
  facts: FitFacts,
): FittedArtefact {
  return {
    ...facts.outcome,
    timeUnit,
    currency,
    timeZone,
    dataSha256: facts.dataSha256,
    customerCount: facts.customerCount,
    transactionCount: facts.transactionCount,
    calibrationDay: facts.endDay,
    fitDurationMs: facts.fitDurationMs,
    requestedKind: facts.kind,
    requestedSpendKind: spendKind,
    ...(facts.backtest !== undefined && { backtest: facts.backtest }),
  };
}

/** @throws calibration_day_invalid before the log begins or long after it ends */
function endDayOf({ calibrationEnd }: FitRequest, terms: LedgerTerms): number {
  const { firstDay, newestDay } = terms;
  const day = calibrationEnd === undefined ? newestDay : dayOfInstant(calibrationEnd, terms);
  if (day >= firstDay && day <= newestDay + MAX_QUIET_DAYS) return day;
  const latest = dayText(newestDay + MAX_QUIET_DAYS);
  throw errors.calibration_day_invalid(undefined, {
    fields: [{ field: 'calibration_end', expected: `from ${dayText(firstDay)} to ${latest}` }],
  });
}

/** A part of longer work: its fractions lie between `from` and `to`, its stages may have one name. */
function partOf(options: FitOptions, from: number, to: number, name?: string): FitOptions {
  return {
    signal: options.signal,
    onProgress: (stage, fraction) =>
      options.onProgress(name ?? stage, from + (to - from) * fraction),
  };
}
