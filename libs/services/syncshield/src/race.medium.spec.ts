/**
 * Goal: 200 callers racing over HTTP for the last unit of a budget, also at two hosts of one
 * installation: exactly one gets it.
 * Method: two hosts on one PostgreSQL, each caller a request of its own, round after round.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { PostgresDatabase } from '@kiki/postgres';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import { recount, syncshieldDefinition } from './index.js';

const ROUNDS = 10;
const CALLERS = 200;
const T = 'default';

const home = mkdtempSync(join(tmpdir(), 'kiki-race-'));
let db: TestDatabase;
let hosts: Host[];
let shields: SyncShieldClient[];

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = {
    ...{ DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' },
    SYNCSHIELD_LOCK_TIMEOUT_MS: '60000',
  };
  const first = await start([syncshieldDefinition], { environment, portBase: 0 });
  hosts = [first, await start([syncshieldDefinition], { environment, portBase: 0 })];
  const { key } = await first.auth.admin.createKey({
    ...{ tenant: T, name: 'racer', scopes: ['*', 'service:kiki'] },
  });
  const headers = { authorization: `Bearer ${key}`, 'kiki-tenant': T };
  shields = hosts.map(
    (host) =>
      new SyncShieldClient({
        baseUrl: host.service('syncshield').httpUrl,
        headers: () => headers,
        timeoutMs: 120_000,
      }),
  );
});

afterAll(async () => {
  for (const host of hosts) await host.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

describe('a race over HTTP', () => {
  it(`has one winner among ${CALLERS} callers, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const budgetId = `race-${round}`;
      const caps = [{ kind: 'total' as const, limitMicros: 1n }];
      await shields[0]!.createBudget(T, { id: budgetId, name: budgetId, currency: 'EUR', caps });
      const holds = await Promise.all(
        Array.from({ length: CALLERS }, (_, caller) =>
          shields[caller % 2]!.hold(T, {
            ...{ id: `${round}/${caller}`, budgetId, amountMicros: 1n, currency: 'EUR' },
          }),
        ),
      );
      const approved = holds.filter(({ decision }) => decision === 'approved');
      expect({ round, approved: approved.length }).toEqual({ round, approved: 1 });
    }
    const schema = hosts[0]!.service('syncshield').name;
    const database = new PostgresDatabase({ connection: db.connection, schema });
    const report = await recount(database, T);
    await database.close();
    expect(report).toMatchObject({
      holds: ROUNDS * CALLERS,
      overspendMicros: 0n,
      problems: [],
    });
  }, 300_000);
});
