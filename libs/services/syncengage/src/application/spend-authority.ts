/** Money asked for one message. */
export interface HoldRequest {
  readonly id: string;
  readonly budgetId: string;
  readonly amountMicros: bigint;
  readonly currency: string;
  readonly reference: string;
}

/** SyncShield's answer to one hold; `reason` is its own, or the code of the item's error. */
export type HoldAnswer =
  | { readonly isApproved: true; readonly expiresAt: Date }
  | { readonly isApproved: false; readonly reason: string };

/** What is to become of a hold. */
export interface Settlement {
  readonly settlementId: string;
  readonly holdId: string;
  readonly action: 'capture' | 'void';
}

/** Who allows money to be spent: SyncShield. No answer means no message. */
export abstract class SpendAuthority {
  /**
   * One answer per request, in order; the same ids again give the first answers. @throws
   * unavailable
   */
  abstract hold(tenant: string, requests: readonly HoldRequest[]): Promise<HoldAnswer[]>;
  /**
   * What became of each, in order: an outcome such as `captured`, or undefined where it must be
   * told again.
   * @throws unavailable
   */
  abstract settle(
    tenant: string,
    settlements: readonly Settlement[],
  ): Promise<(string | undefined)[]>;
}
