import type { DriftReport } from '../domain/drift.js';

/** The newest drift of every tenant as this process knows it; answers are stamped from here without a query. */
export class DriftBoard {
  private readonly reports = new Map<string, DriftReport>();

  /** The drift of a model; undefined unless it was measured and is of this version. */
  of(tenant: string, version: string): DriftReport | undefined {
    const report = this.reports.get(tenant);
    return report?.version === version ? report : undefined;
  }

  /** Replaces what is known by what is stored now. */
  show(reports: Iterable<readonly [tenant: string, report: DriftReport]>): void {
    this.reports.clear();
    for (const [tenant, report] of reports) this.reports.set(tenant, report);
  }

  /** All reports. */
  all(): DriftReport[] {
    return [...this.reports.values()];
  }
}
