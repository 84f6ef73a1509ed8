import type { CustomerValue } from '../domain/decision.js';

/** What a batch is asked with. */
export interface ValueQuery {
  readonly tenant: string;
  /** Undefined for a stranger. */
  readonly customerIds: readonly (string | undefined)[];
  readonly currency: string;
  /** The model that is to be asked: one price list, one model. @default the production model */
  readonly modelVersion?: string;
  /** Value of a customer without an id, micros. */
  readonly strangerValueMicros: bigint;
  /** Used, tagged, when SyncValue does not answer in time, micros. */
  readonly fallbackValueMicros: bigint;
}

/** What customers are worth. Never fails: without an answer it gives the tagged fallback. */
export abstract class CustomerValues {
  /** One value per id, in order. */
  abstract valuesOf(query: ValueQuery): Promise<CustomerValue[]>;
  /**
   * The expected value of a stranger and the model that says so, for a new pricing snapshot; undefined while SyncValue
   * cannot say.
   */
  abstract strangerValue(
    tenant: string,
    currency: string,
  ): Promise<{ readonly valueMicros: bigint; readonly modelVersion?: string } | undefined>;
  /** Drops what is remembered of customers. */
  abstract forget(tenant: string, customerIds: readonly string[]): void;
}
