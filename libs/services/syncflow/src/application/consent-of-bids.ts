import type { Campaign } from '../domain/campaign.js';
import type { Decision } from '../domain/decision.js';
import type { AdvertisingConsent, ConsentVerdict } from './advertising-consent.js';

/** Consent to the bids of one run, as it was answered last. */
export class ConsentOfBids {
  private readonly verdicts = new Map<string, ConsentVerdict>();

  constructor(
    private readonly consent: AdvertisingConsent,
    private readonly campaign: Campaign,
  ) {}

  /**
   * Asks for those of whom something is known: the customer, the region or the signal of the browser. Asking again is
   * cheap while nothing has changed. @throws unavailable, deadline_exceeded
   */
  async ask(decisions: readonly Decision[]): Promise<void> {
    const known = decisions.filter(
      ({ customerId, region, isGpc }) =>
        customerId !== undefined || region !== undefined || isGpc === true,
    );
    if (known.length === 0) return;
    const { tenant, channel } = this.campaign;
    const verdicts = await this.consent.ask(
      tenant,
      known.map(({ customerId, region, isGpc }) => ({
        channel,
        ...(customerId === undefined ? {} : { customerId }),
        ...(region === undefined ? {} : { region }),
        ...(isGpc === true ? { isGpc } : {}),
      })),
    );
    known.forEach(({ opportunityId }, i) => {
      const verdict = verdicts[i];
      if (verdict !== undefined) this.verdicts.set(opportunityId, verdict);
    });
  }

  /** Why a bid may not be, as a decision keeps it; undefined when nothing speaks against it. */
  refusalOf({ opportunityId }: Decision): string | undefined {
    const verdict = this.verdicts.get(opportunityId);
    return verdict?.isAllowed === false ? `consent_${verdict.reason}` : undefined;
  }

  /** What proves the answer; undefined where nobody was asked. */
  receiptOf({ opportunityId }: Decision): string | undefined {
    return this.verdicts.get(opportunityId)?.receiptId;
  }

  /** Bids must leave before the monotonic clock shows this, milliseconds. */
  actBeforeMs(bids: readonly Decision[]): number {
    return Math.min(
      ...bids.map(({ opportunityId }) => this.verdicts.get(opportunityId)?.actBeforeMs ?? Infinity),
    );
  }
}
