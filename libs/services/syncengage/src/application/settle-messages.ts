import type { Clock } from '@kiki/kernel';
import { holdIdOf, settlementActionOf } from '../domain/message.js';
import type { Messages, UnsettledMessage } from './messages.js';
import type { Settlement, SpendAuthority } from './spend-authority.js';

const BATCH = 500;

/**
 * Tells SyncShield what became of held money until it has confirmed each: captured for mails that
 * went out or may have, given back for the others. Settlement ids are derived from the holds, so
 * telling it twice has one effect.
 */
export class SettleMessages {
  constructor(
    private readonly messages: Messages,
    private readonly spend: SpendAuthority,
    private readonly clock: Clock,
  ) {}

  /** Settles what is open; returns how many were confirmed. @throws unavailable */
  async execute(): Promise<number> {
    let settled = 0;
    for (;;) {
      const open = await this.messages.unsettled(BATCH);
      const confirmed = open.length === 0 ? 0 : await this.settleBatch(open);
      settled += confirmed;
      if (confirmed === 0 || open.length < BATCH) return settled;
    }
  }

  private async settleBatch(open: readonly UnsettledMessage[]): Promise<number> {
    let confirmed = 0;
    for (const [tenant, messages] of Map.groupBy(open, (message) => message.tenant)) {
      const outcomes = await this.spend.settle(tenant, messages.flatMap(settlementOf));
      const settled = messages.flatMap(({ id }, i) => {
        const outcome = outcomes[i];
        return outcome === undefined ? [] : [{ id, outcome }];
      });
      await this.messages.markSettled(tenant, settled, this.clock.now());
      confirmed += settled.length;
    }
    return confirmed;
  }
}

function settlementOf(message: UnsettledMessage): Settlement[] {
  const action = settlementActionOf(message.state);
  const holdId = holdIdOf(message);
  return action === undefined ? [] : [{ settlementId: `${holdId}.${action}`, holdId, action }];
}
