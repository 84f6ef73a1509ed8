/**
 * Goal: a batch that is opened along with BEGIN holds the locks that everybody else takes, and decides on what was
 * committed while it waited for them.
 * Method: a second session looks at the locks, and writes to the shard and the controls while the batch waits.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@kiki/testing';
import { openedShards, openingOf, type Opened } from './opened-shards.js';
import { openFixture, type PostgresFixture } from './postgres-ledger.fixture.js';
import { SHARD_LOCKS } from './shard-rows.js';
import { STORE_NOW } from './store-time.js';

const tenant = 'opened';
const control = `hashtextextended('kiki:shield:control:${tenant}', 0)`;

let of: PostgresFixture;
let shardNo: number;
beforeAll(async () => {
  of = await openFixture();
  await of.budgets.create({ tenant, id: 'b', name: 'b', currency: 'EUR', caps: [] }, 'tester');
  const [row] = await of.database.query<{ shard_no: number }>('SELECT shard_no FROM shards');
  shardNo = row?.shard_no ?? -1;
});
afterAll(() => of.close());

/** What a batch on the shard is opened with; `within` runs before it ends. */
const open = (within: () => Promise<unknown> = () => Promise.resolve()): Promise<Opened> =>
  of.database.transaction(
    async (_tx, opened) => {
      await within();
      return openedShards(opened);
    },
    { opening: openingOf([shardNo], [tenant], STORE_NOW) },
  );

describe('shards that are opened with BEGIN', () => {
  it('are locked as the sweeper and the administration lock them', async () => {
    const free = (): Promise<unknown[]> =>
      of.database.query(`SELECT pg_try_advisory_xact_lock(${SHARD_LOCKS}, ${shardNo}) AS shard,
                                pg_try_advisory_xact_lock(${control}) AS control`);
    let within: unknown;
    await open(async () => (within = await free()));
    expect(within).toEqual([{ shard: false, control: false }]);
    expect(await free()).toEqual([{ shard: true, control: true }]);
  });

  it.each([
    ['the shard', `${SHARD_LOCKS}, $1`],
    ['the controls', control],
  ])('are read after the wait for %s', async (_name, key) => {
    const before = (await open()).heads[0]?.stateSeq ?? -1n;
    const other = await of.database.pool.connect();
    try {
      await other.query('BEGIN');
      await other.query(`SELECT pg_advisory_xact_lock(${key.replace('$1', String(shardNo))})`);
      const running = open();
      await waitFor(async () => {
        const { rows } = await other.query(
          `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
        );
        return rows.length > 0;
      });
      await other.query('UPDATE shards SET state_seq = state_seq + 1');
      await other.query(
        `INSERT INTO tenant_controls (tenant, version) VALUES ('${tenant}', 1)
             ON CONFLICT (tenant) DO UPDATE SET version = tenant_controls.version + 1`,
      );
      const { rows } = await other.query('SELECT version FROM tenant_controls');
      await other.query('COMMIT');
      const { heads, controls } = await running;
      expect(heads).toMatchObject([{ shardNo, stateSeq: before + 1n }]);
      expect(controls).toMatchObject(rows);
    } finally {
      other.release();
    }
  });
});
