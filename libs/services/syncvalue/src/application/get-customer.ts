import { netDays, summarize, type AcquisitionAttributes, type HistorySummary } from '@kiki/clv';
import { attributesAt } from '../domain/acquisition.js';
import { dayInstant, dayOfInstant, type LedgerTerms } from '../domain/ledger-terms.js';
import { errors } from '../errors.js';
import type { CustomerScore, CustomerScores } from './customer-scores.js';
import type { Ledger } from './ledger.js';
import { stampOf, type ScoreStamp } from './list-customers.js';

/** A customer's history as the models see it. */
export interface CustomerReport {
  readonly customerId: string;
  /** Undefined when there was no purchase by then. */
  readonly history: HistorySummary | undefined;
  readonly terms: LedgerTerms;
  readonly asOfDay: number;
  readonly asOf: Date;
  /** All transactions, also later ones. */
  readonly transactionCount: bigint;
  readonly refundCount: bigint;
  /** The customer in the newest table of values; undefined before it has seen them. */
  readonly score: { readonly row: CustomerScore; readonly stamp: ScoreStamp } | undefined;
  /** How they came, as known by then; undefined where it is not. */
  readonly acquisition: AcquisitionAttributes | undefined;
}

/** Looks one customer up. */
export class GetCustomer {
  constructor(
    private readonly ledger: Ledger,
    private readonly scores: CustomerScores,
  ) {}

  /** @throws customer_not_found */
  async execute(
    tenant: string,
    customerId: string,
    asOf: Date | undefined,
  ): Promise<CustomerReport> {
    const view = await this.ledger.view(tenant);
    const state = view && (await this.ledger.states(tenant, [customerId])).get(customerId);
    if (view === undefined || state === undefined) throw errors.customer_not_found();
    const { terms } = view;
    const asOfDay = asOf === undefined ? terms.newestDay : dayOfInstant(asOf, terms);
    const { transactionCount, refundCount } = state;
    // Rows that came after the view was read would lie in its future.
    const isWhole = asOfDay >= terms.newestDay && (state.history?.lastDay ?? -Infinity) <= asOfDay;
    const history = isWhole ? state.history : await this.historyAt(tenant, customerId, asOfDay);
    const at = { asOfDay, asOf: dayInstant(asOfDay, terms) };
    const score = await this.scoreOf(tenant, customerId, terms);
    const known = (await this.ledger.attributes(tenant, [customerId])).get(customerId);
    const acquisition = attributesAt(known ?? [], asOfDay);
    const facts = { history, terms, score, acquisition };
    return { customerId, ...facts, ...at, transactionCount, refundCount };
  }

  private async scoreOf(
    tenant: string,
    customerId: string,
    terms: LedgerTerms,
  ): Promise<CustomerReport['score']> {
    const pass = await this.scores.pass(tenant);
    const row = pass && (await this.scores.of(tenant, pass.generation, customerId));
    return pass && row && { row, stamp: stampOf(pass, terms) };
  }

  private async historyAt(
    tenant: string,
    customerId: string,
    day: number,
  ): Promise<HistorySummary | undefined> {
    const days = (await this.ledger.days(tenant, [customerId], day)).get(customerId);
    return summarize(netDays(days ?? [], day));
  }
}
