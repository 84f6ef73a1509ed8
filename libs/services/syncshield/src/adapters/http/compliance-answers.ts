import type { z } from 'zod';
import type { ComplianceReport } from '../../application/privacy/compliance-report.js';
import type { ReportAnswer } from './compliance.schema.js';

/** The report on the wire. */
export type ReportBody = z.infer<typeof ReportAnswer>;

const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : ms / 1_000);

export function reportAnswer(report: ComplianceReport): ReportBody {
  const { figures, period } = report;
  const { requests, consents, denials, retention, ...spans } = figures;
  return {
    tenant: report.tenant,
    from: new Date(period.fromMs).toISOString(),
    to: new Date(period.toMs).toISOString(),
    generatedAt: new Date(report.generatedMs).toISOString(),
    requests: requests.map(({ medianMs, longestMs, ...rest }) => ({
      ...rest,
      medianSeconds: seconds(medianMs),
      longestSeconds: seconds(longestMs),
    })),
    ...{ consents: [...consents], denials: [...denials], retention: [...retention], ...spans },
    checkpoint: report.checkpoint ?? null,
    retentionRules: report.retentionRules.map(({ category, keepDays, what }) => ({
      ...{ category, keepDays, what },
    })),
    processing: report.processing.map(({ service, stores }) => ({
      service,
      isReachable: stores !== undefined,
      stores: (stores ?? []).map((store) => ({ ...store, categories: [...store.categories] })),
    })),
  };
}
