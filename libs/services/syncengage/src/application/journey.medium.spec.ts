/**
 * Goal: a journey puts everybody at risk into exactly one bucket, pays for exactly what may have
 * been sent, mails nobody twice. Method: the use cases on a real PostgreSQL and a real SMTP server
 * that refuses, hangs up and is slow; SyncShield and SyncValue are stand-ins with their rules.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, FakeClock, waitFor, type TestDatabase } from '@kiki/testing';
import {
  bench,
  closeBenches,
  FixedPredictions,
  T,
  TableLedger,
  winback,
  type Bench,
} from '../engage.fixture.js';
import { armOf } from '../domain/holdout.js';
import type { JourneyReport } from '../domain/journey.js';
import { TestConsent } from '../consent.fixture.js';
import { TestMailServer } from '../smtp.fixture.js';

let db: TestDatabase;
let smtp: TestMailServer;
let ledger: TableLedger;

beforeAll(async () => {
  db = await createTestDatabase({
    schema: 'syncengage',
    migrationsDir: new URL('../../migrations/', import.meta.url),
  });
  smtp = await new TestMailServer().start();
}, 60_000);

afterAll(async () => {
  closeBenches();
  await smtp.stop();
  await db.drop();
});

beforeEach(async () => {
  await db.database.execute(
    `truncate messages, journey_assignments, journey_runs, journeys, segment_members, segment_refreshes, profiles,
              consent_changes, frequency_caps, outbox cascade`,
  );
  await db.database.execute('drop table if exists ledger_budget, ledger_holds');
  ledger = await TableLedger.create(db.database, 1_000_000_000n);
});

afterEach(() => {
  smtp.received.length = 0;
  smtp.behaviours.clear();
  smtp.delayMs = 0;
});

async function addProfiles(ids: readonly string[], email = (id: string) => `${id}@example.test`) {
  await db.database.execute(
    `insert into profiles (tenant, customer_id, email, traits, first_seen_at, last_seen_at)
     select $1, u.id, nullif(u.email, ''), '{"firstName":"Ann"}', now(), now()
       from unnest($2::text[], $3::text[]) as u (id, email)`,
    [T, ids, ids.map(email)],
  );
}

const ids = (n: number): string[] =>
  Array.from({ length: n }, (_, i) => `c${String(i).padStart(4, '0')}`);
const heldOut = (all: readonly string[], share = 0.2): string[] =>
  all.filter(
    (customerId) =>
      armOf({ tenant: T, journeyId: 'winback', customerId, salt: 'salt' }, share) === 'holdout',
  );

const make = (more: Partial<Parameters<typeof bench>[0]> = {}): Bench =>
  bench({ database: db.database, smtpUrl: smtp.url, spend: ledger, ...more });

async function runOnce(on: Bench, journeyId = 'winback'): Promise<string> {
  const { id } = await on.startRun.execute(T, journeyId);
  await on.run.execute(T, id);
  return id;
}

/** The identities that hold whatever happened. */
async function expectConsistent(report: JourneyReport): Promise<void> {
  const { atRisk, heldOut: held, suppressed, messaged, pending } = report;
  expect(atRisk).toBe(held + suppressed + messaged + pending);
  const reasons = Object.values(report.suppressedReasons).reduce((sum, n) => sum + n, 0);
  expect(reasons).toBe(suppressed);
  const [rows] = await db.database.query<{ customers: bigint; distinct: bigint }>(
    `select count(*) as customers, count(distinct customer_id) as distinct from journey_assignments`,
  );
  expect(rows).toEqual({ customers: BigInt(atRisk), distinct: BigInt(atRisk) });
  for (const [to, n] of smtp.counts()) expect({ to, n }).toEqual({ to, n: 1 });
}

