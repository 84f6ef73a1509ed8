/**
 * Goal: a request of a data subject is completed only when all five services have confirmed, whatever fails and whoever restarts;
 * a legal hold beats an erasure; nothing that is stored or audited names anybody once it has ended.
 * Method: the saga on a real PostgreSQL, services that fail by script and by fast-check, several processes as instances.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PrivacyRequestDraft } from '../../application/privacy/privacy-requests.js';
import { STEP_SERVICES, type PrivacyRequest } from '../../domain/privacy/privacy-request.js';
import { PostgresComplianceFacts } from './postgres-compliance-facts.js';
import { openPrivacyFixture, type PrivacyFixture } from './privacy.fixture.js';

const T = 'acme';
const DAY_MS = 86_400_000;
const NAME = 'zq9subject';
let fixture: PrivacyFixture;
let serial = 0;

beforeAll(async () => {
  fixture = await openPrivacyFixture();
}, 60_000);
afterAll(() => fixture.test.drop());
beforeEach(() => {
  fixture.services.isDown = () => false;
  fixture.services.asked.length = 0;
  fixture.services.located = [];
});

function draft(more: Partial<PrivacyRequestDraft> = {}): PrivacyRequestDraft {
  return {
    ...{ tenant: T, id: `r${serial++}`, kind: 'erase', regime: 'gdpr', isSuppressing: false },
    details: { customerIds: [`${NAME}-1`], email: `${NAME}@example.test`, isLocated: true },
    verificationMethod: 'logged_in',
    ...more,
  };
}

const file = (more: Partial<PrivacyRequestDraft> = {}): Promise<PrivacyRequest> =>
  fixture.requests.create(draft(more), 'ops');

const stateOf = async ({ id }: PrivacyRequest): Promise<string> =>
  (await fixture.requests.get(T, id)).state;

/** Every row of every table that holds something of a request, and the whole audit log. */
async function storedBytes(): Promise<string> {
  const tables = ['privacy_requests', 'privacy_steps', 'privacy_exports', 'legal_holds'];
  const all = [...tables, 'audit_bundles', 'retention_runs', 'kiki_subject_keys.subject_keys'];
  const rows = await Promise.all(
    all.map((table) => fixture.database.query(`SELECT t::text AS line FROM ${table} AS t`)),
  );
  return rows
    .flat()
    .map(({ line }) => String(line))
    .join('\n');
}

describe('a request', () => {
  it('is one per id: the same again is what it was, another is a conflict', async () => {
    const one = draft();
    const first = await fixture.requests.create(one, 'ops');
    expect(await fixture.requests.create(one, 'ops')).toEqual(first);
    const other = { ...one, details: { ...one.details, customerIds: ['somebody else'] } };
    await expect(fixture.requests.create(other, 'ops')).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
    await expect(fixture.requests.get('rival', one.id)).rejects.toMatchObject({
      code: 'privacy_request_not_found',
    });
    await fixture.run.execute();
  });

  it('waits until somebody has verified the person', async () => {
    const { verificationMethod: _none, ...unverified } = draft();
    const request = await fixture.requests.create(unverified, 'ops');
    await fixture.run.execute();
    expect(await stateOf(request)).toBe('received');
    expect(fixture.services.asked).toEqual([]);
    await fixture.requests.move(T, request.id, {
      ...{ from: ['received'], to: 'verified', actor: 'ops', verificationMethod: 'document' },
      verificationReference: `ticket of ${NAME}`,
    });
    await fixture.run.execute();
    expect(await stateOf(request)).toBe('completed');
  });

  it('is refused what its state does not allow, and extended once', async () => {
    const request = await file();
    const extended = await fixture.requests.extend(T, request.id, 'many systems', 'ops');
    expect(extended.dueMs).toBeGreaterThan(request.dueMs + 55 * DAY_MS);
    await expect(fixture.requests.extend(T, request.id, 'again', 'ops')).rejects.toMatchObject({
      code: 'privacy_request_state',
    });
    await fixture.run.execute();
    const cancel = { from: ['received', 'verified'], to: 'cancelled', actor: 'ops' } as const;
    await expect(fixture.requests.move(T, request.id, cancel)).rejects.toMatchObject({
      code: 'privacy_request_state',
    });
  });

  it('looks customers of an address up where addresses are held', async () => {
    fixture.services.located = [`${NAME}-7`, `${NAME}-8`];
    const request = await file({
      details: { customerIds: [], email: `${NAME}@example.test`, isLocated: false },
    });
    await fixture.run.execute();
    expect(await stateOf(request)).toBe('completed');
    const [first, ...rest] = fixture.services.asked;
    expect(first).toMatchObject({ service: 'syncengage', request: { action: 'locate' } });
    for (const { request: asked } of rest) expect(asked.customerIds).toHaveLength(2);
  });

  it('stops processing first of all when it objects, and for good when it says so', async () => {
    const objecting = await file({ kind: 'opt_out' });
    await fixture.run.execute();
    const leaving = await file({ isSuppressing: true });
    fixture.services.isDown = (service) => service === 'syncshield';
    await fixture.run.execute();
    expect(fixture.objections.map(([id]) => id)).toEqual([objecting.id]);
    fixture.services.isDown = () => false;
    await fixture.clock.advance(60_000);
    await fixture.run.execute();
    expect(fixture.objections.map(([id]) => id)).toEqual([objecting.id, leaving.id]);
  });
});

