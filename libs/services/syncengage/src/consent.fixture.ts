import { kernelErrors, SystemClock, type Clock } from '@kiki/kernel';
import {
  MarketingConsent,
  type ConsentVerdict,
  type Recipient,
} from './application/marketing-consent.js';

/** A consent registry in memory. */
export class TestConsent extends MarketingConsent {
  isDown = false;
  /** Answers are good for so long, milliseconds. */
  goodForMs = 1_000;
  asked = 0;
  reasonOf: (recipient: Recipient) => string = () => 'granted';

  constructor(private readonly clock: Clock = new SystemClock()) {
    super();
  }

  override async ask(_: string, recipients: readonly Recipient[]): Promise<ConsentVerdict[]> {
    if (this.isDown) throw kernelErrors.unavailable();
    this.asked += recipients.length;
    return recipients.map((recipient) => {
      const reason = this.reasonOf(recipient);
      const isAllowed = reason === 'granted';
      const actBeforeMs = this.clock.monotonicMs() + this.goodForMs;
      return { isAllowed, reason, receiptId: `r-${recipient.customerId}`, actBeforeMs };
    });
  }
}