describe('a run', () => {
  it('holds out by the draw, messages the rest once, and pays for exactly that', async () => {
    const all = ids(150);
    await addProfiles(all);
    const on = make();
    await on.save.execute(T, winback());
    const runId = await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    const held = heldOut(all);
    expect(report).toMatchObject({
      ...{ atRisk: 150, heldOut: held.length, messaged: 150 - held.length },
      ...{ suppressed: 0, pending: 0, unsettled: 0 },
    });
    expect(new Set(smtp.received.map(({ to }) => to))).toEqual(
      new Set(all.filter((id) => !held.includes(id)).map((id) => `${id}@example.test`)),
    );
    expect(await ledger.recount()).toEqual({ captured: BigInt(report.messaged) * 1_000n });
    expect(await on.journeys.findRun(T, runId)).toMatchObject({ state: 'done' });

    await runOnce(on);
    expect(await on.journeys.report(T, 'winback')).toEqual(report);
    expect(smtp.received).toHaveLength(report.messaged);
  });

  it('writes mails that say who, what and how to stop it', async () => {
    await addProfiles(['c1']);
    const on = make();
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    const { mail } = smtp.received[0]!;
    expect(mail.subject).toBe('We miss you, Ann');
    expect(mail.text).toContain('here is 10 % off for you');
    expect(mail.from?.text).toBe('"KIKI" <kiki@example.test>');
    expect(mail.messageId).toMatch(/^<[0-9a-f]{40}@example\.test>$/);
    const headers = new Map(mail.headerLines.map(({ key, line }) => [key, line]));
    const link = /<(https:\/\/mail\.example\.test\/u\/[^>]+)>/.exec(
      headers.get('list-unsubscribe') ?? '',
    )?.[1];
    expect(headers.get('list-unsubscribe-post')).toBe(
      'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
    );
    expect(mail.text).toContain(link);
    expect(String(mail.html)).toContain(`<a href="${link}">`);
  });

  it('suppresses with the reason, keeps the holdout whole, and tries again what may change', async () => {
    const all = ids(60);
    const treated = all.filter((id) => !heldOut(all).includes(id));
    await addProfiles(all, (id) => (id === treated[0] ? '' : `${id}@example.test`));
    const on = make();
    await on.save.execute(T, winback());
    const at = new Date();
    const change = { tenant: T, customerId: treated[1]!, source: 'api', at };
    await on.profiles.changeSubscription({ ...change, status: 'unsubscribed' });
    await runOnce(on);
    let report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report.suppressedReasons).toEqual({ no_address: 1, unsubscribed: 1 });
    await on.profiles.changeSubscription({ ...change, status: 'subscribed' });
    await runOnce(on);
    report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report.suppressedReasons).toEqual({ no_address: 1 });
    expect(report.messaged).toBe(treated.length - 1);
  });

  it('keeps the frequency cap over journeys that run at once', async () => {
    await addProfiles(ids(60));
    const on = make({ cap: { maxMessages: 2, windowMs: 86_400_000 } });
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const id of names) await on.save.execute(T, winback({ id, holdoutShare: 0 }));
    await on.refresh.ensureFresh(T);
    await Promise.all(names.map((id) => runOnce(on, id)));
    const counts = [...smtp.counts().values()];
    expect(counts).toHaveLength(60);
    expect(new Set(counts)).toEqual(new Set([2]));
    const reports = await Promise.all(names.map((id) => on.journeys.report(T, id)));
    const capped = reports.reduce(
      (n, { suppressedReasons }) => n + (suppressedReasons['frequency_cap'] ?? 0),
      0,
    );
    expect(capped).toBe(3 * 60);
  });

  it("counts a tenant's own cap and forgets messages older than the window", async () => {
    await addProfiles(['c1']);
    const clock = new FakeClock(Date.now());
    const on = make({ clock, cap: { maxMessages: 0, windowMs: 1_000 } });
    for (const id of ['a', 'b']) await on.save.execute(T, winback({ id, holdoutShare: 0 }));
    await on.journeys.saveFrequencyCap(T, { maxMessages: 1, windowMs: 60_000 }, clock.now());
    await runOnce(on, 'a');
    await runOnce(on, 'b');
    expect((await on.journeys.report(T, 'b')).suppressedReasons).toEqual({ frequency_cap: 1 });
    await clock.advance(60_001);
    await runOnce(on, 'b');
    expect((await on.journeys.report(T, 'b')).messaged).toBe(1);
  });

  it('spends no more than the budget has, and says who went without', async () => {
    await addProfiles(ids(100));
    ledger = await TableLedger.create(db.database, 30_500n);
    const on = make();
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 30, suppressedReasons: { budget_denied: 70 } });
    expect((await ledger.recount())['captured']).toBe(30_000n);
    // More money, another run: who was denied is asked for under another name of hold.
    ledger = await TableLedger.create(db.database, 1_000_000n);
    const richer = make();
    await runOnce(richer);
    const after = await richer.journeys.report(T, 'winback');
    await expectConsistent(after);
    expect(after.messaged).toBe(100);
  });

  it('only says what it would do while the channel is off', async () => {
    await addProfiles(ids(20));
    const on = make();
    on.live.isOn = false;
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 0, suppressedReasons: { dry_run: 20 } });
    expect(smtp.received).toHaveLength(0);
    expect(await ledger.recount()).toEqual({});
    on.live.isOn = true;
    await runOnce(on);
    expect((await on.journeys.report(T, 'winback')).messaged).toBe(20);
  });

  it('stops at once when the channel goes off in the middle, and gives the money back', async () => {
    await addProfiles(ids(40));
    const on = make({
      connections: 1,
      wrapMailer: (mailer) => ({
        lanes: 1,
        send: (mail) => {
          if (smtp.received.length === 9) on.live.isOn = false;
          return mailer.send(mail);
        },
      }),
    });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({
      messaged: 10,
      suppressedReasons: { dry_run: 30 },
      unsettled: 0,
    });
    expect(await ledger.recount()).toEqual({ captured: 10_000n, voided: 30_000n });
  });

  it('messages nobody while SyncValue cannot be asked, and by no guess', async () => {
    await addProfiles(ids(10));
    const predictions = new FixedPredictions((id) =>
      id < 'c0005' ? { reason: 'no_orders' } : { aliveProbability: 0.2, modelVersion: 'm7' },
    );
    predictions.isDown = true;
    const on = make({ predictions });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    const blocked = await runOnce(on);
    expect(await on.journeys.findRun(T, blocked)).toMatchObject({
      state: 'blocked',
      reason: 'segment_not_fresh:unavailable',
    });
    expect(await on.segments.latest(T)).toMatchObject({ state: 'failed', reason: 'unavailable' });
    expect(smtp.received).toHaveLength(0);
    predictions.isDown = false;
    await runOnce(on);
    expect(await on.journeys.report(T, 'winback')).toMatchObject({ atRisk: 5, messaged: 5 });
    expect(await on.profiles.find(T, 'c0001')).toMatchObject({
      segment: { name: 'unknown', reason: 'no_orders' },
    });
    expect(await on.profiles.find(T, 'c0007')).toMatchObject({
      segment: { name: 'at_risk', aliveProbability: 0.2, modelVersion: 'm7' },
    });
  });

  it('sends nothing while SyncShield cannot be asked, and goes on when it can', async () => {
    await addProfiles(ids(30));
    const on = make();
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    ledger.isDown = true;
    const { id } = await on.startRun.execute(T, 'winback');
    await expect(on.run.execute(T, id)).rejects.toMatchObject({ code: 'unavailable' });
    expect(smtp.received).toHaveLength(0);
    expect(await on.startRun.execute(T, 'winback')).toMatchObject({ id });
    ledger.isDown = false;
    await on.run.execute(T, id);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report.messaged).toBe(30);
  });

  it('counts orders of both arms after the assignment, each once', async () => {
    const all = ids(100);
    await addProfiles(all);
    const on = make();
    await on.save.execute(T, winback());
    await runOnce(on);
    const buyers = [all[3]!, all[4]!, ...heldOut(all).slice(0, 2)];
    const order = (customer: string, n: number, days: number) =>
      db.database.execute(
        `insert into outbox (tenant, transaction_id, customer_id, occurred_at, amount_micros, currency, kind, created_at)
         values ($1, $2, $3, now() + make_interval(days => $4), 1, 'USD', 'purchase', now())`,
        [T, `${customer}-${n}`, customer, days],
      );
    for (const buyer of buyers) await order(buyer, 1, 1);
    await order(buyers[0]!, 2, 2);
    await order(all[5]!, 1, -1);
    const { arms } = await on.journeys.report(T, 'winback');
    const held = buyers.filter((id) => heldOut(all).includes(id)).length;
    expect(arms.holdout).toMatchObject({ customers: heldOut(all).length, converted: held });
    expect(arms.treatment.converted).toBe(4 - held);
    expect(arms.treatment.orders + arms.holdout.orders).toBe(5);
  });

  it('leaves alone who became a customer again between two runs', async () => {
    await addProfiles(ids(10));
    const back = new Set<string>();
    const clock = new FakeClock(Date.now());
    const predictions = new FixedPredictions((id) => ({
      aliveProbability: back.has(id) ? 0.95 : 0.2,
      modelVersion: 'm1',
    }));
    ledger = new TableLedger(db.database, clock);
    const on = make({ predictions, clock });
    on.live.isOn = false;
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    on.live.isOn = true;
    back.add('c0001').add('c0002');
    await clock.advance(3_600_001);
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 8, suppressedReasons: { left_segment: 2 } });
  });

  it('stops when its journey is paused, and goes on when it is not', async () => {
    await addProfiles(ids(250));
    const all = { holdoutShare: 0 };
    const on = make({
      wrapMailer: (mailer) => ({
        lanes: 4,
        send: async (mail) => {
          if (smtp.received.length >= 3) {
            await on.save.execute(T, winback({ ...all, isActive: false }));
          }
          return mailer.send(mail);
        },
      }),
    });
    await on.save.execute(T, winback(all));
    await runOnce(on);
    let report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    // The chunk that was under way, and nobody after it.
    expect(report).toMatchObject({ messaged: 200, suppressedReasons: { journey_paused: 50 } });
    const paused = { code: 'journey_paused' };
    await expect(on.startRun.execute(T, 'winback')).rejects.toMatchObject(paused);
    const later = make();
    await later.save.execute(T, winback(all));
    await runOnce(later);
    report = await later.journeys.report(T, 'winback');
    expect(report).toMatchObject({ messaged: 250, suppressed: 0 });
  });
});

