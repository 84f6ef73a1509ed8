import { dayInstant, type LedgerTerms } from '../domain/ledger-terms.js';
import type { ValueTier } from '../domain/predictor.js';
import { errors } from '../errors.js';
import type { CustomerScore, CustomerScores, ScorePass } from './customer-scores.js';
import type { Ledger } from './ledger.js';

/** Where a page begins: after this customer of this table. */
export interface ScorePosition {
  readonly generation: bigint;
  readonly after: Pick<CustomerScore, 'ltvMicros' | 'customerId'>;
}

/** What was asked for. */
export interface CustomerPage {
  readonly tier: ValueTier | undefined;
  readonly limit: number;
  /** Undefined: the first page of the newest table. */
  readonly position: ScorePosition | undefined;
}

/** A table of values as an answer names it. */
export interface ScoreStamp {
  readonly pass: ScorePass;
  readonly terms: Pick<LedgerTerms, 'currency'>;
  readonly asOf: Date;
}

/** Customers by value. */
export interface ListedCustomers {
  readonly customers: readonly CustomerScore[];
  readonly stamp: ScoreStamp;
  /** Undefined on the last page. */
  readonly next: ScorePosition | undefined;
}

/** Lists customers by predicted value out of one materialised table. */
export class ListCustomers {
  constructor(
    private readonly scores: CustomerScores,
    private readonly ledger: Ledger,
  ) {}

  /** @throws scores_missing, scores_refreshed */
  async execute(tenant: string, { tier, limit, position }: CustomerPage): Promise<ListedCustomers> {
    const view = await this.ledger.view(tenant);
    const pass = await this.scores.pass(tenant, position?.generation);
    if (pass === undefined || view === undefined) {
      throw position === undefined ? errors.scores_missing() : errors.scores_refreshed();
    }
    const { generation } = pass;
    const rows = await this.scores.list(tenant, {
      ...{ generation, tier, limit },
      after: position?.after,
    });
    // A table goes whole: one that lies before us empty may have gone since it was looked up.
    const isGone = rows.length === 0 && !(await this.scores.pass(tenant, generation));
    if (isGone) throw errors.scores_refreshed();
    const customers = rows.slice(0, limit);
    const last = rows.length > limit ? customers.at(-1) : undefined;
    return {
      customers,
      stamp: stampOf(pass, view.terms),
      next: last && { generation, after: last },
    };
  }
}

/** A table's stamp. */
export function stampOf(pass: ScorePass, terms: LedgerTerms): ScoreStamp {
  return { pass, terms, asOf: dayInstant(pass.asOfDay, terms) };
}
