import { DomainError, type Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Database } from '@kiki/postgres';

/** Remembers when keys were last used and writes it in batches: one statement per interval, never one per request. */
export class UsageRecorder {
  private used = new Map<string, number>();
  private readonly stopping = new AbortController();
  private readonly loop: Promise<void>;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly intervalMs = 10_000,
  ) {
    this.loop = this.run();
  }

  record(keyId: string, nowMs: number): void {
    this.used.set(keyId, nowMs);
  }

  /** Writes what is remembered. @throws unavailable */
  async flush(): Promise<void> {
    if (this.used.size === 0) return;
    const used = this.used;
    this.used = new Map();
    await this.database.execute(
      `update kiki_auth.api_keys k set last_used_at = u.at
         from unnest($1::text[], $2::timestamptz[]) as u (key_id, at)
        where k.key_id = u.key_id and (k.last_used_at is null or k.last_used_at < u.at)`,
      [[...used.keys()], [...used.values()].map((ms) => new Date(ms))],
    );
  }

  /** Stops and writes the last batch. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.loop;
    await this.flushQuietly();
  }

  private async run(): Promise<void> {
    for (;;) {
      try {
        await this.clock.sleep(this.intervalMs, this.stopping.signal);
      } catch (error) {
        if (DomainError.is(error) && error.code === 'cancelled') return;
        throw error;
      }
      await this.flushQuietly();
    }
  }

  private async flushQuietly(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      // "Last used" is a convenience: losing a batch must not fail anything else.
      this.logger.warn('the last use of keys could not be written', { error });
    }
  }
}