describe('consent at SyncShield', () => {
  it('that nobody answers for stops everything, and nothing is lost', async () => {
    await addProfiles(ids(20));
    const consent = new TestConsent();
    consent.isDown = true;
    const on = make({ consent });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    const { id } = await on.startRun.execute(T, 'winback');
    await expect(on.run.execute(T, id)).rejects.toMatchObject({ code: 'unavailable' });
    expect([smtp.received.length, await ledger.recount()]).toEqual([0, {}]);
    consent.isDown = false;
    await on.run.execute(T, id);
    expect(await on.journeys.report(T, 'winback')).toMatchObject({ messaged: 20, suppressed: 0 });
  });

  it('that is refused costs nothing, however late, and is on record with its receipt', async () => {
    await addProfiles(ids(6));
    const consent = new TestConsent();
    const asked = new Map<string, number>();
    consent.reasonOf = ({ customerId }) => {
      const times = (asked.get(customerId) ?? 0) + 1;
      asked.set(customerId, times);
      if (customerId === 'c0001') return 'no_consent';
      // Asked for the chunk, then for the mail.
      return customerId === 'c0002' && times > 1 ? 'withdrawn' : 'granted';
    };
    const on = make({ consent });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({
      ...{ messaged: 4, suppressedReasons: { consent_missing: 1, consent_withdrawn: 1 } },
    });
    expect(await ledger.recount()).toEqual({ captured: 4_000n, voided: 1_000n });
    const customers = await on.journeys.customers(T, 'winback', 10);
    expect(customers.map(({ consentReceiptId }) => consentReceiptId)).toEqual(
      customers.map(({ customerId }) => `r-${customerId}`),
    );
  });

  it('that grew old while the mail was claimed is asked for again', async () => {
    await addProfiles(ids(3));
    const consent = new TestConsent();
    consent.goodForMs = -1;
    let late = 0;
    consent.reasonOf = () => {
      // After the chunk and three mails the answers are good for a second again.
      if (++late > 6) consent.goodForMs = 1_000;
      return 'granted';
    };
    const on = make({ consent });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    expect(await on.journeys.report(T, 'winback')).toMatchObject({ messaged: 3 });
    expect(consent.asked).toBeGreaterThan(6);
    expect([...smtp.counts().values()]).toEqual([1, 1, 1]);
  });
});

