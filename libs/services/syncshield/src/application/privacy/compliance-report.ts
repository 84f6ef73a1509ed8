import type { Clock } from '@kiki/kernel';
import type { DataStore } from '@kiki/subject-data';
import { STEP_SERVICES, type StepService } from '../../domain/privacy/privacy-request.js';
import type { RetentionRule } from '../../domain/privacy/retention.js';
import type { AuditLog } from '../audit-log.js';
import type { ComplianceFacts, ComplianceFigures, Period } from './compliance-facts.js';
import type { Retention } from './retention.js';
import type { SubjectServices } from './subject-services.js';

/** One service's part of the record of processing; without stores when it did not answer. */
export interface ProcessingRecord {
  readonly service: StepService;
  readonly stores?: readonly DataStore[];
}

/** What an auditor is shown. */
export interface ComplianceReport {
  readonly tenant: string;
  readonly period: Period;
  readonly generatedMs: number;
  readonly figures: ComplianceFigures;
  /** Signed note of the newest checkpoint of the audit log; undefined before the first. */
  readonly checkpoint?: string;
  readonly retentionRules: readonly RetentionRule[];
  /** Record of processing activities (GDPR Art. 30), as the services themselves describe it. */
  readonly processing: readonly ProcessingRecord[];
}

/** Where a report comes from. */
export interface ReportSources {
  readonly facts: ComplianceFacts;
  readonly audit: AuditLog;
  readonly retention: Retention;
  readonly services: SubjectServices;
}

/** Makes the compliance report of a period. */
export class MakeComplianceReport {
  constructor(
    private readonly sources: ReportSources,
    private readonly clock: Clock,
  ) {}

  async execute(tenant: string, period: Period): Promise<ComplianceReport> {
    const { facts, audit, retention } = this.sources;
    const [figures, checkpoint, retentionRules, processing] = await Promise.all([
      facts.figures(tenant, period),
      // A log that was not signed yet is a finding of the report, not the end of it.
      audit.checkpoint(tenant).then(
        ({ note }) => note,
        () => undefined,
      ),
      retention.rules(tenant),
      Promise.all(STEP_SERVICES.map((service) => this.describe(tenant, service))),
    ]);
    return {
      ...{ tenant, period, generatedMs: Math.floor(this.clock.nowMs()), figures },
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...{ retentionRules, processing },
    };
  }

  private async describe(tenant: string, service: StepService): Promise<ProcessingRecord> {
    const request = { tenant, requestId: 'report', action: 'describe', customerIds: [] } as const;
    const answer = await this.sources.services.execute(service, request).catch(() => undefined);
    return { service, ...(answer?.stores === undefined ? {} : { stores: answer.stores }) };
  }
}
