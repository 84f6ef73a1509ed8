/** A process of its own that decides one hold, and tells when it is in the middle of it: a moment to stop it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock } from '@kiki/kernel';
import {
  PostgresDatabase,
  type ConnectionOptions,
  type OpenedRows,
  type Queryable,
  type TransactionOptions,
} from '@kiki/postgres';
import type { LedgerCommand } from '../../application/ledger.js';
import { PostgresLedger } from './postgres-ledger.js';

/** Decided, nothing written yet: waits a moment, once. */
class PausingDatabase extends PostgresDatabase {
  private isPausing = true;

  override transaction<T>(
    work: (tx: Queryable, opened: OpenedRows) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    return super.transaction((tx, opened) => {
      const query: Queryable['query'] = async (sql, values, how) => {
        if (how?.name === 'shield-write-batch') await this.pause();
        return tx.query(sql, values, how);
      };
      return work({ query, execute: (...of) => tx.execute(...of) }, opened);
    }, options);
  }

  private async pause(): Promise<void> {
    if (!this.isPausing) return;
    this.isPausing = false;
    process.stdout.write('deciding\n');
    await sleep(500);
  }
}

const [connection = '', hold = ''] = process.argv.slice(2);
const database = new PausingDatabase({
  connection: JSON.parse(connection) as ConnectionOptions,
  schema: 'syncshield',
  max: 2,
});
const ledger = new PostgresLedger(database, new SystemClock());
const { amountMicros, ...rest } = JSON.parse(hold) as Record<string, string | number>;
const request = { ...rest, amountMicros: BigInt(amountMicros ?? 0) };
const [outcome] = await ledger.decide([
  { kind: 'hold', actor: 'paused', request } as LedgerCommand,
]);
const result = outcome?.result;
const state = result?.ok && 'state' in result.value ? result.value.state : 'nothing';
process.stdout.write(`decided ${state}\n`);
await database.close();
