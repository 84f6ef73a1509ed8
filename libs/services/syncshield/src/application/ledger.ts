import type { DomainError, Result } from '@kiki/kernel';
import type { CapInput } from '../domain/caps.js';
import type { Entry, EntryRequest } from '../domain/entry.js';
import type { HoldContext } from '../domain/hold-context.js';
import type { Denial, Hold, HoldReason, HoldRequest, HoldState } from '../domain/hold.js';
import type { SettlementRequest, SettlementResult } from '../domain/settlement.js';

/** Most commands one transaction decides. */
export const MAX_BATCH = 1024;

/** One thing to decide. `actor` is the key or service that asked, for the audit. */
export type LedgerCommand =
  | { readonly kind: 'hold'; readonly actor: string; readonly request: HoldRequest }
  | { readonly kind: 'settle'; readonly actor: string; readonly request: SettlementRequest }
  | { readonly kind: 'entry'; readonly actor: string; readonly request: EntryRequest };

/** What a command came to: a decision (also a denial), or an error such as an unknown budget. */
export type LedgerOutcome =
  | { readonly kind: 'hold'; readonly result: Result<Hold, DomainError> }
  | { readonly kind: 'settle'; readonly result: Result<SettlementResult, DomainError> }
  | { readonly kind: 'entry'; readonly result: Result<Entry, DomainError> };

/** What `releaseDue` did. */
export interface ReleaseReport {
  /** Holds whose money was given back. */
  readonly released: number;
  /** How late the oldest of them was, milliseconds; 0 when none was due. */
  readonly lagMs: number;
  /** True when more is due than one pass takes. */
  readonly hasMore: boolean;
}

/**
 * The money path. Decisions are durable when the promise resolves, are made in the order given,
 * and are the same for every process that shares the store. The store's clock is the only one.
 */
export abstract class Ledger {
  /**
   * Decides up to MAX_BATCH commands in one transaction, in order; the outcomes come in the same
   * order. Repeated ids get their first answer; an outcome `shard_busy` may be repeated too. After
   * a throw nothing, or (decision_unknown) everything was decided: repeat with the same ids.
   * @throws unavailable, decision_unknown
   */
  abstract decide(commands: readonly LedgerCommand[]): Promise<LedgerOutcome[]>;
  /** Gives back the money of holds that are past their grace, some shards per pass. */
  abstract releaseDue(): Promise<ReleaseReport>;
}

/** A budget as a caller creates it. */
export interface BudgetInput {
  readonly tenant: string;
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  readonly currency: string;
  readonly caps: readonly CapInput[];
  /** Whether external spend without room pauses it; late spend always does. @default false */
  readonly pausesOnExternal?: boolean;
}

/** A cap with what it counts now. */
export interface CapReport extends CapInput {
  /** In the measure of the cap, like `held` and `headroom`. */
  readonly spent: bigint;
  readonly held: bigint;
  readonly headroom: bigint;
  /** Open ends are undefined. */
  readonly window: { readonly fromMs?: number; readonly toMs?: number };
}

/** A budget with what it and everything below it spent and holds. */
export interface BudgetReport {
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  readonly currency: string;
  readonly isPaused: boolean;
  readonly pausesOnExternal: boolean;
  readonly spentMicros: bigint;
  readonly heldMicros: bigint;
  readonly caps: readonly CapReport[];
  readonly createdMs: number;
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page starts (exclusive); undefined on the last page. */
  readonly next?: string;
}

/** Which page of a list. */
export interface PageRequest {
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/**
 * The budget tree and its administration; every change is an audit record with before and after.
 */
export abstract class Budgets {
  /**
   * Creates a budget; the same id with the same body returns the budget as it is now.
   * @throws idempotency_conflict, budget_parent_invalid
   */
  abstract create(input: BudgetInput, actor: string): Promise<BudgetReport>;
  /** @throws budget_not_found */
  abstract get(tenant: string, id: string): Promise<BudgetReport>;
  /** By id. */
  abstract list(tenant: string, page: PageRequest): Promise<Page<BudgetReport>>;
  /** Holds of a paused budget and of everything below it are denied. @throws budget_not_found */
  abstract setPaused(
    tenant: string,
    id: string,
    isPaused: boolean,
    actor: string,
  ): Promise<BudgetReport>;
  /**
   * Replaces the caps. A cap that keeps id and kind keeps what it counted; a new one counts what
   * is held and spent already.
   * @throws budget_not_found
   */
  abstract replaceCaps(
    tenant: string,
    id: string,
    caps: readonly CapInput[],
    actor: string,
  ): Promise<BudgetReport>;
}

/** What would be held, and what for. */
export interface CheckRequest {
  readonly budgetId: string;
  readonly amountMicros: bigint;
  readonly currency?: string;
  readonly context?: HoldContext;
}

/** What a hold would be answered now. */
export interface CheckAnswer {
  readonly isAllowed: boolean;
  readonly reason: HoldReason;
  readonly denial?: Denial;
  /** The policy that was asked; undefined without one. */
  readonly policyVersion?: number;
  /** The smallest headroom on the path, of the caps that count money. */
  readonly headroomMicros: bigint;
}

/** One record of the audit log. */
export interface AuditEntry {
  readonly seq: bigint;
  /** Canonical JSON, byte for byte as stored. */
  readonly record: string;
}

/** Reading: never locks, sees only what is committed, on the primary. */
export abstract class LedgerReader {
  /** @throws hold_not_found */
  abstract hold(tenant: string, id: string): Promise<Hold>;
  /** In order of decision. @throws budget_not_found */
  abstract holds(
    tenant: string,
    filter: { readonly budgetId: string; readonly state?: HoldState | undefined },
    page: PageRequest,
  ): Promise<Page<Hold>>;
  /**
   * What a hold would be answered now by pauses, kill switches, policies and caps: advice that holds and promises
   * nothing, and counts nowhere. @throws budget_not_found, currency_mismatch
   */
  abstract check(tenant: string, request: CheckRequest): Promise<CheckAnswer>;
  /** The smallest headroom on the path of a budget, of the caps that count money. @throws budget_not_found */
  abstract headroom(tenant: string, budgetId: string): Promise<bigint>;
  /** The log from `after` (exclusive) on. */
  abstract audit(tenant: string, after: bigint, limit: number): Promise<AuditEntry[]>;
}
