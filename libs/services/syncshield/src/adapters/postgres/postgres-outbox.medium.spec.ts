/**
 * Goal: every event is delivered by one process at a time, in order of commit, and by another one when the first dies;
 * receivers to which nothing gets through keep no other from its events.
 * Method: many claimers at once on a real PostgreSQL; one that claims and is never heard of again stands for kill -9.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { PostgresDatabase } from '@kiki/postgres';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import { appendEvents, readEvents } from './event-rows.js';
import { PostgresOutbox } from './postgres-outbox.js';

const T = 'default';
let test: TestDatabase;
let database: PostgresDatabase;

beforeAll(async () => {
  const migrationsDir = new URL('../../../migrations/', import.meta.url);
  test = await createTestDatabase({ schema: 'syncshield', migrationsDir });
  database = new PostgresDatabase({ connection: test.connection, schema: 'syncshield', max: 8 });
});

afterAll(async () => {
  await database?.close();
  await test.drop();
});

const open = () => new PostgresOutbox(database, new SystemClock(), 3);
const claim = (outbox: PostgresOutbox, leaseMs: number) =>
  outbox.claim({ busy: new Set(), lanes: 8, failingLanes: 8, perLane: 5, leaseMs });
const append = (tenant: string, count: number, budgetId = 'b') =>
  database.transaction((tx) =>
    appendEvents(
      tx,
      Array.from({ length: count }, (_, i) => ({
        ...{ tenant, type: 'budget.paused' as const, budgetId, atMs: Date.now(), data: { i } },
      })),
    ),
  );

describe('the outbox', () => {
  it('gives each delivery to one claimer, and again when its lease is over', async () => {
    await append(T, 40);
    const first = (await Promise.all(Array.from({ length: 8 }, () => claim(open(), 700)))).flat();
    const taken = first.map(({ event }) => event.seq);
    expect(new Set(taken).size).toBe(taken.length);
    expect(first.every(({ attempt }) => attempt === 1)).toBe(true);
    const settled = first.slice(0, -1);
    const outcome = { isDelivered: true };
    const results = await open().settle(
      settled.map((delivery) => ({ delivery, outcome, retryInMs: undefined })),
    );
    expect(results.every(({ state }) => state === 'delivered')).toBe(true);
    const lost = first.at(-1)!.event.seq;
    const again = await waitFor(async () => {
      const claimed = await claim(open(), 60_000);
      return claimed.find(({ event }) => event.seq === lost);
    });
    expect(again).toMatchObject({ attempt: 2 });
  });

  it('numbers events densely in the order of commit, whoever writes at the same time', async () => {
    const seen: bigint[] = [];
    let isDone = false;
    const reader = (async () => {
      let after = 0n;
      while (!isDone || after < 200n) {
        for (const { seq } of await readEvents(database, 'dense', { after, limit: 1_000 })) {
          seen.push((after = seq));
        }
      }
    })();
    await Promise.all(Array.from({ length: 40 }, (_, i) => append('dense', 5, `b${i}`)));
    isDone = true;
    await reader;
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => BigInt(i + 1)));
  });

  it('serves receivers to which nothing gets through last, and only so many at a time', async () => {
    await database.execute('DELETE FROM deliveries');
    const hooks = Array.from({ length: 6 }, (_, n) => `w${n}`);
    await database.execute(
      `INSERT INTO webhooks (tenant, id, url, secret_version, is_enabled, failures, creation, created_ms)
       SELECT 'fair', id, 'https://example.test', 1, true, failures, '', 0
         FROM unnest($1::text[], $2::int[]) AS k (id, failures)`,
      [hooks, [9, 8, 7, 6, 5, 0]],
    );
    await append('fair', 500);
    // What fails has waited longest, and fills whatever is looked at first.
    await database.execute(
      `UPDATE deliveries SET due_ms = CASE WHEN webhook_id = 'w5' THEN due_ms - 1 ELSE 0 END
        WHERE tenant = 'fair' AND webhook_id <> '$queue'`,
    );
    const taken = async (lanes: number, failingLanes: number) => {
      const options = { busy: new Set(['fair ']), perLane: 1, leaseMs: 0 };
      const claimed = await open().claim({ ...options, lanes, failingLanes });
      return claimed.map(({ webhook }) => webhook?.id).sort();
    };
    expect(await taken(1, 1)).toEqual(['w5']);
    expect(await taken(4, 2)).toEqual(['w3', 'w4', 'w5']);
    expect(await taken(4, 0)).toEqual(['w5']);
    expect(await taken(8, 8)).toEqual(hooks);
  });

  it('forgets what is old and settled, and nothing that waits', async () => {
    await append('old', 2);
    await database.execute(
      `UPDATE deliveries SET state = 'delivered' WHERE tenant = 'old' AND seq = 1`,
    );
    await database.execute('ALTER TABLE events DISABLE TRIGGER events_stay');
    await database.execute(`UPDATE events SET at_ms = 0 WHERE tenant = 'old'`);
    await open().prune(1_000);
    const left = await readEvents(database, 'old', { after: 0n, limit: 10 });
    expect(left.map(({ seq }) => seq)).toEqual([2n]);
    expect((await open().totals()).pending).toBeGreaterThan(0);
  });
});
