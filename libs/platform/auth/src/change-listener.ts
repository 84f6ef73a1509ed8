import { DomainError, type Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Database } from '@kiki/postgres';
import type { PoolClient } from 'pg';

const CHANNEL = 'kiki_auth';
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

/** What a listener does with what it hears. */
export interface ChangeHandlers {
  /** One change, as the trigger wrote it. */
  onChange(payload: string): void;
  /** Changes may have been missed: the connection was opened, or opened again. */
  onGap(): void;
}

/**
 * Hears of changes of the shared schema by LISTEN on one connection of the pool, and opens it again when it breaks.
 * It only makes changes known sooner: the caches age out by themselves also when nothing is heard.
 */
export class ChangeListener {
  private readonly stopping = new AbortController();
  private client: PoolClient | undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly handlers: ChangeHandlers,
  ) {}

  /** Begins to listen; never fails: a store that is away is tried again. */
  start(): void {
    this.loop = this.run();
  }

  /** Whether the connection stands. */
  get isListening(): boolean {
    return this.client !== undefined;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!this.stopping.signal.aborted) {
      try {
        await this.listen(() => (retryMs = FIRST_RETRY_MS));
      } catch (error) {
        this.logger.warn('listening for key changes was interrupted', { error, retryMs });
      }
      if (!(await this.pause(retryMs))) return;
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    }
  }

  /** Listens until the connection breaks (rejects) or the listener is closed (resolves). */
  private async listen(onOpen: () => void): Promise<void> {
    const client = await this.database.pool.connect();
    const { signal } = this.stopping;
    try {
      const ended = new Promise<void>((resolve, reject) => {
        client.on('error', reject);
        client.on('end', () => reject(new Error('the connection ended')));
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (signal.aborted) resolve();
      });
      // The handler is attached at once so that an early break is never an unhandled rejection.
      ended.catch(() => undefined);
      client.on('notification', (message) => this.handlers.onChange(message.payload ?? ''));
      await client.query(`listen ${CHANNEL}`);
      this.client = client;
      this.handlers.onGap();
      onOpen();
      await ended;
    } finally {
      this.client = undefined;
      // Destroyed, not returned: nobody else may get a connection that listens.
      client.removeAllListeners('notification');
      client.release(true);
    }
  }

  private async pause(ms: number): Promise<boolean> {
    try {
      await this.clock.sleep(ms, this.stopping.signal);
      return true;
    } catch (error) {
      if (DomainError.is(error) && error.code === 'cancelled') return false;
      throw error;
    }
  }
}
