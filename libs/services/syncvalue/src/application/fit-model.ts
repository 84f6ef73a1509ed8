import { createHash } from 'node:crypto';
import {
  netDays,
  summarize,
  TableBuilder,
  type CustomerTable,
  type PurchaseModelKind,
  type SpendModelKind,
  type TimeUnit,
} from '@kiki/clv';
import type { Clock } from '@kiki/kernel';
import { errors } from '../errors.js';
import { dayOfInstant, type LedgerTerms } from '../domain/ledger-terms.js';
import type { Model, ModelLabel, StandardOptions } from '../domain/model.js';
import type { OnProgress } from '../domain/fitting.js';
import type { Ledger } from './ledger.js';
import type { ModelThread } from './model-thread.js';
import type { Models } from './models.js';

/** What to fit. */
export interface FitRequest {
  readonly kind: PurchaseModelKind;
  readonly spendKind: SpendModelKind;
  readonly timeUnit: TimeUnit;
  /** Its day is the last that the fit may see; undefined: the newest transaction's. */
  readonly calibrationEnd: Date | undefined;
  readonly label: ModelLabel | undefined;
  readonly by: string;
}

/** How a fit is followed. */
export interface FitOptions {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

interface Reading {
  readonly table: CustomerTable;
  readonly dataSha256: string;
  readonly transactionCount: number;
}

/** Reads the statistics of a log, fits on a thread of its own and stores the model. */
export class FitModel {
  constructor(
    private readonly ledger: Ledger,
    private readonly models: Models,
    private readonly thread: ModelThread,
    private readonly clock: Clock,
    private readonly standard: StandardOptions,
  ) {}

  /** @throws no_transactions, clv_not_enough_data, fit_failed, what the signal was aborted with */
  async execute(tenant: string, request: FitRequest, options: FitOptions): Promise<Model> {
    const view = await this.ledger.view(tenant);
    if (view === undefined) throw errors.no_transactions();
    const { terms } = view;
    const { calibrationEnd, timeUnit, kind, spendKind, label, by } = request;
    const calibrationDay =
      calibrationEnd === undefined ? terms.newestDay : dayOfInstant(calibrationEnd, terms);
    const startedMs = this.clock.monotonicMs();
    const reading = await this.read(tenant, terms, calibrationDay, timeUnit, options);
    const { table, dataSha256, transactionCount } = reading;
    const job = { table, kind, spendKind, standard: this.standard };
    const outcome = await this.thread.fit(job, options);
    options.onProgress('storing', 0.95);
    const artefact = {
      ...outcome,
      timeUnit,
      currency: terms.currency,
      timeZone: terms.timeZone,
      dataSha256,
      customerCount: table.customerIds.length,
      transactionCount,
      calibrationDay,
      fitDurationMs: this.clock.monotonicMs() - startedMs,
    };
    options.signal.throwIfAborted();
    return this.models.add(tenant, { artefact, label, by });
  }

  private async read(
    tenant: string,
    terms: LedgerTerms,
    endDay: number,
    timeUnit: TimeUnit,
    { signal, onProgress }: FitOptions,
  ): Promise<Reading> {
    const builder = new TableBuilder(timeUnit);
    const { currency, timeZone } = terms;
    const hash = createHash('sha256').update(`${currency}/${timeZone}/${endDay}\n`);
    let transactionCount = 0;
    onProgress('reading', 0);
    await this.ledger.scan(
      tenant,
      endDay,
      (customerId, days) => {
        for (const day of days) transactionCount += day.purchases + day.refunds;
        const history = summarize(netDays(days, endDay));
        if (history === undefined) return;
        builder.add(customerId, history, endDay);
        const { frequency, firstDay, lastDay, repeatMicros } = history;
        hash.update(`${customerId}\0${frequency}/${firstDay}/${lastDay}/${repeatMicros}\n`);
      },
      { signal, onFraction: (fraction) => onProgress('reading', fraction * 0.3) },
    );
    return { table: builder.build(), dataSha256: hash.digest('hex'), transactionCount };
  }
}
