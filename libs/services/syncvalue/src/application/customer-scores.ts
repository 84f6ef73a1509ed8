import type { ValueOptions } from '@kiki/clv';
import type { DatedAttribute } from '../domain/acquisition.js';
import type { CustomerState } from '../domain/customer-state.js';
import type { DriftReport } from '../domain/drift.js';
import type { ValueTier } from '../domain/predictor.js';
import type { RfmBounds, RfmScores } from '../domain/rfm.js';
import type { TenantView } from './ledger.js';

/** A customer in the table of values. */
export interface CustomerScore {
  readonly customerId: string;
  readonly ltvMicros: bigint;
  /** Undefined where the model cannot say, like the next. */
  readonly expectedPurchases: number | undefined;
  readonly aliveProbability: number | undefined;
  readonly tier: ValueTier;
  readonly rfm: RfmScores;
}

/** What a table was made from. */
export interface ScorePassFacts {
  readonly version: string;
  /** End of the observation, days since 1970-01-01. */
  readonly asOfDay: number;
  readonly transactionCount: bigint;
  readonly options: ValueOptions;
  readonly computedAtMs: number;
  readonly customerCount: number;
  /** Undefined where the model has no profile of its population. */
  readonly drift: DriftReport | undefined;
}

/** A table of values as it stands. */
export interface ScorePass extends ScorePassFacts {
  readonly generation: bigint;
}

/** One instant of a tenant's log, and the table that is made from it. */
export interface ScoreSnapshot {
  /** Undefined before the first transaction. */
  readonly view: TenantView | undefined;
  /** The newest pass; undefined before the first. */
  readonly last: ScorePass | undefined;
  bounds(): Promise<RfmBounds>;
  /** Customers with a purchase, ascending by id, those after `afterId`. */
  states(afterId: string, limit: number): Promise<CustomerState[]>;
  /** How customers came, where that is known, by id. */
  attributes(ids: readonly string[]): Promise<ReadonlyMap<string, readonly DatedAttribute[]>>;
  write(scores: readonly CustomerScore[]): Promise<void>;
}

/** The materialised values of all customers. Whoever lists sees one whole table, never half of one. */
export abstract class CustomerScores {
  /** Tenants that have a champion. */
  abstract tenants(): Promise<string[]>;
  /**
   * Makes a tenant's next table in one transaction on one snapshot, one process at a time: somebody else at it, or
   * `work` answering undefined, leaves everything as it is. The newest two tables stay.
   */
  abstract rewrite(
    tenant: string,
    work: (snapshot: ScoreSnapshot) => Promise<ScorePassFacts | undefined>,
  ): Promise<void>;
  /** A table, the newest unless one is named; undefined when there is none. */
  abstract pass(tenant: string, generation?: bigint): Promise<ScorePass | undefined>;
  /** The newest table of every tenant. */
  abstract passes(): Promise<Map<string, ScorePass>>;
  /** Highest value first, ties by ascending id; one more than `limit` where there are more. */
  abstract list(
    tenant: string,
    page: {
      readonly generation: bigint;
      readonly tier: ValueTier | undefined;
      readonly limit: number;
      readonly after: Pick<CustomerScore, 'ltvMicros' | 'customerId'> | undefined;
    },
  ): Promise<CustomerScore[]>;
  /** One customer's row; undefined when the table has none. */
  abstract of(
    tenant: string,
    generation: bigint,
    customerId: string,
  ): Promise<CustomerScore | undefined>;
}
