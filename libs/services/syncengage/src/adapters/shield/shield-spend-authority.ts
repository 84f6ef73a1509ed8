import type { SyncShieldClient } from '@kiki/contract-syncshield';
import {
  SpendAuthority,
  type HoldAnswer,
  type HoldRequest,
  type Settlement,
} from '../../application/spend-authority.js';

/** How long money is asked for. */
export interface HoldTimes {
  readonly expiresInMs: number;
  readonly graceMs: number;
}

/** SyncShield over HTTP. */
export class ShieldSpendAuthority extends SpendAuthority {
  constructor(
    private readonly client: SyncShieldClient,
    private readonly times: HoldTimes,
  ) {
    super();
  }

  override async hold(tenant: string, requests: readonly HoldRequest[]): Promise<HoldAnswer[]> {
    const results = await this.client.holdBatch(
      tenant,
      requests.map((request) => ({ ...request, ...this.times, purpose: 'journey_message' })),
    );
    return results.map((result): HoldAnswer => {
      if (!result.ok) {
        // An item that could not be decided is nobody's refusal: the whole chunk is asked for
        // again.
        if (result.error.isRetryable) throw result.error;
        return { isApproved: false, reason: result.error.code };
      }
      const { decision, expiresAt, reason } = result.value;
      return decision === 'approved' && expiresAt !== null
        ? { isApproved: true, expiresAt }
        : { isApproved: false, reason };
    });
  }

  override async settle(
    tenant: string,
    settlements: readonly Settlement[],
  ): Promise<(string | undefined)[]> {
    const results = await this.client.settleBatch(tenant, settlements);
    return results.map((result) => {
      if (result.ok) return result.value.outcome;
      // What can never succeed is written down with its code instead of being asked for ever.
      return result.error.isRetryable || result.error.kind === 'internal'
        ? undefined
        : `refused:${result.error.code}`;
    });
  }
}
