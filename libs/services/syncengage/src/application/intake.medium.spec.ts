/**
 * Goal: an event counts once, profiles end the same whatever the order of arrival, and every order
 * reaches SyncValue exactly once in effect, however often it is away, slow or answers what nobody
 * hears. Method: a real PostgreSQL; SyncValue is a set of transaction ids that fails on request,
 * before or after it has taken a call.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { kernelErrors, SeededRandom, SystemRandom } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { createTestDatabase, FakeClock, type TestDatabase } from '@kiki/testing';
import fc from 'fast-check';
import { PostgresEventStore } from '../adapters/postgres/postgres-event-store.js';
import { PostgresOutbox } from '../adapters/postgres/postgres-outbox.js';
import { PostgresProfiles } from '../adapters/postgres/postgres-profiles.js';
import type { RawEvent } from '../domain/event.js';
import { ForwardTransactions } from './forward-transactions.js';
import { IngestEvents } from './ingest-events.js';
import { IntakeMeter } from './meters.js';
import { TransactionSink, type OutboxOutcome, type OutboxRow } from './outbox.js';

const T = 'default';
let db: TestDatabase;
let profiles: PostgresProfiles;
let outbox: PostgresOutbox;
let ingest: IngestEvents;
const clock = new FakeClock(Date.UTC(2026, 2, 1));

class NoMeter extends IntakeMeter {
  override taken(): void {}
}

/** Knows each id once and in the order told; `mood` says how the next call goes. */
class FakeValue extends TransactionSink {
  readonly known = new Map<string, OutboxRow>();
  readonly refused = new Set<string>();
  mood: () => 'well' | 'away' | 'answer_lost' = () => 'well';
  calls = 0;

  override async send(_tenant: string, rows: readonly OutboxRow[]): Promise<OutboxOutcome[]> {
    this.calls++;
    const mood = this.mood();
    if (mood === 'away') throw kernelErrors.unavailable();
    for (const row of rows) {
      if (this.refused.has(row.transactionId) || this.known.has(row.transactionId)) continue;
      this.known.set(row.transactionId, row);
    }
    if (mood === 'answer_lost') throw kernelErrors.deadline_exceeded();
    return rows.map(({ transactionId }) => ({
      transactionId,
      ...(this.refused.has(transactionId) ? { rejectedBecause: 'currency_mismatch' } : {}),
    }));
  }
}

beforeAll(async () => {
  db = await createTestDatabase({
    schema: 'syncengage',
    migrationsDir: new URL('../../migrations/', import.meta.url),
  });
  profiles = new PostgresProfiles(db.database);
  outbox = new PostgresOutbox(db.database);
  const store = new PostgresEventStore(db.database, 'USD');
  ingest = new IngestEvents(store, clock, new SystemRandom(), new NoMeter(), 'USD');
}, 60_000);

afterAll(() => db.drop());

beforeEach(() =>
  db.database.execute(
    'truncate events, profiles, anonymous_links, consent_changes, outbox cascade',
  ),
);

const send = (...events: RawEvent[]) =>
  ingest.execute(
    T,
    events.map((raw, index) => ({ index, raw })),
  );
const day = (n: number): Date => new Date(Date.UTC(2026, 0, n));
const identify = (messageId: string, n: number, data: object, userId = 'c1'): RawEvent => ({
  ...{ type: 'identify', messageId, userId, timestamp: day(n), data: { ...data } },
});
const order = (id: string, userId = 'c1', more: Partial<RawEvent> = {}): RawEvent => ({
  type: 'track',
  event: 'Order Completed',
  messageId: `m-${id}`,
  userId,
  timestamp: day(1),
  data: { order_id: id, revenue: 10 },
  ...more,
});

