import type { ConversionTable } from '@kiki/bidding';

/** The numbers that prices are made from until somebody learns again. */
export interface PricingSnapshot {
  readonly tenant: string;
  readonly campaignId: string;
  /** 1, 2, 3… */
  readonly version: number;
  /** Expected value of a customer nobody knows, micros. */
  readonly strangerValueMicros: bigint;
  /** Stands for the value of a customer while SyncValue cannot be asked, micros. */
  readonly fallbackValueMicros: bigint;
  readonly conversion: ConversionTable;
  readonly modelVersion?: string;
  readonly createdAt: Date;
}