describe('a mail server', () => {
  it('that says no for ever costs nothing and is not asked again', async () => {
    await addProfiles(ids(6));
    smtp.behaviours.set('c0000@example.test', 'refuse_recipient');
    smtp.behaviours.set('c0001@example.test', 'refuse_data');
    const on = make();
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 4, suppressedReasons: { mail_refused: 2 } });
    expect(await ledger.recount()).toEqual({ captured: 4_000n, voided: 2_000n });
  });

  it('that puts a mail off gets it again later, a few times', async () => {
    await addProfiles(['c1', 'c2']);
    smtp.behaviours.set('c1@example.test', 'put_off');
    smtp.behaviours.set('c2@example.test', 'put_off');
    const clock = new FakeClock(Date.now());
    ledger = new TableLedger(db.database, clock);
    const on = make({ clock });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    const { id } = await on.startRun.execute(T, 'winback');
    const again = { code: 'messages_in_flight' };
    await expect(on.run.execute(T, id)).rejects.toMatchObject(again);
    smtp.behaviours.delete('c2@example.test');
    await expect(on.run.execute(T, id)).rejects.toMatchObject(again);
    expect(smtp.received).toHaveLength(0);
    await clock.advance(31_000);
    await expect(on.run.execute(T, id)).rejects.toMatchObject(again);
    expect(smtp.received.map(({ to }) => to)).toEqual(['c2@example.test']);
    await clock.advance(61_000);
    await on.run.execute(T, id);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 1, suppressedReasons: { mail_refused: 1 } });
  });

  it('that takes a mail and hangs up without a word has it: paid for, never sent again', async () => {
    await addProfiles(ids(10));
    smtp.behaviours.set('c0003@example.test', 'drop_after_data');
    const on = make({ connections: 2 });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 10, messageStates: { sent: 9, unknown: 1 } });
    expect(smtp.counts().get('c0003@example.test')).toBe(1);
    expect(await ledger.recount()).toEqual({ captured: 10_000n });
  });

  it('that hangs up before the mail, or is away, gets everything later and nothing twice', async () => {
    await addProfiles(ids(10));
    smtp.behaviours.set('c0003@example.test', 'drop_before_data');
    const on = make({ connections: 2 });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    const { id } = await on.startRun.execute(T, 'winback');
    await expect(on.run.execute(T, id)).rejects.toMatchObject({ code: 'smtp_unavailable' });
    await smtp.stop();
    await expect(on.run.execute(T, id)).rejects.toMatchObject({ code: 'smtp_unavailable' });
    smtp.behaviours.clear();
    await smtp.start();
    await on.run.execute(T, id);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 10, messageStates: { sent: 10 } });
  });

  it('that does not answer in time may have the mail', async () => {
    await addProfiles(['c1', 'c2']);
    smtp.delayMs = 1_500;
    const on = make({ smtpTimeoutMs: 500 });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    expect(report).toMatchObject({ messaged: 2, messageStates: { unknown: 2 } });
    await waitFor(() => smtp.received.length === 2);
    await expectConsistent(report);
  });
});

