/**
 * Goal: consent over HTTP: what is said is recorded once, provable and derived rightly; checks, signals, settings and the
 * feed do what their contract says; nothing in the registry or the audit log names a customer.
 * Method: the real service on a real PostgreSQL, called by the client of the contract; tables read back as text.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConsentApi,
  type ConsentQuestion,
  type ConsentRecordInput,
} from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { createTestDatabase, testSeed, type TestDatabase } from '@kiki/testing';
import { SeededRandom } from '@kiki/kernel';
import { tcString } from './adapters/signals/tc-string.fixture.js';
import { withRecord, type ConsentState } from './domain/consent/consent-record.js';
import { syncshieldDefinition } from './index.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-consent-'));
const T = 'default';
let db: TestDatabase;
let host: Host;
let url: string;
let headers: Record<string, string>;
let api: ConsentApi;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  url = host.service('syncshield').httpUrl;
  headers = { authorization: `Bearer ${host.firstKey}` };
  api = new ConsentApi({ baseUrl: url, headers: () => headers });
});

afterAll(async () => {
  await host?.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

let ids = 0;
const yes = (customerId: string, more: Partial<ConsentRecordInput> = {}): ConsentRecordInput => ({
  ...{ id: `rec-${++ids}`, customerId, purpose: 'marketing', channel: 'email' },
  ...{ action: 'granted', source: 'checkout' },
  ...more,
});
const ask = (customerId: string, more: Partial<ConsentQuestion> = {}): ConsentQuestion => ({
  ...{ customerId, purpose: 'marketing', channel: 'email', region: 'DE' },
  ...more,
});
async function record(...records: ConsentRecordInput[]) {
  const results = await api.record(T, records);
  return results.map((result) => (result.ok ? result.value : result.error.code));
}
async function check(question: ConsentQuestion) {
  return (await api.check(T, [question])).answers[0]!;
}
const post = async (path: string, body: unknown) => {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const rows = (sql: string) => db.database.query<{ line: string }>(sql);

describe('records', () => {
  it('count once, with a receipt whose audit leaf has the pseudonym and not the customer', async () => {
    const given = yes('anna@example.test', { region: 'DE', noticeVersion: 'v1' });
    const proof = { kind: 'form', value: 'form of anna' } as const;
    const [first] = await record({ ...given, proof });
    expect(first).toMatchObject({ receiptId: given.id, isReplay: false });
    expect(await record({ ...given, proof })).toMatchObject([
      { ...(first as object), isReplay: true },
    ]);
    expect(await record({ ...given, proof, channel: 'sms' })).toEqual(['idempotency_conflict']);
    const other = { ...proof, value: 'another form' };
    expect(await record({ ...given, proof: other })).toEqual(['idempotency_conflict']);
    const stored = await api.getRecord(T, given.id);
    expect(stored).toMatchObject({ purpose: 'marketing', proof: 'form of anna', region: 'DE' });
    expect(stored.subject).toMatch(/^sub_/);
    const path = `/v1/audit?after=${stored.auditSeq - 1}&limit=1`;
    const body = (await (await fetch(`${url}${path}`, { headers })).json()) as {
      items: { seq: number; record: string }[];
    };
    expect(body.items[0]?.seq).toBe(stored.auditSeq);
    const leaf = JSON.parse(body.items[0]!.record) as Record<string, unknown>;
    expect(leaf).toMatchObject({
      ...{ action: 'consent.granted', consentId: given.id, subject: stored.subject },
      ...{ purpose: 'marketing', noticeVersion: 'v1', proofKind: 'form', source: 'checkout' },
    });
  });

  it('name nobody in any table of the service', async () => {
    await record(yes('canary-customer-77', { proof: { kind: 'form', value: 'canary-proof-77' } }));
    await api.withdraw(T, { customerId: 'canary-customer-77', source: 'preference-centre' });
    for (const table of [
      'consent_records',
      'consent_states',
      'audit_bundles',
      'consent_settings',
    ]) {
      const lines = await rows(`SELECT t::text AS line FROM syncshield.${table} t`);
      expect(lines.filter(({ line }) => /canary|anna/.test(line))).toEqual([]);
    }
  });

  it('are refused where they claim too much, each by itself', async () => {
    const outcome = await record(
      yes('berta', { purpose: 'mind-reading' }),
      yes('berta', { proof: { kind: 'tcf', value: 'junk' } }),
      yes('berta', {
        ...{ purpose: 'advertising', proof: { kind: 'tcf', value: tcString({ purposes: [1] }) } },
      }),
      yes('berta', { purpose: 'mind-reading', action: 'withdrawn' }),
      yes('berta'),
    );
    expect(outcome.slice(0, 3)).toEqual([
      ...['consent_purpose_unknown', 'consent_string_invalid', 'consent_proof_insufficient'],
    ]);
    expect(outcome.slice(3)).toMatchObject([{ isReplay: false }, { isReplay: false }]);
    const all = await post('/v1/consent/records', { records: [yes('b', { purpose: '*' })] });
    expect(all).toMatchObject({ status: 400, body: { fields: [{ field: 'records[0].purpose' }] } });
    const nobody = await post('/v1/consent/records', { records: [] });
    expect(nobody.status).toBe(400);
  });

  it('are a history, newest first, in pages, and only ever added', async () => {
    for (let i = 0; i < 5; i++) await record(yes('clara', { channel: `c${i}` }));
    const first = await api.history(T, 'clara', { limit: 3 });
    const rest = await api.history(T, 'clara', { limit: 3, cursor: first.nextCursor! });
    const channels = [...first.items, ...rest.items].map(({ channel }) => channel);
    expect(channels).toEqual(['c4', 'c3', 'c2', 'c1', 'c0']);
    expect(rest.nextCursor).toBeNull();
    await api.check(T, [ask('nobody')]);
    await expect(api.history(T, 'nobody')).rejects.toMatchObject({
      code: 'consent_record_not_found',
    });
    const change = db.database.execute(`UPDATE syncshield.consent_records SET action = 'granted'`);
    await expect(change).rejects.toThrow(/consent_records/);
    await expect(db.database.execute('DELETE FROM syncshield.consent_settings')).resolves.toBe(0);
  });

  it('come to states that equal the fold of all records', async () => {
    const random = new SeededRandom(testSeed());
    const pick = <X>(of: readonly X[]): X => of[random.nextInt(of.length)] as X;
    const now = Date.now();
    for (let round = 0; round < 12; round++) {
      const words = Array.from({ length: 1 + random.nextInt(20) }, () =>
        yes(`fold-${random.nextInt(3)}`, {
          channel: pick(['email', 'sms', '*']),
          action: pick(['granted', 'withdrawn', 'objected']),
          at: new Date(now - 1_000 * random.nextInt(4)),
          ...pick([{}, { region: 'DE' }, { region: 'US' }]),
          ...pick([{}, { vendor: '755' }]),
        }),
      );
      await api.record(T, words);
    }
    const records = await db.database.query<Row>(
      'SELECT * FROM syncshield.consent_records ORDER BY seq',
    );
    const states = await db.database.query<Row>('SELECT * FROM syncshield.consent_states');
    const folded = new Map<string, ConsentState[]>();
    for (const row of records) {
      folded.set(row.subject, withRecord(folded.get(row.subject) ?? [], stateOf(row, row.id)));
    }
    const expected = [...folded].flatMap(([subject, of]) =>
      of.map((state) => lineOf(subject, state)),
    );
    expect(states.map((row) => lineOf(row.subject, stateOf(row, row.record_id))).sort()).toEqual(
      expected.sort(),
    );
    expect(expected.length).toBeGreaterThan(10);
  });
});

interface Row extends Record<string, unknown> {
  seq: bigint;
  id: string;
  record_id: string;
  subject: string;
  purpose: string;
  channel: string;
  vendor: string;
  action: ConsentState['action'];
  at_ms: bigint;
  region: string | null;
}

function stateOf(row: Row, recordId: string): ConsentState {
  const { purpose, channel, vendor, seq, action, region } = row;
  const located = region === null ? {} : { region };
  return { purpose, channel, vendor, seq, action, recordId, atMs: Number(row.at_ms), ...located };
}

function lineOf(subject: string, { seq, recordId, action, atMs, region, ...scope }: ConsentState) {
  return [subject, ...Object.values(scope), seq, recordId, action, atMs, region].join(' ');
}

describe('checks', () => {
  it('deny by default where the law says so, with a receipt', async () => {
    const answer = await check(ask('dora'));
    expect(answer).toMatchObject({
      isAllowed: false,
      reason: 'no_consent',
      receiptId: 'settings.0',
    });
    expect(await check(ask('dora', { region: 'US-CA' }))).toMatchObject({ reason: 'no_objection' });
    await record(yes('dora', { id: 'dora-1' }));
    const granted = await check(ask('dora'));
    expect(granted).toMatchObject({ isAllowed: true, reason: 'granted', receiptId: 'dora-1' });
    expect(granted.until!.getTime()).toBeGreaterThan(Date.now() + 300 * 86_400_000);
  });

  it('see a withdrawal as soon as it is answered, of everything or of one thing', async () => {
    await record(yes('emil'), yes('emil', { channel: 'sms' }));
    await api.withdraw(T, { customerId: 'emil', channel: 'email', source: 'link' });
    expect([await check(ask('emil')), await check(ask('emil', { channel: 'sms' }))]).toMatchObject([
      ...[{ isAllowed: false, reason: 'withdrawn' }, { isAllowed: true }],
    ]);
    const all = await api.withdraw(T, { customerId: 'emil', source: 'link' });
    expect(await check(ask('emil', { channel: 'sms' }))).toMatchObject({
      ...{ isAllowed: false, receiptId: all.receiptId },
    });
    // Backdated, it is older than the withdrawal.
    await record(yes('emil', { at: new Date(Date.now() - 60_000) }));
    expect((await check(ask('emil'))).isAllowed).toBe(false);
    // Dated ahead, it is of now.
    await record(yes('emil', { at: new Date(Date.now() + 3_600_000) }));
    expect((await check(ask('emil'))).isAllowed).toBe(true);
    await api.withdraw(T, { customerId: 'emil', source: 'link' });
    expect((await check(ask('emil'))).isAllowed).toBe(false);
  });

  it('answer 1,024 at once, in order; one more is too many', async () => {
    await record(yes('many-7'));
    const many = Array.from({ length: 1024 }, (_, i) => ask(`many-${i}`));
    const { answers } = await api.check(T, many);
    expect(answers.flatMap(({ isAllowed }, i) => (isAllowed ? [i] : []))).toEqual([7]);
    await expect(api.check(T, [...many, ask('x')])).rejects.toMatchObject({
      code: 'batch_too_large',
    });
  });

  it('answer about people nobody knows by region and signal', async () => {
    const anonymous = { purpose: 'advertising', channel: 'display' };
    const { answers } = await api.check(T, [
      { ...anonymous, region: 'FR' },
      { ...anonymous, region: 'US' },
      { ...anonymous, region: 'US', isGpc: true },
    ]);
    expect(answers.map(({ reason }) => reason)).toEqual(['no_consent', 'no_objection', 'gpc']);
    expect(answers[0]?.subject).toBeNull();
  });
});

describe('signals', () => {
  it('of Sec-GPC and GPP object to what sells, and to nothing else', async () => {
    const source = 'cmp';
    const results = await api.signal(T, [
      { id: 'sig-1', customerId: 'fritz', source, isGpc: true },
      { id: 'sig-2', customerId: 'gerda', source, gpp: 'DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YYN' }, // prettier-ignore
      { id: 'sig-3', customerId: 'hans', source, gpp: 'DBABLA~BVQqAAAAAgA.QA' },
      { id: 'sig-4', customerId: 'inge', source, gpp: 'junk' },
    ]);
    expect(results.map((of) => (of.ok ? of.value.length : of.error.code))).toEqual([
      ...[1, 1, 0, 'consent_string_invalid'],
    ]);
    const us = { region: 'US', purpose: 'advertising' };
    const reasons = ['fritz', 'gerda', 'hans'].map(async (id) => (await check(ask(id, us))).reason);
    expect(await Promise.all(reasons)).toEqual(['objected', 'objected', 'no_objection']);
    expect((await check(ask('fritz', { region: 'US' }))).reason).toBe('no_objection');
  });

  it('of the TCF say yes and no per purpose and vendor', async () => {
    const tcf = tcString({
      ...{ policyVersion: 5, purposes: [1, 3, 4], vendors: [755], disclosed: [755] },
    });
    await api.signal(T, [
      { id: 'tc-1', customerId: 'jana', source: 'cmp', tcf, vendors: [755, 12] },
    ]);
    const of = (purpose: string, vendor?: string) =>
      check(ask('jana', { purpose, ...(vendor === undefined ? {} : { vendor }) }));
    expect((await of('advertising')).reason).toBe('granted');
    expect((await of('advertising', '755')).reason).toBe('granted');
    expect((await of('advertising', '12')).reason).toBe('withdrawn');
    expect((await of('analytics')).reason).toBe('withdrawn');
    const nobody = tcString({
      policyVersion: 5,
      purposes: [1, 3, 4],
      vendors: [755],
      disclosed: [],
    });
    await api.signal(T, [{ id: 'tc-2', customerId: 'jana', source: 'cmp', tcf: nobody }]);
    expect((await of('advertising')).reason).toBe('withdrawn');
  });
});

describe('the feed', () => {
  it('tells every change in order, to those who wait at once', async () => {
    const { next: after } = await api.changes(T, undefined, 0);
    const waiting = api.changes(T, after, 5_000);
    const startedMs = performance.now();
    const receipt = await api.withdraw(T, { customerId: 'karl', source: 'link' });
    const { items, next, isComplete } = await waiting;
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    const { subject } = (await check(ask('karl'))) as { subject: string };
    expect(items).toEqual([
      {
        ...{ seq: receipt.seq, kind: 'record', receiptId: receipt.receiptId, subject },
        ...{ purpose: '*', channel: '*', vendor: '*', action: 'withdrawn' },
      },
    ]);
    expect({ next, isComplete }).toEqual({ next: receipt.seq, isComplete: true });
    const quiet = await api.changes(T, next, 120);
    expect(quiet).toMatchObject({ items: [], next, isComplete: true });
    expect(quiet.waitedMs).toBeGreaterThanOrEqual(120);
  });

  it('loses nothing of writers at once: dense, each once', async () => {
    const { next } = await api.changes(T, undefined, 0);
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => record(yes(`racer-${i % 7}`, { channel: `r${i}` }))),
    );
    const seen: number[] = [];
    for (let after = next; ;) {
      const page = await api.changes(T, after, 0);
      seen.push(...page.items.map(({ seq }) => seq));
      after = page.next;
      if (page.isComplete) break;
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => next + 1 + i));
  });
});

describe('settings', () => {
  it('are the tenant’s, versioned, audited and in force at once', async () => {
    const before = await api.settings(T);
    expect(before).toMatchObject({ version: 0, unknownRegion: 'opt_out', createdBy: null });
    const purposes = [
      { id: 'marketing' },
      { id: 'advertising', isSale: true, tcfPurposes: [1, 3] },
    ];
    const notices = [{ version: 'v1' }, { version: 'v2', textSha256: 'a'.repeat(64) }];
    const body = {
      unknownRegion: 'opt_in' as const,
      purposes,
      notices,
      expectedVersion: 0,
    } as never;
    const { next: place } = await api.changes(T, undefined, 0);
    const put = await api.putSettings(T, body);
    expect(put).toMatchObject({ version: 1, unknownRegion: 'opt_in', reconsentMonths: 12 });
    expect(await api.putSettings(T, { ...(body as object) } as never)).toMatchObject({
      version: 1,
    });
    const stale = { ...(body as object), unknownRegion: 'opt_out' } as never;
    await expect(api.putSettings(T, stale)).rejects.toMatchObject({
      ...{ code: 'consent_settings_conflict', kind: 'conflict' },
    });
    expect((await api.changes(T, place, 0)).items).toMatchObject([{ kind: 'settings' }]);
    const { region: _region, ...unlocated } = ask('lena');
    expect(await check(unlocated)).toMatchObject({ isAllowed: false, receiptId: 'settings.1' });
    const digests = { noticeVersion: 'v2', noticeSha256: 'b'.repeat(64) };
    expect(await record(yes('lena'), yes('lena', digests))).toEqual([
      ...['consent_notice_unknown', 'consent_notice_unknown'],
    ]);
    await record(yes('lena', { noticeVersion: 'v2', noticeSha256: 'a'.repeat(64) }));
    expect(await check(unlocated)).toMatchObject({ isAllowed: true, reason: 'granted' });
    const leaves = await rows(
      `SELECT records AS line FROM syncshield.audit_bundles WHERE records LIKE '%settings_changed%'`,
    );
    expect(leaves[0]?.line).toContain('"before":{');
    expect(leaves[0]?.line).toContain('"after":{');
    const twice = { unknownRegion: 'opt_in', purposes: [...purposes, ...purposes] } as never;
    await expect(api.putSettings(T, twice)).rejects.toMatchObject({
      code: 'consent_settings_invalid',
    });
  });

  it('are shown by /ready where there are none', async () => {
    const ready = (await (await fetch(`${url}/ready`)).json()) as {
      checks: { consent: unknown };
    };
    expect(ready.checks.consent).toEqual({
      ...{ status: 'up', withoutSettings: { unknownRegion: 'opt_out' } },
    });
  });
});
