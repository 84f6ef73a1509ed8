import type { Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import { checkKey, checkLimit } from './arguments.js';
import { orUnavailable } from './faults.js';
import { decisionOf } from './gcra.js';
import { RateLimiter, type RateDecision, type RateLimit } from './ports.js';
import { sharedTable } from './shared-state-schema.js';

const NOW_US = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint';
// The same arithmetic as src/gcra.ts; EXCLUDED.at_us is the instant before waiting for the row, which errs to the
// safe side.
const LEVEL = 'greatest(0, r.level_micro - $2::float8 * greatest(0, EXCLUDED.at_us - r.at_us))';
const FITS = `(${LEVEL} + $4::float8 <= $3::float8)`;
const AFTER = `${LEVEL} + CASE WHEN ${FITS} THEN $4::float8 ELSE 0 END`;

const takeFromTable = (table: string): string => `
  INSERT INTO ${table} AS r (key, level_micro, at_us, dry_at_us, is_allowed)
  VALUES ($1, $4::float8, ${NOW_US}, ${NOW_US} + ceil($4::float8 / $2::float8)::bigint, true)
  ON CONFLICT (key) DO UPDATE SET
    level_micro = ${AFTER},
    at_us = greatest(r.at_us, EXCLUDED.at_us),
    dry_at_us = greatest(r.at_us, EXCLUDED.at_us) + ceil((${AFTER}) / $2::float8)::bigint,
    is_allowed = ${FITS}
  RETURNING level_micro, is_allowed`;

const SWEEP_EVERY_MS = 60_000;

/** GCRA in `<service>_shared.rate_limit` (unlogged), one statement a request, shared by its processes. */
export class PostgresRateLimiter extends RateLimiter {
  private readonly table: string;
  private readonly takeSql: string;
  private sweptAtMs: number;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
    this.table = sharedTable(database, 'rate_limit');
    this.takeSql = takeFromTable(this.table);
    this.sweptAtMs = clock.monotonicMs();
  }

  override async take(key: string, limit: RateLimit, cost = 1): Promise<RateDecision> {
    checkKey('key', key);
    checkLimit(limit, cost);
    const rows = await orUnavailable(() =>
      this.database.query<{ level_micro: number; is_allowed: boolean }>(this.takeSql, [
        key,
        limit.ratePerSecond,
        limit.burst * 1e6,
        cost * 1e6,
      ]),
    );
    await this.sweepWhenDue();
    const { level_micro: levelMicro = 0, is_allowed: isAllowed = false } = rows[0] ?? {};
    return decisionOf({ isAllowed, levelMicro, limit, cost });
  }

  private async sweepWhenDue(): Promise<void> {
    if (this.clock.monotonicMs() - this.sweptAtMs < SWEEP_EVERY_MS) return;
    await orUnavailable(() => this.sweep());
  }

  /** Forgets buckets that ran dry, which changes no decision. */
  async sweep(): Promise<number> {
    this.sweptAtMs = this.clock.monotonicMs();
    return this.database.execute(
      `DELETE FROM ${this.table} WHERE key IN
         (SELECT key FROM ${this.table} WHERE dry_at_us < ${NOW_US}
           LIMIT 10000 FOR UPDATE SKIP LOCKED)`,
    );
  }
}
