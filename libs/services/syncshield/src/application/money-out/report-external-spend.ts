import { DomainError, kernelErrors } from '@kiki/kernel';
import { externalEntryId, type ExternalReport } from '../../domain/money-out/external-spend.js';
import type { Entry } from '../../domain/entry.js';
import { errors } from '../../errors.js';
import type { Decide } from '../decide.js';
import type { ReportObserver } from './delivery-observer.js';
import { MAX_BATCH, type LedgerCommand } from '../ledger.js';
import type {
  ExternalSpend,
  OpenReport,
  ReportingOf,
  ReportResult,
  TakenReport,
} from './external-spend.js';

/** What became of entries, by their id. */
type Recorded = ReadonlyMap<string, Entry | DomainError>;

/** Leftovers of a crash that are carried on at once. */
const LEFT_PER_PASS = 500;
const LEFT_AFTER_MS = 5_000;

/**
 * Takes what platforms report and has the differences recorded. A report is taken first, with the entry it leads to;
 * the entry has an id of its own, so whoever carries it on, and how often, it counts once.
 */
export class ReportExternalSpend {
  constructor(
    private readonly external: ExternalSpend,
    private readonly decide: Decide,
    private readonly observer: ReportObserver,
  ) {}

  /**
   * The results in the order of the reports, recorded when the promise resolves.
   * @throws budget_not_found, currency_mismatch, external_spend_invalid, external_spend_pending
   */
  async execute(by: ReportingOf, reports: readonly ExternalReport[]): Promise<ReportResult[]> {
    const { taken, open } = await this.external.take(by, reports);
    const recorded = await this.record(open).catch((error: unknown) => {
      // Kept already: repeated, by the caller or by the sweeper, it is carried on.
      throw errors.external_spend_pending(undefined, { retryAfterMs: 500 }, { cause: error });
    });
    const results = taken.map((report) => resultOf(report, recorded));
    for (const { status, error } of results)
      this.observer.reported(error === undefined ? status : 'failed');
    return results;
  }

  /**
   * Carries on what a crash has left; returns how many. What fails of one tenant is said once the others' is recorded.
   */
  async carryOn(): Promise<number> {
    const left = await this.external.left(LEFT_AFTER_MS, LEFT_PER_PASS);
    const tenants = Map.groupBy(left, ({ tenant }) => tenant);
    const ends = await Promise.allSettled([...tenants.values()].map((of) => this.record(of)));
    const failed = ends.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    return left.length;
  }

  private async record(open: readonly OpenReport[]): Promise<Recorded> {
    const recorded = new Map<string, Entry | DomainError>();
    for (let at = 0; at < open.length; at += MAX_BATCH) {
      const chunk = open.slice(at, at + MAX_BATCH);
      const outcomes = await this.decide.execute(chunk.map(commandOf));
      const done: OpenReport[] = [];
      for (const [index, report] of chunk.entries()) {
        const outcome = outcomes[index];
        if (outcome?.kind !== 'entry') throw kernelErrors.internal('An entry was not answered.');
        const { result } = outcome;
        recorded.set(
          externalEntryId(report.keyNo, report.version),
          result.ok ? result.value : result.error,
        );
        if (result.ok) done.push(report);
      }
      await this.external.recorded(done);
    }
    return recorded;
  }
}

function commandOf(report: OpenReport): LedgerCommand {
  const { tenant, budgetId, keyNo, version, deltaMicros, currency, countedMs, actor } = report;
  return {
    ...{ kind: 'entry', actor },
    request: {
      ...{ tenant, budgetId, entryId: externalEntryId(keyNo, version) },
      ...{ amountMicros: deltaMicros, currency, source: 'external', atMs: countedMs },
    },
  };
}

function resultOf(report: TakenReport, recorded: Recorded): ReportResult {
  const { status, keyNo, version, deltaMicros } = report;
  if (status === 'conflict') {
    const error = kernelErrors.idempotency_conflict(
      'The same version of this key was reported before with another amount.',
      { fields: [{ field: 'version', expected: 'a larger version for a restated amount' }] },
    );
    return { status: 'superseded', deltaMicros: 0n, overMicros: 0n, error };
  }
  if (status !== 'recorded' || deltaMicros === 0n) {
    return { status, deltaMicros: 0n, overMicros: 0n };
  }
  const entryId = externalEntryId(keyNo, version);
  const entry = recorded.get(entryId);
  if (DomainError.is(entry)) return { status, deltaMicros, entryId, overMicros: 0n, error: entry };
  // Replayed: it was recorded before.
  return { status, deltaMicros, entryId, overMicros: entry?.overMicros ?? 0n };
}