describe('consent', () => {
  it('withdrawn after planning and before sending is heeded, and the money given back', async () => {
    await addProfiles(ids(20));
    const on = make({
      connections: 1,
      wrapMailer: (mailer) => ({
        lanes: 1,
        send: async (mail) => {
          const delivery = await mailer.send(mail);
          if (smtp.received.length !== 5) return delivery;
          for (const customerId of ids(20)) {
            const change = { tenant: T, customerId, source: 'link', at: new Date() } as const;
            await on.profiles.changeSubscription({ ...change, status: 'unsubscribed' });
          }
          return delivery;
        },
      }),
    });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 5, suppressedReasons: { unsubscribed: 15 } });
    expect(await ledger.recount()).toEqual({ captured: 5_000n, voided: 15_000n });
    const [ledgerRows] = await db.database.query('select count(*) as n from consent_changes');
    expect(ledgerRows).toEqual({ n: 20n });
  });

  it('that is being withdrawn at this very moment is waited for', async () => {
    await addProfiles(['c1']);
    const on = make();
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    const { id } = await on.startRun.execute(T, 'winback');
    ledger.isDown = true;
    await expect(on.run.execute(T, id)).rejects.toMatchObject({ code: 'unavailable' });
    const [message] = await on.messages.due(T, 'winback', new Date(), 1);
    const hold = { id: message!.id, holdAttempt: 1, expiresAt: new Date(Date.now() + 60_000) };
    await on.messages.recordHolds(T, [hold], new Date());
    let claim: Promise<unknown> | undefined;
    let isSettled = false;
    await db.database.transaction(async (tx) => {
      await tx.execute(`update profiles set subscription = 'unsubscribed'`);
      claim = on.messages
        .claim(message!, { isOptInRequired: false, receiptId: 'r' }, new Date())
        .finally(() => (isSettled = true));
      await waitFor(async () => {
        const waiting = await db.database.query('select 1 from pg_locks where not granted');
        return isSettled || waiting.length > 0;
      });
      expect(isSettled).toBe(false);
    });
    expect(await claim).toBeUndefined();
    const report = await on.journeys.report(T, 'winback');
    expect(report.suppressedReasons).toEqual({ unsubscribed: 1 });
  });
});

