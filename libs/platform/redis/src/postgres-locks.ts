import { randomUUID } from 'node:crypto';
import type { Database } from '@kiki/postgres';
import { checkKey, checkTtl } from './arguments.js';
import { orUnavailable } from './faults.js';
import { Locks, type Lease } from './ports.js';
import { sharedTable } from './shared-state-schema.js';

const UNTIL = `clock_timestamp() + $3 * interval '1 millisecond'`;

/**
 * Locks as rows of `<service>_shared.lock`. The fence is a durable counter per name, raised under the row's
 * lock, so it grows across crashes and clock changes. Names come from a fixed set: their rows stay for ever.
 */
export class PostgresLocks extends Locks {
  private readonly table: string;

  constructor(private readonly database: Database) {
    super();
    this.table = sharedTable(database, 'lock');
  }

  override async acquire(name: string, ttlMs: number): Promise<Lease | undefined> {
    checkKey('name', name);
    const owner = randomUUID();
    const rows = await orUnavailable(() =>
      this.database.query<{ fence: bigint }>(
        `INSERT INTO ${this.table} AS held (name, fence, owner, expires_at)
         VALUES ($1, 1, $2, ${UNTIL})
         ON CONFLICT (name) DO UPDATE
           SET fence = held.fence + 1, owner = EXCLUDED.owner, expires_at = ${UNTIL}
           WHERE held.expires_at <= clock_timestamp()
         RETURNING fence`,
        [name, owner, checkTtl(ttlMs)],
      ),
    );
    const row = rows[0];
    return row === undefined ? undefined : this.leaseOf({ name, owner, fence: BigInt(row.fence) });
  }

  private leaseOf({ name, owner, fence }: { name: string; owner: string; fence: bigint }): Lease {
    return {
      name,
      fence,
      renew: async (ttlMs) => {
        const touched = await orUnavailable(() =>
          this.database.execute(
            `UPDATE ${this.table} SET expires_at = ${UNTIL}
             WHERE name = $1 AND owner = $2 AND expires_at > clock_timestamp()`,
            [name, owner, checkTtl(ttlMs)],
          ),
        );
        return touched === 1;
      },
      release: async () => {
        await orUnavailable(() =>
          this.database.execute(
            `UPDATE ${this.table} SET owner = NULL, expires_at = '-infinity'
             WHERE name = $1 AND owner = $2`,
            [name, owner],
          ),
        );
      },
    };
  }
}
