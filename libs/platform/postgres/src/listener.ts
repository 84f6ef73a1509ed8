import { Clock, kernelErrors, Random, SystemClock, SystemRandom } from '@kiki/kernel';
import pg from 'pg';
import { mapError } from './pg-errors.js';
import type { ConnectionOptions } from './pool.js';

/** What a listener is made of. */
export interface ListenerOptions {
  readonly connection: ConnectionOptions;
  /**
   * Called after a lost connection is back: notifications of the time between are lost for ever, so whoever keeps
   * something by them must read it anew.
   */
  readonly onGap?: () => void;
  /** The connection is tried by a statement this often, so that a silent loss is noticed. @default 15000 */
  readonly probeEveryMs?: number;
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** @default the machine's randomness */
  readonly random?: Random;
}

type Handler = (payload: string) => void;

const CHANNEL = /^[a-z_][a-z0-9_]{0,62}$/;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2000;

/** LISTEN on one connection of its own that comes back by itself. */
export class PostgresListener {
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly stopping = new AbortController();
  private readonly clock: Clock;
  private readonly random: Random;
  private client: pg.Client | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly options: ListenerOptions) {
    this.clock = options.clock ?? new SystemClock();
    this.random = options.random ?? new SystemRandom();
  }

  /**
   * Calls `handler` with each payload sent to `channel` from now on, and returns how to stop that.
   * @throws unavailable when the first connection fails
   */
  async listen(channel: string, handler: Handler): Promise<() => Promise<void>> {
    if (!CHANNEL.test(channel)) throw new TypeError(`"${channel}" is not a channel's name`);
    if (this.stopping.signal.aborted) throw kernelErrors.cancelled('The listener is closed.');
    const handlers = this.handlers.get(channel) ?? new Set();
    handlers.add(handler);
    this.handlers.set(channel, handlers);
    this.running ??= this.start();
    await this.running;
    await this.client?.query(`LISTEN ${channel}`).catch(() => undefined);
    return () => this.unlisten(channel, handler);
  }

  /** Ends the connection; no handler is called afterwards. */
  async close(): Promise<void> {
    this.stopping.abort();
    this.handlers.clear();
    await this.running?.catch(() => undefined);
    await this.client?.end().catch(() => undefined);
  }

  private async unlisten(channel: string, handler: Handler): Promise<void> {
    const handlers = this.handlers.get(channel);
    handlers?.delete(handler);
    if (handlers?.size !== 0) return;
    this.handlers.delete(channel);
    await this.client?.query(`UNLISTEN ${channel}`).catch(() => undefined);
  }

  private async start(): Promise<void> {
    try {
      await this.connect();
    } catch (error) {
      this.running = undefined;
      throw mapError(error);
    }
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      ...this.options.connection,
      application_name: 'kiki-listen',
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      query_timeout: 10_000,
    });
    let isLost = false;
    const lose = (): void => {
      if (isLost) return;
      isLost = true;
      if (this.client === client) void this.reconnect(client);
    };
    client.on('error', lose);
    client.on('end', lose);
    client.on('notification', ({ channel, payload }) => this.deliver(channel, payload ?? ''));
    await client.connect();
    for (const channel of this.handlers.keys()) await client.query(`LISTEN ${channel}`);
    if (isLost || this.stopping.signal.aborted) {
      void client.end().catch(() => undefined);
      throw kernelErrors.unavailable();
    }
    this.client = client;
    void this.probe(client, lose);
  }

  private deliver(channel: string, payload: string): void {
    for (const handler of this.handlers.get(channel) ?? []) handler(payload);
  }

  private async probe(client: pg.Client, lose: () => void): Promise<void> {
    const signal = this.stopping.signal;
    try {
      while (this.client === client) {
        await this.clock.sleep(this.options.probeEveryMs ?? 15_000, signal);
        if (this.client === client) await client.query('SELECT 1');
      }
    } catch {
      if (!signal.aborted) lose();
    }
  }

  private async reconnect(lost: pg.Client): Promise<void> {
    this.client = undefined;
    void lost.end().catch(() => undefined);
    for (let waitMs = RETRY_MIN_MS; !this.stopping.signal.aborted; waitMs *= 2) {
      const ceiling = Math.min(waitMs, RETRY_MAX_MS);
      try {
        await this.clock.sleep(
          ceiling * (0.5 + this.random.nextDouble() / 2),
          this.stopping.signal,
        );
        await this.connect();
        this.options.onGap?.();
        return;
      } catch {
        // Tried again until the listener is closed.
      }
    }
  }
}
