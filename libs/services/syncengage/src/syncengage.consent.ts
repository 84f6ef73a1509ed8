import { Peers } from '@kiki/auth';
import { ConsentApi, ConsentClient } from '@kiki/contract-syncshield';
import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Database } from '@kiki/postgres';
import type { Provider } from '@nestjs/common';
import { PostgresConsentOutbox } from './adapters/postgres/postgres-consent-outbox.js';
import { ShieldConsentSink } from './adapters/shield/shield-consent-sink.js';
import { ShieldMarketingConsent } from './adapters/shield/shield-marketing-consent.js';
import { AskConsent } from './application/ask-consent.js';
import { ConsentOutbox, ConsentSink } from './application/consent-outbox.js';
import { ForwardConsents } from './application/forward-consents.js';
import { MarketingConsent } from './application/marketing-consent.js';
import { Messages } from './application/messages.js';
import { DeliveryMeter } from './application/meters.js';

/** Consent at SyncShield: asked for before every message, told whatever is said here. */
export function consentProviders(): Provider[] {
  return [
    {
      provide: ConsentApi,
      inject: [Peers],
      useFactory: (peers: Peers) => {
        const headers = (tenant: string) => peers.headers(tenant);
        return new ConsentApi({ baseUrl: peers.url('syncshield'), headers });
      },
    },
    {
      provide: ConsentClient,
      inject: [ConsentApi, Clock],
      useFactory: (api: ConsentApi, clock: Clock) => new ConsentClient(api, clock),
    },
    provide(ShieldMarketingConsent, [ConsentClient], MarketingConsent),
    provide(AskConsent, [MarketingConsent, Messages, Clock, DeliveryMeter]),
    provide(PostgresConsentOutbox, [Database], ConsentOutbox),
    provide(ShieldConsentSink, [ConsentApi], ConsentSink),
    provide(ForwardConsents, [ConsentOutbox, ConsentSink, Logger]),
  ];
}
