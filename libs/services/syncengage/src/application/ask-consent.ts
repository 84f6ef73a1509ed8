import type { Clock } from '@kiki/kernel';
import type { PlannedMessage } from '../domain/message.js';
import { consentReason } from '../domain/suppression.js';
import type { ConsentVerdict, MarketingConsent } from './marketing-consent.js';
import type { ConsentRefusal, Messages } from './messages.js';
import type { DeliveryMeter } from './meters.js';

/** Asks for consent to planned messages; what is refused is cancelled with its reason and receipt. */
export class AskConsent {
  constructor(
    private readonly consent: MarketingConsent,
    private readonly messages: Messages,
    private readonly clock: Clock,
    private readonly meter: DeliveryMeter,
  ) {}

  /** The messages that may be sent as things stand. @throws unavailable, deadline_exceeded */
  async allowed(tenant: string, due: readonly PlannedMessage[]): Promise<PlannedMessage[]> {
    const verdicts = due.length === 0 ? [] : await this.consent.ask(tenant, due);
    const refused = due.flatMap(({ id }, i): ConsentRefusal[] => {
      const verdict = verdicts[i];
      return verdict?.isAllowed === false ? [refusalOf(id, verdict)] : [];
    });
    await this.cancel(tenant, refused);
    return due.filter((_, i) => verdicts[i]?.isAllowed === true);
  }

  /**
   * The verdict on one message at this moment; undefined when it was refused.
   * @throws unavailable, deadline_exceeded
   */
  async now(tenant: string, message: PlannedMessage): Promise<ConsentVerdict | undefined> {
    const [verdict] = await this.consent.ask(tenant, [message]);
    if (verdict?.isAllowed === true) return verdict;
    if (verdict !== undefined) await this.cancel(tenant, [refusalOf(message.id, verdict)]);
    return undefined;
  }

  /** Whether an act under a verdict would come too late for it. */
  isOver({ actBeforeMs }: ConsentVerdict): boolean {
    return this.clock.monotonicMs() >= actBeforeMs;
  }

  private async cancel(tenant: string, refused: readonly ConsentRefusal[]): Promise<void> {
    if (refused.length === 0) return;
    await this.messages.refuse(tenant, refused, this.clock.now());
    for (const { reason } of refused) this.meter.decided('cancelled', reason);
  }
}

function refusalOf(id: string, { reason, receiptId }: ConsentVerdict): ConsentRefusal {
  return { id, reason: consentReason(reason), receiptId };
}
