/**
 * Goal: an erasure waits for orders and words that are on their way, so that nothing about the person arrives at
 * another service after SyncEngage has confirmed.
 * Method: receivers that hold a call back, an erasure beside it, on a real PostgreSQL.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { SeededRandom, SystemClock } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import { eraseSubject } from './adapters/privacy/engage-erasure.js';
import { PostgresConsentOutbox } from './adapters/postgres/postgres-consent-outbox.js';
import { PostgresOutbox } from './adapters/postgres/postgres-outbox.js';
import { ForwardConsents } from './application/forward-consents.js';
import { ForwardTransactions } from './application/forward-transactions.js';

const T = 'acme';
const clock = new SystemClock();
let db: TestDatabase;
let isHeldBack = true;
let arrived: string[] = [];

beforeAll(async () => {
  const migrationsDir = new URL('../migrations/', import.meta.url);
  db = await createTestDatabase({ schema: 'syncengage', migrationsDir });
});
afterAll(() => db.drop());
beforeEach(async () => {
  isHeldBack = true;
  arrived = [];
  const { database } = db;
  await database.execute(
    `insert into outbox (tenant, transaction_id, customer_id, occurred_at, amount_micros, currency, kind, created_at)
     values ('acme', 'o1', 'ann', now(), 1, 'EUR', 'purchase', now())`,
  );
  await database.execute(
    `insert into consent_changes (tenant, customer_id, channel, status, source, at)
     values ('acme', 'ann', 'email', 'subscribed', 'traits', now())`,
  );
  await database.execute(
    `insert into privacy_signals (tenant, customer_id, day, signal, at)
     values ('acme', 'ann', '2026-01-01', 'gpc', now())`,
  );
});

/** Answers when the spec lets it. */
async function receive(what: string): Promise<void> {
  arrived.push(`${what} begins`);
  await waitFor(() => !isHeldBack, { timeoutMs: 10_000, what: 'the end of the call' });
  arrived.push(what);
}

async function erasedAfter(forwarding: Promise<unknown>, what: string): Promise<void> {
  await waitFor(() => arrived.includes(`${what} begins`), { timeoutMs: 10_000, what });
  const erasing = db.database
    .transaction((tx) => eraseSubject(tx, { tenant: T, requestId: 'r', customerIds: ['ann'] }))
    .then(() => arrived.push('erased'));
  await clock.sleep(300);
  isHeldBack = false;
  await Promise.all([forwarding, erasing]);
}

it('waits for orders', async () => {
  const send = (_: string, rows: readonly { readonly transactionId: string }[]) =>
    receive('order').then(() => rows.map(({ transactionId }) => ({ transactionId })));
  const outbox = new PostgresOutbox(db.database);
  const forward = new ForwardTransactions(
    ...([outbox, { send }, clock, new SeededRandom(1), new SilentLogger()] as const),
  );
  await erasedAfter(forward.execute(), 'order');
  expect(arrived).toEqual(['order begins', 'order', 'erased']);
  expect(await outbox.lag(T)).toEqual({ pending: 0, rejected: 0 });
});

it('waits for words, and nothing is told that was erased before', async () => {
  const told = (what: string) => (_: string, items: readonly unknown[]) =>
    receive(what).then(() => items.map(() => undefined));
  const outbox = new PostgresConsentOutbox(db.database);
  const sink = { words: told('word'), signals: told('signal') };
  await erasedAfter(new ForwardConsents(outbox, sink, new SilentLogger()).execute(), 'word');
  expect(arrived.slice(0, 2)).toEqual(['word begins', 'word']);
  const at = arrived.indexOf('erased');
  expect(arrived.slice(at + 1)).toEqual([]);
  expect(await outbox.tenants()).toEqual([]);
});
