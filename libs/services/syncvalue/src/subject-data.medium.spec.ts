/**
 * Goal: after an erasure SyncValue answers as if the person had never bought, everybody else as before, and nothing that
 * was remembered comes back. Method: the real service on a real PostgreSQL, asked as SyncShield asks it.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SubjectAction, SubjectDataClient } from '@kiki/contract-syncvalue';
import { receiptsSchema } from '@kiki/subject-data';
import { row, startService, type TestService } from './service.fixture.js';

let service: TestService;
let privacy: SubjectDataClient;

beforeAll(async () => {
  service = await startService();
  const { key } = await service.host.auth.admin.createKey({
    ...{ tenant: 'default', scopes: ['privacy:write'], name: 'syncshield' },
  });
  const target = service.host.service('syncvalue').grpcTarget ?? '';
  privacy = new SubjectDataClient({ target, defaultDeadlineMs: 60_000 });
  call = { metadata: { authorization: `Bearer ${key}` } };
}, 60_000);
afterAll(async () => {
  privacy.close();
  await service.stop();
});

let call: { metadata: Record<string, string> };
const ask = (requestId: string, action: SubjectAction, ...customerIds: string[]) =>
  privacy.execute({ requestId, action, customerIds }, call);
const countOf = async (customerId: string): Promise<bigint | undefined> =>
  (await service.client.getCustomer(customerId).catch(() => undefined))?.customer?.transactionCount;

it('deletes what is known of a person, once, and keeps everybody else', async () => {
  await service.client.ingest([
    ...[row('ann', '2025-01-01', 10), row('ann', '2025-06-01', 20)],
    ...[row('bob', '2025-02-01', 30), row('bob', '2025-03-01', 30)],
  ]);
  expect([await countOf('ann'), await countOf('bob')]).toEqual([2n, 2n]);
  const export_ = await ask('r1', SubjectAction.ACCESS, 'ann');
  const parts = JSON.parse(export_.partsJson) as Record<string, { customer_id: string }[]>;
  expect(parts['syncvalue.transactions']).toHaveLength(2);
  expect(Object.values(parts).flatMap((rows) => rows.map((one) => one.customer_id))).not.toContain(
    'bob',
  );

  const { receipt } = await ask('r2', SubjectAction.ERASE, 'ann');
  expect(receipt?.counts).toMatchObject({
    ...{ 'syncvalue.transactions': 2n, 'syncvalue.customer_days': 2n, 'syncvalue.customers': 1n },
  });
  expect((await ask('r2', SubjectAction.ERASE, 'ann')).receipt).toEqual(receipt);
  expect([await countOf('ann'), await countOf('bob')]).toEqual([undefined, 2n]);
  const [terms] = await service.db.database.query(
    `SELECT transaction_count, erased_count, first_day, newest_day FROM syncvalue.ledgers`,
  );
  const day = (text: string): number => Date.parse(text) / 86_400_000;
  expect(terms).toEqual({
    ...{ transaction_count: 2n, erased_count: 2n },
    ...{ first_day: day('2025-02-01'), newest_day: day('2025-03-01') },
  });
});

it('never answers from what it remembered of a log that has as many rows again', async () => {
  await service.client.ingest([row('cid', '2025-02-02', 5), row('cid', '2025-02-03', 5)]);
  expect(await countOf('cid')).toBe(2n);
  await ask('r3', SubjectAction.ERASE, 'cid');
  await service.client.ingest([row('bob', '2025-02-04', 5), row('bob', '2025-02-05', 5)]);
  expect([await countOf('cid'), await countOf('bob')]).toEqual([undefined, 4n]);
  await service.client.ingest([row('cid', '2025-02-06', 7)]);
  expect(await countOf('cid')).toBe(1n);
});

it('keeps whoever objects out of every table of scores, and answers to nobody else', async () => {
  const { receipt } = await ask('r4', SubjectAction.OPT_OUT, 'bob');
  expect(receipt?.counts['syncvalue.objections']).toBe(1n);
  const { stores } = await ask('r5', SubjectAction.DESCRIBE);
  expect(stores.map(({ store }) => store)).toContain('syncvalue.transactions');
  await expect(
    privacy.execute({ requestId: '', action: SubjectAction.ERASE }, call),
  ).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(
    privacy.execute(
      { requestId: 'r6', action: SubjectAction.ERASE, customerIds: ['bob'] },
      { metadata: { authorization: `Bearer ${service.host.firstKey ?? ''}` } },
    ),
  ).rejects.toMatchObject({ code: 'scope_missing' });
  const rows = await service.db.database.query(
    `SELECT r::text AS line FROM ${receiptsSchema('syncvalue')}.receipts AS r`,
  );
  expect(rows).toHaveLength(3);
  for (const { line } of rows) expect(line).not.toMatch(/ann|bob|cid/);
});
