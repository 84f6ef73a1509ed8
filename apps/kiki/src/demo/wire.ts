/** Answers of the services, as far as the demo reads them; the contracts hold the whole. */

/** A decision of SyncFlow. */
export interface DecisionAnswer {
  readonly campaignId: string;
  readonly opportunityId: string;
  readonly jobId: string;
  readonly valueMicros: number;
  readonly valueSource: 'model' | 'cold_start' | 'fallback';
  readonly priceMicros: number;
  readonly reason: string;
  readonly status: 'priced' | 'no_bid' | 'denied' | 'dry_run' | 'placing' | 'placed';
}

/** A campaign's report of SyncFlow. */
export interface CampaignReportAnswer {
  readonly campaignId: string;
  readonly opportunities: number;
  readonly placed: number;
  readonly noBid: number;
  readonly noBidReasons: Readonly<Record<string, number>>;
  readonly fallback: number;
  readonly won: number;
  readonly lost: number;
  readonly billed: number;
  readonly converted: number;
  readonly billedMicros: number;
  readonly unsettledOutcomes: number;
  readonly refusedSettlements: number;
  readonly placeP99Ms: number | null;
  readonly decisionsDigest: string;
}

/** A pricing snapshot of SyncFlow. */
export interface SnapshotAnswer {
  readonly version: number;
  readonly impressions: number;
  readonly conversions: number;
}

/** A hold of SyncShield, from the list of a budget. */
export interface HoldAnswer {
  readonly id: string;
  readonly budgetId: string;
  readonly amountMicros: number;
  readonly state: 'held' | 'captured' | 'voided' | 'expired' | 'denied';
  readonly capturedMicros: number;
  readonly lateMicros: number;
  readonly denial: { readonly budgetId: string; readonly capId: string | null } | null;
}

/** A budget of SyncShield. */
export interface BudgetAnswer {
  readonly id: string;
  readonly parentId: string | null;
  readonly spentMicros: number;
  readonly heldMicros: number;
}

/** A run of a journey of SyncEngage. */
export interface RunAnswer {
  readonly runId: string;
  readonly state: 'queued' | 'running' | 'done' | 'blocked' | 'failed';
  readonly reason: string | null;
}

/** A journey's report of SyncEngage. */
export interface JourneyReportAnswer {
  readonly atRisk: number;
  readonly heldOut: number;
  readonly suppressed: number;
  readonly messaged: number;
  readonly pending: number;
  readonly suppressedReasons: Readonly<Record<string, number>>;
  readonly unsettled: number;
  readonly latestRun: RunAnswer | null;
}

/** Answer of SyncEngage to a batch of events. */
export interface IngestAnswer {
  readonly accepted: number;
  readonly errors: readonly { readonly code: string; readonly field: string }[];
}
