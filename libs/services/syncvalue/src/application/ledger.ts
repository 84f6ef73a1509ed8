import type { DatedAttribute } from '../domain/acquisition.js';
import type { CustomerState, LedgerDay } from '../domain/customer-state.js';
import type { LedgerTerms } from '../domain/ledger-terms.js';
import type { Labels } from '../domain/model.js';
import type { RowProblem, Transaction } from '../domain/transaction.js';

export type { LedgerDay } from '../domain/customer-state.js';

/** One chunk of a stream. */
export interface TransactionChunk {
  readonly rows: readonly Transaction[];
  /** Declared time zone; undefined: the tenant's, or UTC. */
  readonly timeZone: string | undefined;
  readonly source: string;
}

/** What became of a chunk. */
export interface ChunkOutcome {
  readonly storedCount: number;
  readonly duplicateCount: number;
  readonly problems: readonly RowProblem[];
  /** Customers of the stored rows. */
  readonly customerIds: readonly string[];
}

/** What a prediction has to know of a tenant, read at one instant. */
export interface TenantView {
  readonly terms: LedgerTerms;
  readonly labels: Labels;
  /** Grows with every row that comes, and with every one that is erased. */
  readonly changeCount: bigint;
}

/** The order logs of all tenants and the customers' states made from them. */
export abstract class Ledger {
  /**
   * Stores a chunk in one transaction: each id counts once, states and terms follow, and of each attribute of
   * acquisition the value of the customer's earliest transaction. Chunks of a tenant come one after another, whatever
   * process they come from.
   * @throws time_zone_fixed
   */
  abstract append(tenant: string, chunk: TransactionChunk): Promise<ChunkOutcome>;
  /**
   * Undefined before the first transaction. May be a moment old, yet shows everything whose maker waited for
   * `untilSeen` before the call.
   */
  abstract view(tenant: string): Promise<TenantView | undefined>;
  /**
   * Resolves when the views of every process show what was committed before: to be awaited before a change of terms
   * or labels is acknowledged.
   */
  abstract untilSeen(): Promise<void>;
  /** The known ones among the customers, by id. */
  abstract states(tenant: string, ids: readonly string[]): Promise<Map<string, CustomerState>>;
  /** How they came, where that is known, by id; those of others may be among them. */
  abstract attributes(
    tenant: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, readonly DatedAttribute[]>>;
  /** Their days up to `endDay` (inclusive), ascending. */
  abstract days(
    tenant: string,
    ids: readonly string[],
    endDay: number,
  ): Promise<Map<string, LedgerDay[]>>;
}
