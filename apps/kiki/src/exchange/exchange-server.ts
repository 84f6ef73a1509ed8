import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DomainError, kernelErrors, SeededRandom, type Clock } from '@kiki/kernel';
import { SimulatedExchange, simulateOpportunities } from '@kiki/exchange-sim';
import {
  bidOf,
  offered,
  planOf,
  SIMULATED,
  type BidBody,
  type ExchangeSettings,
  type InventoryAnswer,
  type InventoryBody,
  type StatementAnswer,
} from './exchange-wire.js';
import { NoticeCourier } from './notice-courier.js';

const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * The simulated exchange behind HTTP: `POST /inventories` puts opportunities on sale, `POST /bids` takes bids (202;
 * safe to repeat), notices go to SyncFlow by themselves, `GET /statement` says what really happened. Prices of
 * competitors are in no answer.
 */
export class ExchangeServer {
  private readonly server: Server;
  private market:
    { readonly exchange: SimulatedExchange; readonly courier: NoticeCourier } | undefined;
  private seed = 0;
  private repeatedBids = 0;
  private refusedBids = 0;

  constructor(private readonly clock: Clock) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** Opens the market: from now on bids are taken and notices delivered. */
  open(settings: ExchangeSettings): void {
    const { medianCompetitionMicros, ...options } = settings.exchange;
    this.seed = options.seed;
    const exchange = new SimulatedExchange({
      ...options,
      medianCompetitionMicros: BigInt(medianCompetitionMicros),
    });
    const courier = new NoticeCourier(exchange, settings.outcomes, this.clock);
    courier.start();
    this.market = { exchange, courier };
  }

  /** Listens on loopback, on a free port when none is named; resolves with the URL. */
  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await this.market?.courier.stop();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const [status, body] = await this.route(request);
      send(response, status, body);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      send(response, statusOf(error), { simulated: SIMULATED, error: message });
    }
  }

  private async route(request: IncomingMessage): Promise<[status: number, body: object]> {
    switch (`${request.method} ${request.url}`) {
      case 'POST /bids':
        return [202, this.take((await json(request)) as { bids: BidBody[] })];
      case 'POST /inventories':
        return [200, this.offer((await json(request)) as InventoryBody)];
      case 'GET /statement':
        return [200, this.statement()];
      case 'GET /health':
        return [200, { simulated: SIMULATED, status: 'ok' }];
      default:
        return [404, { simulated: SIMULATED, error: 'there is no such route' }];
    }
  }

  private get opened(): NonNullable<typeof this.market> {
    if (this.market === undefined) throw kernelErrors.unavailable('The market is not open yet.');
    return this.market;
  }

  private take({ bids }: { readonly bids: BidBody[] }): object {
    const receipt = this.opened.exchange.accept(bids.map(bidOf), this.clock.nowMs());
    this.repeatedBids += receipt.repeated;
    this.refusedBids += receipt.refused;
    return { simulated: SIMULATED, ...receipt };
  }

  private offer(body: InventoryBody): InventoryAnswer {
    const opportunities = simulateOpportunities(planOf(body), this.randomOf(body.idPrefix ?? ''));
    this.opened.exchange.offer(opportunities);
    return { simulated: SIMULATED, opportunities: opportunities.map(offered) };
  }

  /** Each inventory has its own stream of randomness, so that their order changes nothing. */
  private randomOf(name: string): SeededRandom {
    let hash = this.seed >>> 0;
    for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
    return new SeededRandom(hash);
  }

  private statement(): StatementAnswer {
    const { exchange, courier } = this.opened;
    const { billedNanos, ...counts } = exchange.statement();
    const { pending, delivered, retries } = courier;
    const { repeatedBids, refusedBids } = this;
    return {
      simulated: SIMULATED,
      ...counts,
      billedNanos: billedNanos.toString(),
      ...{ repeatedBids, refusedBids, pending, delivered, retries },
    };
  }
}

function statusOf(error: unknown): number {
  if (error instanceof SyntaxError) return 400;
  if (!DomainError.is(error)) return 500;
  return error.kind === 'unavailable' ? 503 : 400;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function json(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw kernelErrors.invalid_request('The body is too large.');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}
