import type { Hold, ItemResult, SyncShieldClient } from '@kiki/contract-syncshield';
import { kernelErrors, type Clock, type DomainError } from '@kiki/kernel';
import {
  SpendAuthority,
  type HoldAnswer,
  type HoldRequest,
  type Settlement,
  type SettlementAnswer,
} from '../../application/spend-authority.js';

/** Error kinds of an item that the same request would meet again. */
const FINAL_KINDS: ReadonlySet<DomainError['kind']> = new Set([
  'invalid',
  'not_found',
  'conflict',
  'unprocessable',
  'forbidden',
]);

/** SyncShield over HTTP: one batch per call, one item per bid. */
export class ShieldSpendAuthority extends SpendAuthority {
  constructor(
    private readonly client: SyncShieldClient,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async hold(tenant: string, requests: readonly HoldRequest[]): Promise<HoldAnswer[]> {
    const items = await this.client.holdBatch(
      tenant,
      requests.map((request) => ({ ...request, purpose: 'bid' })),
    );
    return items.map((item, i) => this.answerOf(requests[i]?.id ?? '', item));
  }

  override async settle(
    tenant: string,
    settlements: readonly Settlement[],
  ): Promise<SettlementAnswer[]> {
    const items = await this.client.settleBatch(tenant, settlements);
    return items.flatMap((item, i) => {
      const { settlementId = '' } = settlements[i] ?? {};
      if (item.ok) return [{ settlementId, outcome: item.value.outcome }];
      // Not confirmed and not refused: left out, to be tried again.
      const { kind, code } = item.error;
      return FINAL_KINDS.has(kind) ? [{ settlementId, outcome: `refused:${code}` }] : [];
    });
  }

  private answerOf(id: string, item: ItemResult<Hold>): HoldAnswer {
    if (!item.ok) {
      const { kind, code, message } = item.error;
      if (FINAL_KINDS.has(kind)) return { id, isApproved: false, reason: code };
      const text = `SyncShield has not decided a hold: ${message}`;
      throw kernelErrors.unavailable(text, {}, { cause: item.error });
    }
    const { decision, reason, expiresAt } = item.value;
    if (decision !== 'approved') return { id, isApproved: false, reason };
    // A repeated request gets its first answer, which may be older than the hold is good for.
    const isGood = expiresAt !== null && expiresAt.getTime() > this.clock.nowMs();
    return { id, isApproved: isGood, reason: isGood ? reason : 'hold_expired' };
  }
}
