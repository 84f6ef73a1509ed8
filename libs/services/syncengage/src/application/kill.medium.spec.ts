/**
 * Goal: whatever instant a sending process is killed at, nobody gets two mails and every mail that
 * went out is on record and paid. Method: processes that send to a real, slow mail server are
 * killed with -9 one after the other; the server's count is the truth.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { createTestDatabase, SourceProcess, type TestDatabase } from '@kiki/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { bench, closeBenches, T, TableLedger, winback } from '../engage.fixture.js';
import { TestMailServer } from '../smtp.fixture.js';

const KILLS = 6;
const CUSTOMERS = 400;
const seed = Date.now() % 1_000_000;

let db: TestDatabase;
let smtp: TestMailServer;

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

it(`survives ${KILLS} kills (seed ${seed})`, async () => {
  await db.database.execute(
    `insert into profiles (tenant, customer_id, email, first_seen_at, last_seen_at)
     select $1, 'c' || i, 'c' || i || '@example.test', now(), now() from generate_series(1, $2::int) as i`,
    [T, CUSTOMERS],
  );
  const ledger = await TableLedger.create(db.database, 10_000_000n);
  const on = bench({ database: db.database, smtpUrl: smtp.url, spend: ledger, sendingLeaseMs: 0 });
  await on.save.execute(T, winback({ holdoutShare: 0.1 }));
  const { id: runId } = await on.startRun.execute(T, 'winback');
  const random = new SeededRandom(seed);
  // Long enough that a kill often falls between the server's copy and our record of it.
  smtp.delayMs = 15;
  const script = new URL('../sender.fixture.ts', import.meta.url);
  const reach = JSON.stringify({ connection: db.connection, smtpUrl: smtp.url, runId });
  for (let kill = 0; kill < KILLS; kill++) {
    const process = new SourceProcess(script, [reach]);
    const until = smtp.received.length + 1 + random.nextInt(30);
    const caught = new Promise<void>((resolve) => {
      smtp.onReceived = () => void (smtp.received.length >= until && resolve());
    });
    await Promise.race([caught, process.said('done', 60_000)]);
    // Every other time at once, with a mail that the server has and has not answered; else at any
    // instant of the work after.
    if (kill % 2 === 1) await sleep(random.nextInt(50));
    await process.end('SIGKILL');
    // Another one may tend at any time; nothing of a dead sender comes back to life by it.
    if (random.nextInt(2) === 0) await on.tend.execute();
  }
  smtp.delayMs = 0;
  await sleep(100);
  await on.tend.execute();
  await on.run.execute(T, runId);

  const report = await on.journeys.report(T, 'winback');
  const { atRisk, heldOut, suppressed, messaged } = report;
  expect({ atRisk, suppressed }).toEqual({ atRisk: CUSTOMERS, suppressed: 0 });
  expect(heldOut + messaged).toBe(CUSTOMERS);
  const twice = [...smtp.counts()].filter(([, n]) => n > 1);
  expect(twice).toEqual([]);
  const rows = await db.database.query<{ email: string }>(
    `select p.email from messages m join profiles p using (tenant, customer_id)
      where m.state in ('sent', 'unknown')`,
  );
  const recorded = new Set(rows.map(({ email }) => email));
  expect(smtp.received.filter(({ to }) => !recorded.has(to))).toEqual([]);
  // Only mails caught in the act may be on record without having arrived: at most a lane's worth
  // per kill.
  expect(messaged - smtp.received.length).toBeLessThanOrEqual(KILLS * 3);
  expect(await ledger.recount()).toEqual({ captured: BigInt(messaged) * 1_000n });
  expect(report.unsettled).toBe(0);
  // At least the kills in the act left a mail that nobody knows the fate of.
  expect(report.messageStates['unknown']).toBeGreaterThanOrEqual(KILLS / 2);
}, 120_000);
