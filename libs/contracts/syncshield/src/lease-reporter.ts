import { DomainError, type Random, type Result } from '@kiki/kernel';
import { Backoff } from './lease-backoff.js';
import type { LeaseSettings } from './lease-settings.js';
import type { LeaseSlice } from './lease-slice.js';
import type { LeaseReceipt, LeaseReport, LeaseTransport } from './lease-types.js';

/** Most reports of one call. */
const MAX_REPORTS = 1_024;

/** A lease whose last word is still to be acknowledged. */
interface Final {
  readonly leaseId: string;
  readonly spentMicros: bigint;
}

/** What a reporter tells its client. */
export interface ReporterEvents {
  /** The last word on a lease was acknowledged, or the service does not know the lease. */
  finished(leaseId: string): void;
  /** The service has closed a slice that is still being spent. */
  closed(slice: LeaseSlice): void;
}

/**
 * Tells the service what was spent: totals, many slices in one call, one call at a time, again
 * until it is acknowledged. Totals only grow, so a report may be repeated, lost or overtaken.
 */
export class LeaseReporter {
  sent = 0;
  failures = 0;
  private readonly finals = new Map<string, Final>();
  private readonly backoff: Backoff;
  private inFlight: Promise<void> | undefined;
  private nextMs = 0;

  constructor(
    private readonly transport: LeaseTransport,
    private readonly events: ReporterEvents,
    private readonly settings: LeaseSettings,
    random: Random,
  ) {
    this.backoff = new Backoff(random, settings.backoffMs, settings.maxBackoffMs);
  }

  /** The last word on a lease: nothing more is spent of it. */
  finish(leaseId: string, spentMicros: bigint): void {
    this.finals.set(leaseId, { leaseId, spentMicros });
  }

  /** Last words that are not acknowledged yet. */
  get waiting(): number {
    return this.finals.size;
  }

  /** Sends what is due, if nothing is under way. */
  step(open: readonly LeaseSlice[], nowMs: number, done: () => number): Promise<void> | undefined {
    if (this.inFlight !== undefined || !this.backoff.isOver(nowMs)) return undefined;
    const isDue =
      this.finals.size > 0 || nowMs >= this.nextMs || open.some((slice) => slice.isReportDue);
    const spending = isDue ? open.filter(({ unreported }) => unreported > 0n) : [];
    const reports = [...this.lastWords(), ...spending.map(report)].slice(0, MAX_REPORTS);
    if (!isDue || reports.length === 0) return undefined;
    this.nextMs = nowMs + this.settings.reportEveryMs;
    const slices = new Map(spending.map((slice) => [slice.terms.id, slice]));
    this.inFlight = this.send(reports, slices, done).finally(() => (this.inFlight = undefined));
    return this.inFlight;
  }

  private lastWords(): LeaseReport[] {
    return [...this.finals.values()].map((final) => ({ ...final, isFinal: true }));
  }

  private async send(
    reports: readonly LeaseReport[],
    slices: ReadonlyMap<string, LeaseSlice>,
    done: () => number,
  ): Promise<void> {
    this.sent++;
    try {
      const receipts = await this.transport.report(reports);
      let failed: DomainError | undefined;
      for (const [index, sent] of reports.entries()) {
        const error = this.settle(sent, receipts[index], slices.get(sent.leaseId));
        failed ??= error;
      }
      if (failed === undefined) this.backoff.reset();
      else this.fail(failed, done());
    } catch (error) {
      this.fail(error, done());
    }
  }

  /** Takes one receipt in; gives the error back when the report has to be sent again. */
  private settle(
    sent: LeaseReport,
    receipt: Result<LeaseReceipt, DomainError> | undefined,
    slice: LeaseSlice | undefined,
  ): DomainError | undefined {
    if (receipt === undefined) return undefined;
    if (!receipt.ok) {
      if (receipt.error.code !== 'lease_not_found') return receipt.error;
      if (sent.isFinal) this.forget(sent);
      else if (slice !== undefined) this.events.closed(slice);
      return undefined;
    }
    slice?.acknowledge(sent.spentMicros);
    if (sent.isFinal) this.forget(sent);
    else if (!receipt.value.isOpen && slice !== undefined) this.events.closed(slice);
    return undefined;
  }

  private forget({ leaseId }: LeaseReport): void {
    if (this.finals.delete(leaseId)) this.events.finished(leaseId);
  }

  private fail(error: unknown, nowMs: number): void {
    this.failures++;
    const retryAfterMs = DomainError.is(error) ? (error.details.retryAfterMs ?? 0) : 0;
    this.backoff.failed(nowMs, retryAfterMs);
  }
}

function report(slice: LeaseSlice): LeaseReport {
  return { leaseId: slice.terms.id, spentMicros: slice.spentMicros, isFinal: false };
}
