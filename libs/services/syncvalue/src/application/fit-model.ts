import type { SpendModelKind, TimeUnit } from '@kiki/clv';
import type { Clock } from '@kiki/kernel';
import { errors } from '../errors.js';
import { dayOfInstant, type LedgerTerms } from '../domain/ledger-terms.js';
import {
  artefactBytes,
  MAX_ARTEFACT_BYTES,
  type FittedArtefact,
  type LabelMoveKind,
  type Model,
  type ModelArtefact,
  type ModelLabel,
  type StandardOptions,
} from '../domain/model.js';
import type { AskedKind } from '../domain/choose-kind.js';
import type { OnProgress } from '../domain/fitting.js';
import { withinLimit } from '../domain/learned-acquisition.js';
import { askGates, failedGates, type GateResult, type GateSettings } from '../domain/gates.js';
import type { StoredBacktest } from '../domain/stored-backtest.js';
import type { GateBacktest } from './gate-backtest.js';
import type { Ledger } from './ledger.js';
import type { LogFit } from './log-jobs.js';
import type { ModelThread } from './model-thread.js';
import type { Models, StoredModel } from './models.js';
import { championOf } from './promote-model.js';

/** What to fit. */
export interface FitRequest {
  readonly kind: AskedKind;
  readonly spendKind: SpendModelKind;
  readonly timeUnit: TimeUnit;
  /** Its day is the last that the fit may see; undefined: the newest transaction's. */
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

/** What a fit goes by. */
export interface FitSettings {
  readonly standard: StandardOptions;
  readonly gates: GateSettings;
}

/** Share of the progress that the fit itself has; the back-test follows. */
const FIT_SHARE = 0.6;

/** Fits to a log and back-tests on threads of their own and stores the model. */
export class FitModel {
  constructor(
    private readonly ledger: Ledger,
    private readonly models: Models,
    private readonly work: { readonly thread: ModelThread; readonly backtest: GateBacktest },
    private readonly clock: Clock,
    private readonly settings: FitSettings,
  ) {}

  /** @throws no_transactions, clv_not_enough_data, fit_failed, what the signal was aborted with */
  async execute(tenant: string, request: FitRequest, options: FitOptions): Promise<Fitted> {
    const view = await this.ledger.view(tenant);
    if (view === undefined) throw errors.no_transactions();
    const { terms } = view;
    const { calibrationEnd, timeUnit, spendKind } = request;
    const endDay =
      calibrationEnd === undefined ? terms.newestDay : dayOfInstant(calibrationEnd, terms);
    const startedMs = this.clock.monotonicMs();
    const { standard } = this.settings;
    const { currency, timeZone } = terms;
    const log = { tenant, currency, timeZone, endDay };
    const job = { ...log, kind: request.kind, spendKind, timeUnit, standard };
    const fitted = await this.work.thread.fit(job, partOf(options, 0, FIT_SHARE));
    const fitDurationMs = this.clock.monotonicMs() - startedMs;
    const champion = await championOf(this.models, tenant);
    const question = { kind: fitted.kind, timeUnit, terms, endDay, champion };
    const scoring = partOf(options, FIT_SHARE, 0.95, 'backtest');
    const backtest = await this.work.backtest.execute(tenant, question, scoring);
    options.onProgress('storing', 0.95);
    const facts = { ...fitted, endDay, fitDurationMs, backtest };
    const artefact = withinLimit(artefactOf(request, terms, facts));
    options.signal.throwIfAborted();
    return this.store(tenant, request, artefact, champion);
  }

  /** A model that was to become champion and fails a gate is stored without the label. */
  private async store(
    tenant: string,
    { label, by, moveKind: kind = 'fit' }: FitRequest,
    artefact: ModelArtefact,
    champion: StoredModel | undefined,
  ): Promise<Fitted> {
    const bytes = artefactBytes(artefact);
    if (bytes > MAX_ARTEFACT_BYTES) throw errors.fit_failed(`The artefact has ${bytes} bytes.`);
    const isGated = label === 'champion';
    const gates = isGated
      ? askGates({ version: '', artefact }, champion, this.settings.gates)
      : undefined;
    const isRefused =
      champion !== undefined && gates !== undefined && failedGates(gates).length > 0;
    const move = { by, kind, reason: '', isForced: false, gates };
    const given = isRefused ? undefined : label;
    const model = await this.models.add(tenant, { artefact, label: given, move });
    return { model, gates: gates ?? [] };
  }
}

interface FitFacts extends LogFit {
  readonly backtest: StoredBacktest | undefined;
  readonly endDay: number;
  readonly fitDurationMs: number;
}

function artefactOf(
  { timeUnit }: FitRequest,
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
    ...(facts.backtest !== undefined && { backtest: facts.backtest }),
  };
}

/** A part of longer work: its fractions lie between `from` and `to`, its stages may have one name. */
function partOf(options: FitOptions, from: number, to: number, name?: string): FitOptions {
  return {
    signal: options.signal,
    onProgress: (stage, fraction) =>
      options.onProgress(name ?? stage, from + (to - from) * fraction),
  };
}
