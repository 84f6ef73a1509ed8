/**
 * Goal: an erasure touches the first answers that quote the subject and no others; a receipt of somebody else is never
 * taken for the work; what is invalid is refused for good, what is away is asked again.
 * Method: the use case on a real PostgreSQL with a service that counts what it was asked for.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { idempotencyMigrationsDir, idempotencySchema } from '@kiki/http';
import { DomainError, kernelErrors, SystemClock } from '@kiki/kernel';
import { migrate, type Queryable } from '@kiki/postgres';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import { ExecuteSubjectRequest } from './execute-subject-request.js';
import { Reclaimer } from './reclaimer.js';
import { receiptsMigrationsDir, receiptsSchema } from './receipts.js';
import { SubjectData, type Subject } from './subject-data.js';

const T = 'acme';
const clock = new SystemClock();
let db: TestDatabase;
let erased: string[] = [];
/** What the service throws when it is asked to correct or to erase. */
let trouble: Error | undefined;

class Counting extends SubjectData {
  override readonly stores = [];
  override access = () => Promise.resolve({});
  override erase(_tx: Queryable, { customerIds }: Subject): Promise<Record<string, number>> {
    if (trouble !== undefined) return Promise.reject(trouble);
    erased.push(...customerIds);
    return Promise.resolve({ 'svc.rows': customerIds.length });
  }
}

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'svc' });
  const { connection } = db;
  await migrate({
    ...{ connection, schema: idempotencySchema('svc'), directory: idempotencyMigrationsDir },
  });
  await migrate({
    ...{ connection, schema: receiptsSchema('svc'), directory: receiptsMigrationsDir },
  });
});
afterAll(() => db.drop());

class Correcting extends Counting {
  override rectify(): Promise<Record<string, number>> {
    return trouble === undefined ? Promise.resolve({ 'svc.rows': 1 }) : Promise.reject(trouble);
  }
}

const rectify = (requestId: string) =>
  new ExecuteSubjectRequest(
    ...([new Correcting(), db.database, new Reclaimer(db.database, clock), clock] as const),
  ).execute({ tenant: T, requestId, action: 'rectify', customerIds: ['ann'], changes: {} });

const erase = (requestId: string, customerId: string) =>
  new ExecuteSubjectRequest(
    ...([new Counting(), db.database, new Reclaimer(db.database, clock), clock] as const),
  ).execute({ tenant: T, requestId, action: 'erase', customerIds: [customerId] });

const remember = (key: string, body: string) =>
  db.database.execute(
    `INSERT INTO svc_http.idempotency_keys (tenant, route, key, request_sha256, owner, locked_until, status, body)
     VALUES ($1, 'POST /v1/x', $2, '', gen_random_uuid(), now(), 200, $3)`,
    [T, key, body],
  );

it('forgets first answers that quote the subject, and lets no other request run twice', async () => {
  await remember('order-1425', '{"id":"job-1425"}');
  await remember('42', '{}');
  await remember('of-customer-4711-1', '{}');
  await remember('quoting', '{"for":"42"}');
  await erase('r1', '42');
  await erase('r2', 'customer-4711');
  const left = await db.database.query<{ key: string; status: number }>(
    'SELECT key, status FROM svc_http.idempotency_keys ORDER BY key',
  );
  expect(left).toEqual([
    { key: 'order-1425', status: 200 },
    { key: 'quoting', status: 410 },
  ]);
});

it('does the work for whoever is named, whatever receipt the id has', async () => {
  erased = [];
  const first = await erase('again', 'ann');
  expect(await erase('again', 'ann')).toEqual(first);
  await erase('again', 'bob');
  expect(erased).toContain('bob');
});

it('says by a receipt what it will never do, and by an error what it cannot do now', async () => {
  trouble = kernelErrors.unavailable();
  await expect(rectify('c1')).rejects.toMatchObject({ code: 'unavailable' });
  trouble = new DomainError('email_invalid', 'invalid', 'not an address: ann@');
  const refused = await rectify('c1');
  expect(refused.receipt).toMatchObject({
    action: 'rectify',
    refusal: 'email_invalid',
    counts: {},
  });
  expect(JSON.stringify(refused)).not.toContain('ann');
  await expect(erase('c2', 'ann')).rejects.toMatchObject({ code: 'email_invalid' });
  trouble = undefined;
  expect(await rectify('c1')).toEqual(refused);
  const done = (await rectify('c3')).receipt;
  expect(done).toMatchObject({ counts: { 'svc.rows': 1 } });
  expect(done.refusal).toBeUndefined();
});