describe('events', () => {
  it('count once by their message id, within a batch and after it', async () => {
    const one = identify('m1', 1, { plan: 'a' });
    expect(await send(one, one, identify('m2', 2, { plan: 'b' }))).toMatchObject({
      accepted: 2,
      duplicates: 1,
    });
    expect(await send({ ...one, data: { plan: 'z' } })).toMatchObject({
      accepted: 0,
      duplicates: 1,
    });
    expect((await profiles.find(T, 'c1'))?.traits).toEqual({ plan: 'b' });
  });

  it('make the same profile in any order of arrival and grouping', async () => {
    const events = [
      identify('m1', 1, { plan: 'a', city: 'Bern', email: 'old@example.test' }),
      identify('m2', 2, { plan: 'b', email: 'new@example.test' }),
      identify('m3', 3, { age: 7 }),
      order('o1'),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.integer({ min: 1, max: 4 }),
        async (shuffled, size) => {
          await db.database.execute('truncate events, profiles, outbox cascade');
          for (let at = 0; at < shuffled.length; at += size) {
            await send(...shuffled.slice(at, at + size));
          }
          expect(await profiles.find(T, 'c1')).toMatchObject({
            email: 'new@example.test',
            traits: { plan: 'b', city: 'Bern', age: 7 },
            firstSeenAt: day(1),
            lastSeenAt: day(3),
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  it('keep the raw address in one column of one table', async () => {
    await send(identify('m1', 1, { email: 'Secret@Example.test', note: 'x' }));
    expect((await profiles.find(T, 'c1'))?.email).toBe('secret@example.test');
    const rows = await db.database.query<{ text: string }>(
      `select e::text as text from events e union all select traits::text from profiles
       union all select o::text from outbox o`,
    );
    expect(rows.filter(({ text }) => /secret@/i.test(text))).toEqual([]);
  });

  it("of an unknown visitor become the customer's, orders too, when an event names both", async () => {
    const { userId: _userId, ...anonymous } = order('o1', 'x', { anonymousId: 'visitor' });
    await send(anonymous);
    expect(await outbox.pending(T, 10)).toEqual([]);
    await send({ ...identify('m2', 3, {}), anonymousId: 'visitor' });
    expect(await outbox.pending(T, 10)).toMatchObject([{ transactionId: 'o1', customerId: 'c1' }]);
    const { userId: _id, ...later } = order('o2', 'x', { anonymousId: 'visitor' });
    await send(later);
    expect(await outbox.pending(T, 10)).toHaveLength(2);
    // A visitor stays the first customer's, whoever says otherwise later.
    await send({ ...identify('m3', 4, {}, 'c2'), anonymousId: 'visitor' });
    const { userId: _other, ...third } = order('o3', 'x', { anonymousId: 'visitor' });
    await send(third);
    expect((await outbox.pending(T, 10)).map(({ customerId }) => customerId)).toEqual([
      ...['c1', 'c1', 'c1'],
    ]);
  });

  it('with the trait unsubscribed object to mail once; no later trait takes it back', async () => {
    await send(identify('m1', 1, { unsubscribed: true }));
    await send(
      identify('m2', 2, { unsubscribed: false }),
      identify('m3', 3, { unsubscribed: true }),
    );
    expect(await profiles.find(T, 'c1')).toMatchObject({ subscription: 'unsubscribed' });
    const rows = await db.database.query('select status, source, proof from consent_changes');
    expect(rows).toEqual([{ status: 'unsubscribed', source: 'traits', proof: 'm1' }]);
  });

  it('are stored all or not at all, also by twenty callers with overlapping batches', async () => {
    const random = new SeededRandom(7);
    const all = Array.from({ length: 200 }, (_, i) => order(`o${i}`, `c${i % 17}`));
    const batches = Array.from({ length: 20 }, () =>
      Array.from({ length: 100 }, () => all[random.nextInt(all.length)]!),
    );
    const results = await Promise.all(batches.map((batch) => send(...batch)));
    const distinct = new Set(batches.flat().map(({ messageId }) => messageId)).size;
    expect(results.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(distinct);
    expect((await outbox.lag(T)).pending).toBe(distinct);
  });

  it('of a thousand customers in one batch are a handful of statements', async () => {
    const batch = Array.from({ length: 1_000 }, (_, i) =>
      identify(`m${i}`, 1, { email: `c${i}@example.test` }, `c${i}`),
    );
    expect(await send(...batch)).toMatchObject({ accepted: 1_000, errors: [] });
    expect(await profiles.idsAfter(T, '', 5_000)).toHaveLength(1_000);
  });
});

describe('the outbox', () => {
  const forwarder = (sink: TransactionSink) =>
    new ForwardTransactions(outbox, sink, clock, new SeededRandom(1), new SilentLogger());

  it('has one effect per order, whatever SyncValue does in between', async () => {
    const sink = new FakeValue();
    const random = new SeededRandom(11);
    sink.mood = () => (['well', 'away', 'answer_lost'] as const)[random.nextInt(3)] ?? 'well';
    const forwarders = [forwarder(sink), forwarder(sink)];
    for (let round = 0; round < 15; round++) {
      await send(...Array.from({ length: 20 }, (_, i) => order(`r${round}-${i}`, `c${i}`)));
      await Promise.all(forwarders.map((forward) => forward.execute()));
      await clock.advance(60_000);
    }
    sink.mood = () => 'well';
    await clock.advance(60_000);
    for (const forward of forwarders) await forward.execute();
    expect(sink.known.size).toBe(15 * 20);
    expect(await outbox.lag(T)).toEqual({ pending: 0, rejected: 0 });
    const rows = await db.database.query(`select state, count(*) as n from outbox group by state`);
    expect(rows).toEqual([{ state: 'sent', n: 300n }]);
  });

  it('survives SyncValue being away: waits longer each time, shows its lag, keeps the order', async () => {
    const sink = new FakeValue();
    const forward = forwarder(sink);
    sink.mood = () => 'away';
    const refund: Partial<RawEvent> = { event: 'Order Refunded', messageId: 'm-refund' };
    const since = clock.now();
    await send(order('o1'), order('o1', 'c1', { ...refund, timestamp: day(2) }));
    for (let i = 0; i < 40; i++) {
      await forward.execute();
      await clock.advance(5_000);
    }
    // 200 s: without growing waits it would have been 40 calls.
    expect(sink.calls).toBeLessThan(16);
    expect(await outbox.lag(T)).toEqual({ pending: 2, rejected: 0, oldestAt: since });
    sink.mood = () => 'well';
    await clock.advance(60_000);
    expect(await forward.execute()).toBe(2);
    expect([...sink.known.values()].map(({ kind }) => kind)).toEqual(['purchase', 'refund']);
    expect(await forward.execute()).toBe(0);
  });

  it('sets an order aside that SyncValue refuses, with the reason, and goes on', async () => {
    const sink = new FakeValue();
    sink.refused.add('bad');
    await send(order('good1'), order('bad'), order('good2'));
    await forwarder(sink).execute();
    expect([...sink.known.keys()]).toEqual(['good1', 'good2']);
    expect(await outbox.lag(T)).toEqual({ pending: 0, rejected: 1 });
    expect(await outbox.lag('other')).toEqual({ pending: 0, rejected: 0 });
  });

  it('counts an order told by two events once', async () => {
    await send(order('o1'), order('o1', 'c1', { messageId: 'other' }));
    expect(await outbox.pending(T, 10)).toHaveLength(1);
  });
});
