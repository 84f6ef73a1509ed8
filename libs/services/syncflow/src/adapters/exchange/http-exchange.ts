import type { LiveChannels } from '@kiki/host';
import { microsToWire } from '@kiki/kernel';
import { Exchange, type PlacedBid } from '../../application/exchange.js';
import { errors } from '../../errors.js';

/** Where each channel's bids go. */
export type ExchangeUrls = Readonly<Record<string, string>>;

/** Hands bids to the exchange of their channel: `POST <url>/bids`, which answers 2xx once it has taken them. */
export class HttpExchange extends Exchange {
  constructor(
    private readonly urls: ExchangeUrls,
    private readonly live: LiveChannels,
    private readonly timeoutMs: number,
  ) {
    super();
  }

  override async isLive(tenant: string, channel: string): Promise<boolean> {
    return this.urls[channel] !== undefined && (await this.live.isLive(tenant, channel));
  }

  override async place(channel: string, bids: readonly PlacedBid[]): Promise<void> {
    const url = this.urls[channel];
    if (url === undefined) {
      throw errors.exchange_unavailable(`No exchange is configured for channel ${channel}.`);
    }
    const body = JSON.stringify({
      bids: bids.map((bid) => ({ ...bid, priceMicros: microsToWire(bid.priceMicros) })),
    });
    const response = await fetch(`${url}/bids`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(this.timeoutMs),
    }).catch((cause: unknown) => {
      throw errors.exchange_unavailable(undefined, {}, { cause });
    });
    await response.body?.cancel();
    if (!response.ok) {
      throw errors.exchange_unavailable(`The exchange answered ${response.status}.`);
    }
  }
}
