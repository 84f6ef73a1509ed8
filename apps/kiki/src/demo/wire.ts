import type { Creative, Job } from '@kiki/contract-synccreate';
import type { IngestAnswer, JourneyReport, Run } from '@kiki/contract-syncengage';
import type { paths as FlowPaths } from '@kiki/contract-syncflow';
import type { paths as ShieldPaths } from '@kiki/contract-syncshield';

/** Answers of the services as JSON, from their committed OpenAPI files: a drift does not compile. */
type Read<P, R extends keyof P> = P[R] extends {
  get: { responses: { 200: { content: { 'application/json': infer A } } } };
}
  ? A
  : never;
type Written<P, R extends keyof P> = P[R] extends {
  post: { responses: { 200: { content: { 'application/json': infer A } } } };
}
  ? A
  : never;

/** A decision of SyncFlow. */
export type DecisionAnswer = Read<FlowPaths, '/v1/decisions'>['items'][number];

/** A campaign's report of SyncFlow. */
export type CampaignReportAnswer = Read<FlowPaths, '/v1/campaigns/{id}/report'>;

/** A pricing snapshot of SyncFlow. */
export type SnapshotAnswer = Written<FlowPaths, '/v1/campaigns/{id}/learn'>;

/** A hold of SyncShield. */
export type HoldAnswer = Read<ShieldPaths, '/v1/holds'>['items'][number];

/** A budget of SyncShield. */
export type BudgetAnswer = Read<ShieldPaths, '/v1/budgets/{id}'>;

/** A run of a journey of SyncEngage. */
export type RunAnswer = Pick<Run, 'runId' | 'state' | 'reason'>;

/** A journey's report of SyncEngage. */
export type JourneyReportAnswer = Omit<
  JourneyReport,
  'spentMicros' | 'dryRun' | 'latestRun' | 'arms'
> & { readonly latestRun: RunAnswer | null };

/** Answer of SyncEngage to a batch of events. */
export type EventsAnswer = IngestAnswer;

/** A job of SyncCreate. */
export type CreateJobAnswer = Omit<Job, 'budget'> & {
  readonly budget: { readonly reason: string | null } | null;
};

/** A creative of SyncCreate. */
export type CreativeAnswer = Creative;