describe('an address that customers share', () => {
  it('gets one mail of a journey, within a chunk and over runs', async () => {
    await addProfiles(ids(6), (id) =>
      id < 'c0003' ? 'shared@example.test' : `${id}@example.test`,
    );
    const on = make();
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    await addProfiles(['late'], () => 'shared@example.test');
    await db.database.execute('delete from segment_refreshes');
    await runOnce(on);
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 4, suppressedReasons: { duplicate_address: 3 } });
  });

  it('objects for all of them, also for those that get it later', async () => {
    await addProfiles(['a', 'b'], () => 'shared@example.test');
    await addProfiles(['c']);
    const on = make();
    const change = { tenant: T, customerId: 'a', source: 'link', at: new Date() };
    expect(await on.profiles.changeSubscription({ ...change, status: 'unsubscribed' })).toBe(true);
    await addProfiles(['d'], () => 'shared@example.test');
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await runOnce(on);
    expect(await on.journeys.report(T, 'winback')).toMatchObject({
      messaged: 1,
      suppressedReasons: { unsubscribed: 3 },
    });
    const rows = await db.database.query('select customer_id from consent_changes order by 1');
    expect(rows).toEqual([{ customer_id: 'a' }, { customer_id: 'b' }]);
  });
});

describe('what a crash left', () => {
  it('in sending becomes unknown after the lease: paid for, never sent again, even if its sender wakes up', async () => {
    await addProfiles(['c1', 'c2']);
    const clock = new FakeClock(Date.now());
    ledger = new TableLedger(db.database, clock);
    let wake: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    const on = make({
      clock,
      connections: 1,
      wrapMailer: (mailer) => ({
        lanes: 1,
        send: async (mail) => {
          if (mail.to === 'c1@example.test') await asleep;
          return mailer.send(mail);
        },
      }),
    });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    const { id } = await on.startRun.execute(T, 'winback');
    const sleeping = on.run.execute(T, id);
    await waitFor(async () => {
      const [row] = await db.database.query(`select 1 from messages where state = 'sending'`);
      return row;
    });
    await on.tend.execute();
    expect((await on.journeys.report(T, 'winback')).messageStates['sending']).toBe(1);
    await clock.advance(40_001);
    await on.tend.execute();
    expect((await on.journeys.report(T, 'winback')).messageStates['unknown']).toBe(1);
    wake();
    await sleeping;
    const report = await on.journeys.report(T, 'winback');
    await expectConsistent(report);
    expect(report).toMatchObject({ messaged: 2, messageStates: { sent: 2 }, unsettled: 0 });
    expect(await ledger.recount()).toEqual({ captured: 2_000n });
  });

  it('with a hold that has expired is paid for by another hold', async () => {
    await addProfiles(['c1']);
    const clock = new FakeClock(Date.now());
    ledger = new TableLedger(db.database, clock);
    const on = make({ clock });
    await on.save.execute(T, winback({ holdoutShare: 0 }));
    await smtp.stop();
    const { id } = await on.startRun.execute(T, 'winback');
    await expect(on.run.execute(T, id)).rejects.toMatchObject({ code: 'smtp_unavailable' });
    await smtp.start();
    await clock.advance(700_000);
    await on.run.execute(T, id);
    const [customer] = await on.journeys.customers(T, 'winback', 10);
    expect(customer).toMatchObject({ outcome: 'messaged', messageState: 'sent' });
    expect(customer?.holdId).toMatch(/\.2$/);
  });

  it('puts runs that nobody works on back into the queue, once', async () => {
    const clock = new FakeClock(Date.now());
    const on = make({ clock });
    await on.save.execute(T, winback());
    const { id } = await on.startRun.execute(T, 'winback');
    on.jobs.runs.length = 0;
    await clock.advance(900_001);
    await on.tend.execute();
    await on.tend.execute();
    expect(on.jobs.runs).toEqual([id]);
  });
});

describe('a journey', () => {
  it('keeps its arms: what they depend on cannot change', async () => {
    const on = make();
    await on.save.execute(T, winback());
    const { salt: _salt, ...unsalted } = winback({ name: 'Other name' });
    expect(await on.save.execute(T, unsalted)).toMatchObject({ name: 'Other name', salt: 'salt' });
    for (const more of [{ holdoutShare: 0.3 }, { salt: 'x' }, { segment: 'lost' as const }]) {
      await expect(on.save.execute(T, winback(more))).rejects.toMatchObject({
        code: 'journey_immutable_field',
      });
    }
    await expect(on.save.execute(T, winback({ body: '{{ofer}}' }))).rejects.toMatchObject({
      code: 'template_invalid',
    });
    await expect(on.startRun.execute('other', 'winback')).rejects.toMatchObject({
      code: 'journey_not_found',
    });
  });
});
