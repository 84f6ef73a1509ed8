import { microsFromWire } from '@kiki/kernel';
import { errors } from '../errors.js';
import { Child } from '../processes/child.js';
import type {
  ExchangeSettings,
  InventoryAnswer,
  InventoryBody,
  OfferedOpportunity,
  StatementAnswer,
} from './exchange-wire.js';

/** An opportunity as a bidder sees it. */
export type Offer = Omit<OfferedOpportunity, 'floorMicros'> & { readonly floorMicros: bigint };

/** The simulated exchange, in a process of its own. */
export class ExchangeProcess {
  private constructor(private readonly child: Child<{ readonly url: string }>) {}

  /** Listens, but sells nothing until its market is opened. @throws exchange_failed */
  static async start(
    environment: Readonly<Record<string, string | undefined>>,
    port = 0,
  ): Promise<ExchangeProcess> {
    const script = new URL('./exchange-main.js', import.meta.url);
    return new ExchangeProcess(
      await Child.start({
        ...{ name: 'The simulated exchange', script, environment },
        args: [String(port)],
      }),
    );
  }

  /** @throws exchange_failed */
  async open(market: ExchangeSettings): Promise<void> {
    await this.child.ask({ market });
  }

  get url(): string {
    return this.child.answer.url;
  }

  /** Puts opportunities on sale and says which. @throws exchange_failed */
  async offer(inventory: InventoryBody): Promise<Offer[]> {
    const answer = await this.call<InventoryAnswer>('/inventories', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(inventory),
    });
    return answer.opportunities.map(({ floorMicros, ...rest }) => ({
      ...rest,
      floorMicros: microsFromWire(floorMicros),
    }));
  }

  /** What really happened: for the report. @throws exchange_failed */
  statement(): Promise<StatementAnswer> {
    return this.call<StatementAnswer>('/statement');
  }

  stop(): Promise<void> {
    return this.child.stop();
  }

  private async call<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      ...init,
      signal: AbortSignal.timeout(30_000),
    }).catch((cause: unknown) => {
      throw errors.exchange_failed('The simulated exchange cannot be reached.', {}, { cause });
    });
    const body = (await response.json()) as T & { error?: string };
    if (!response.ok) throw errors.exchange_failed(`The simulated exchange: ${body.error}.`);
    return body;
  }
}
