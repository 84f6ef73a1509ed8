import type { IntakeStatus, Outcome } from '../domain/outcome.js';
import type { Settlement } from './spend-authority.js';

/** Impressions and conversions of one audience. */
export interface ConversionCount {
  readonly segment: string;
  readonly impressions: number;
  readonly conversions: number;
}

/** A settlement that SyncShield has not confirmed yet. */
export interface OpenSettlement extends Settlement {
  readonly tenant: string;
  readonly outcomeId: string;
}

/** Notices from exchanges, each recorded once. */
export abstract class Outcomes {
  /** One status per outcome, in order; stored durably before it resolves. */
  abstract record(tenant: string, outcomes: readonly Outcome[]): Promise<IntakeStatus[]>;
  /** Those whose time to be tried has come, oldest first. */
  abstract openSettlements(limit: number): Promise<OpenSettlement[]>;
  abstract markSettled(
    settled: readonly {
      readonly tenant: string;
      readonly outcomeId: string;
      readonly outcome: string;
    }[],
  ): Promise<void>;
  /** Puts unconfirmed settlements off, longer each time, so that they do not stand in the way of others. */
  abstract postpone(
    open: readonly { readonly tenant: string; readonly outcomeId: string }[],
  ): Promise<void>;
  /** Impressions (billed, or converted where the bill was lost) and conversions by segment, for learning. */
  abstract conversionCounts(tenant: string, campaignId: string): Promise<ConversionCount[]>;
}
