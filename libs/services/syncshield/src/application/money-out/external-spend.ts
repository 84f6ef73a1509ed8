import type { DomainError } from '@kiki/kernel';
import type { ExternalReport, ReportStatus } from '../../domain/money-out/external-spend.js';
import type { Page, PageRequest } from '../ledger.js';

/** A report that was judged, in the order they came. */
export interface TakenReport {
  readonly status: ReportStatus | 'conflict';
  readonly keyNo: bigint;
  readonly version: bigint;
  readonly deltaMicros: bigint;
}

/** A version whose entry is not known to be recorded yet. */
export interface OpenReport {
  readonly tenant: string;
  readonly budgetId: string;
  readonly keyNo: bigint;
  readonly version: bigint;
  readonly deltaMicros: bigint;
  readonly currency: string;
  /** The instant whose days and windows it counts in. */
  readonly countedMs: number;
  readonly actor: string;
}

/** What is known of a key now. */
export interface ExternalTotal extends ExternalReport {
  readonly keyNo: bigint;
  readonly countedMicros: bigint;
  /** Versions that were taken. */
  readonly reports: number;
  readonly firstMs: number;
  readonly reportedMs: number;
}

/** Who reports for which budget. */
export interface ReportingOf {
  readonly tenant: string;
  readonly budgetId: string;
  readonly actor: string;
}

/** What platforms report, and what of it the ledger still has to record. */
export abstract class ExternalSpend {
  /**
   * Judges reports in order, under a lock of each key, and keeps what they change; `open` is everything of these keys
   * that has to be recorded, in order.
   * @throws budget_not_found, currency_mismatch, external_spend_invalid
   */
  abstract take(
    by: ReportingOf,
    reports: readonly ExternalReport[],
  ): Promise<{ readonly taken: readonly TakenReport[]; readonly open: readonly OpenReport[] }>;
  /** What a crash or an outage has left, oldest first. */
  abstract left(olderThanMs: number, limit: number): Promise<OpenReport[]>;
  /** Their entries are recorded. */
  abstract recorded(reports: readonly OpenReport[]): Promise<void>;
  /** What is known by key, the newest first. @throws budget_not_found */
  abstract list(
    tenant: string,
    filter: { readonly budgetId: string; readonly source?: string | undefined },
    page: PageRequest,
  ): Promise<Page<ExternalTotal>>;
}

/** What a report came to for its caller. */
export interface ReportResult {
  readonly status: ReportStatus;
  readonly deltaMicros: bigint;
  /** The entry of the ledger; none when nothing changed. */
  readonly entryId?: string;
  /** How far a cap was above its limit right after. */
  readonly overMicros: bigint;
  /** Why it is not recorded. */
  readonly error?: DomainError;
}