describe('the saga', () => {
  it('ends only when all five have confirmed, whatever fails, each asked once more at most', async () => {
    const down = fc.subarray([...STEP_SERVICES]);
    await fc.assert(
      fc.asyncProperty(fc.array(down, { maxLength: 5 }), async (outages) => {
        const request = await file();
        fixture.services.asked.length = 0;
        const confirmed = new Map<string, number>();
        for (const outage of [...outages, [], []]) {
          fixture.services.isDown = (service) => outage.includes(service);
          const process = await fixture.another();
          const before = fixture.services.asked.length;
          await process.run.execute();
          for (const { service } of fixture.services.asked.slice(before)) {
            if (!outage.includes(service)) {
              confirmed.set(service, (confirmed.get(service) ?? 0) + 1);
            }
          }
          const isDone = (await stateOf(request)) === 'completed';
          expect(isDone).toBe(confirmed.size === STEP_SERVICES.length);
          await fixture.clock.advance(61_000);
        }
        expect(await stateOf(request)).toBe('completed');
        // What was confirmed is never asked for again, by whichever process.
        expect([...confirmed.values()]).toEqual(STEP_SERVICES.map(() => 1));
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('is carried on by one process at a time, and by another when that one is gone', async () => {
    const requests = await Promise.all(Array.from({ length: 8 }, () => file()));
    const processes = await Promise.all([fixture.another(), fixture.another()]);
    await Promise.all(processes.map(({ run }) => run.execute()));
    expect(fixture.services.asked).toHaveLength(8 * STEP_SERVICES.length);
    for (const request of requests) expect(await stateOf(request)).toBe('completed');
    const orphan = await file();
    expect(await fixture.requests.claim(1, 120_000)).toHaveLength(1);
    expect(await fixture.run.execute()).toBe(0);
    await fixture.clock.advance(120_000);
    expect(await fixture.run.execute()).toBe(1);
    expect(await stateOf(orphan)).toBe('completed');
  });

  it('ends as refused where a service will not do its part, which is asked once and says why', async () => {
    fixture.services.refusalOf = (service) =>
      service === 'syncengage' ? 'email_invalid' : undefined;
    fixture.services.isDown = (service) => service === 'syncflow';
    const changes = { email: `${NAME}@new.example.test` };
    const details = { customerIds: [`${NAME}-1`], isLocated: true, changes };
    const request = await file({ kind: 'rectify', details });
    await fixture.run.execute();
    // One is still to be asked, and does what it can.
    expect(await stateOf(request)).toBe('running');
    fixture.services.isDown = () => false;
    await fixture.clock.advance(60_000);
    await fixture.run.execute();
    fixture.services.refusalOf = () => undefined;
    const ended = await fixture.requests.get(T, request.id);
    expect(ended).toMatchObject({ state: 'refused', reason: 'email_invalid' });
    expect(ended.finishedMs).toBeDefined();
    const [engage, ...others] = ended.steps;
    expect(engage).toMatchObject({ attempts: 1, receipt: { refusal: 'email_invalid' } });
    expect(engage!.refusedMs).toBeDefined();
    expect(engage!.confirmedMs).toBeUndefined();
    expect(others.map(({ confirmedMs }) => typeof confirmedMs)).toEqual(Array(4).fill('number'));
    await fixture.clock.advance(600_000);
    expect(await fixture.run.execute()).toBe(0);
    const bytes = await storedBytes();
    expect(bytes).not.toContain(NAME);
    expect(bytes).toMatch(/privacy\.refused.*refusals.*syncengage.*email_invalid/);
  });

  it('gives way to a legal hold, before and between the services', async () => {
    const hold = { id: 'case-1', customerId: `${NAME}-1`, matter: 'case 1' };
    await fixture.holds.place(T, hold, 'counsel');
    expect(await fixture.holds.place(T, hold, 'counsel')).toMatchObject({ id: 'case-1' });
    const held = await file();
    await fixture.run.execute();
    const access = await file({ kind: 'access' });
    await fixture.run.execute();
    expect(await fixture.requests.get(T, held.id)).toMatchObject({
      ...{ state: 'rejected', reason: 'legal_hold' },
    });
    expect(await stateOf(access)).toBe('completed');
    expect(fixture.services.asked.filter(({ request }) => request.action === 'erase')).toEqual([]);
    await fixture.holds.release(T, 'case-1', 'counsel');

    fixture.services.isDown = (service) => service === 'synccreate';
    const between = await file();
    await fixture.run.execute();
    await fixture.holds.place(T, { ...hold, id: 'case-2' }, 'counsel');
    fixture.services.isDown = () => false;
    await fixture.clock.advance(60_000);
    await fixture.run.execute();
    expect(await stateOf(between)).toBe('rejected');
    await fixture.holds.release(T, 'case-2', 'counsel');
  });
});

describe('what is left', () => {
  it('gives an export out until its time is over', async () => {
    const request = await file({ kind: 'access' });
    await expect(fixture.requests.export(T, request.id)).rejects.toMatchObject({
      code: 'privacy_export_gone',
    });
    await fixture.run.execute();
    const parts = await fixture.requests.export(T, request.id);
    expect(Object.keys(parts).sort()).toEqual([...STEP_SERVICES].sort());
    expect(JSON.stringify(parts)).toContain(NAME);
    expect(await fixture.requests.dropExports(T, fixture.clock.nowMs() + 1)).toBeGreaterThan(0);
    await expect(fixture.requests.export(T, request.id)).rejects.toMatchObject({
      code: 'privacy_export_gone',
    });
  });

  it('names nobody, neither in a table nor in the audit log, and opens for nobody', async () => {
    const request = await file();
    expect(await storedBytes()).not.toContain(NAME);
    await fixture.run.execute();
    const bytes = await storedBytes();
    expect(bytes).not.toContain(NAME);
    expect(bytes).not.toContain(Buffer.from(NAME).toString('hex'));
    expect(bytes).toContain('privacy.completed');
    const [row] = await fixture.database.query<{ sealed: string }>(
      'SELECT sealed FROM privacy_requests WHERE id = $1',
      [request.id],
    );
    expect(row?.sealed).toBe('');
  });

  it('is found by whom it was about, without being named', async () => {
    const found = await fixture.requests.list(T, { customerId: `${NAME}-1`, limit: 100 });
    expect(found.length).toBeGreaterThan(5);
    const nobody = await fixture.requests.list(T, { customerId: 'nobody', limit: 100 });
    expect(nobody).toEqual([]);
    const page = await fixture.requests.list(T, { limit: 2 });
    const next = await fixture.requests.list(T, { limit: 2, after: page[1]!.requestNo });
    expect(next[0]!.requestNo).toBeLessThan(page[1]!.requestNo);
  });

  it('goes after its time, counted first; texts of holds not while there is a legal hold', async () => {
    await fixture.retention.setRule(T, { category: 'privacy_requests', keepDays: 10 }, 'ops');
    await fixture.clock.advance(11 * DAY_MS);
    const dry = await fixture.retention.sweep(T, { isDryRun: true, actor: 'ops' });
    const before = dry.find(({ category }) => category === 'privacy_requests')!;
    expect(before.rows).toBeGreaterThan(20);
    await fixture.holds.place(T, { id: 'c3', customerId: 'x', matter: 'm' }, 'counsel');
    const wet = await fixture.retention.sweep(T, { isDryRun: false, actor: 'ops' });
    expect(wet.find(({ category }) => category === 'privacy_requests')!.rows).toBe(before.rows);
    expect(wet.find(({ category }) => category === 'hold_texts')).toMatchObject({ isHeld: true });
    const again = await fixture.retention.sweep(T, { isDryRun: false, actor: 'ops' });
    expect(again.every(({ rows }) => rows === 0)).toBe(true);
    const facts = new PostgresComplianceFacts(fixture.database);
    const nowMs = fixture.clock.nowMs();
    const figures = await facts.figures(T, { fromMs: nowMs - DAY_MS, toMs: nowMs + 1 });
    expect(figures.retention).toEqual([
      { category: 'privacy_requests', runs: 1, rows: before.rows },
    ]);
  });

  it('is counted in the report by law and by whether it was in time', async () => {
    const fromMs = fixture.clock.nowMs();
    const late = await file({ regime: 'ccpa' });
    fixture.services.isDown = () => true;
    await fixture.run.execute();
    await fixture.clock.advance(46 * DAY_MS);
    fixture.services.isDown = () => false;
    await file();
    await fixture.run.execute();
    expect(await stateOf(late)).toBe('completed');
    const facts = new PostgresComplianceFacts(fixture.database);
    const figures = await facts.figures(T, { fromMs, toMs: fixture.clock.nowMs() + 1 });
    expect(figures.requests).toMatchObject([
      { kind: 'erase', regime: 'ccpa', received: 1, completed: 1, late: 1 },
      { kind: 'erase', regime: 'gdpr', received: 1, completed: 1, late: 0, open: 0 },
    ]);
    expect(figures.requests[0]!.medianMs).toBeGreaterThanOrEqual(46 * DAY_MS);
    expect(figures.legalHolds.active).toBe(1);
  });
});
