import type { ConsentClient } from '@kiki/contract-syncshield';
import {
  AdvertisingConsent,
  type AdvertisingAsk,
  type ConsentVerdict,
} from '../../application/advertising-consent.js';

/** What bids are for, as SyncShield's settings name it. */
const PURPOSE = 'advertising';

/** The consent registry of SyncShield, through the cache that its feed keeps true. */
export class ShieldAdvertisingConsent extends AdvertisingConsent {
  constructor(private readonly client: ConsentClient) {
    super();
  }

  override ask(tenant: string, asks: readonly AdvertisingAsk[]): Promise<ConsentVerdict[]> {
    return this.client.check(
      tenant,
      asks.map((ask) => ({ ...ask, purpose: PURPOSE })),
    );
  }
}
