import type { ConsentClient } from '@kiki/contract-syncshield';
import {
  MarketingConsent,
  type ConsentVerdict,
  type Recipient,
} from '../../application/marketing-consent.js';

/** What journeys write for, as SyncShield's settings name it. */
export const MARKETING_PURPOSE = 'marketing';
export const EMAIL = 'email';

/** The consent registry of SyncShield, through the cache that its feed keeps true. */
export class ShieldMarketingConsent extends MarketingConsent {
  constructor(private readonly client: ConsentClient) {
    super();
  }

  override ask(tenant: string, recipients: readonly Recipient[]): Promise<ConsentVerdict[]> {
    return this.client.check(
      tenant,
      recipients.map(({ customerId, region }) => ({
        ...{ customerId, purpose: MARKETING_PURPOSE, channel: EMAIL },
        ...(region === undefined ? {} : { region }),
      })),
    );
  }
}
