/**
 * Goal: caps of every kind, captures in parts, refunds, elastic holds and contexts go over the wire
 * as the contract says, and what is wrong is named.
 * Method: the real service on a real PostgreSQL, called by the client of the contract and by plain
 * requests.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { createTestDatabase, temporaryHome, type TestDatabase } from '@kiki/testing';
import { syncshieldDefinition } from './index.js';

const home = temporaryHome('kiki-shield-caps-');
const T = 'default';
let db: TestDatabase;
let host: Host;
let url: string;
let shield: SyncShieldClient;
let headers: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home.path, LOG_LEVEL: 'silent' };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  url = host.service('syncshield').httpUrl;
  headers = { authorization: `Bearer ${host.firstKey}` };
  shield = new SyncShieldClient({ baseUrl: url, headers: () => headers });
});

afterAll(async () => {
  await host?.stop();
  await db.drop();
  home.remove();
});

async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

const fieldsOf = (answer: { body: unknown }): string[] =>
  (answer.body as { fields: { field: string }[] }).fields.map(({ field }) => field);

describe('caps over HTTP', () => {
  it('shows caps of every kind with what they count', async () => {
    const budget = await shield.createBudget(T, {
      ...{ id: 'every', name: 'every', currency: 'EUR', pausesOnExternal: true },
      caps: [
        { kind: 'total', limitMicros: 1_000n },
        { kind: 'calendar_day', limitMicros: 100n, timeZone: 'Asia/Kathmandu', flexPercent: 125 },
        { kind: 'calendar_week', limitMicros: 500n },
        { kind: 'calendar_month', limitActions: 50 },
        { kind: 'sliding_window', limitMicros: 120n, windowMs: 3_600_000 },
        { kind: 'rate', limitMicros: 300n, windowMs: 60_000, burst: 110n },
      ],
    });
    expect(budget).toMatchObject({ pausesOnExternal: true });
    await shield.hold(T, { id: 'e1', budgetId: 'every', amountMicros: 90n, currency: 'EUR' });
    const { caps } = await shield.getBudget(T, 'every');
    expect(caps).toMatchObject([
      { kind: 'total', measure: 'micros', heldMicros: 90n, headroomMicros: 910n, windowTo: null },
      { limitMicros: 100n, flexPercent: 125, headroomMicros: 35n, timeZone: 'Asia/Kathmandu' },
      { kind: 'calendar_week', timeZone: 'UTC', headroomMicros: 410n },
      {
        measure: 'actions',
        limitActions: 50,
        usedActions: 1,
        headroomActions: 49,
        heldMicros: null,
      },
      { kind: 'sliding_window', windowMs: 3_600_000, heldMicros: 90n },
      { kind: 'rate', burst: 110n, limitMicros: 300n, windowMs: 60_000 },
    ]);
    const week = caps[2]!;
    expect(week.windowTo!.getTime() - week.windowFrom!.getTime()).toBe(7 * 86_400_000);
    expect(week.windowFrom!.getUTCDay()).toBe(1);
    const denied = await shield.hold(T, {
      ...{ id: 'e2', budgetId: 'every', amountMicros: 36n, currency: 'EUR' },
    });
    expect(denied.denial).toMatchObject({
      ...{ capId: 'calendar_day', limitMicros: 125n, measure: 'micros' },
      values: { limit: '100', flexPercent: '125' },
    });
    expect(denied.denial!.windowFrom!.getTime()).toBeLessThanOrEqual(denied.decidedAt.getTime());
  });

  it('names every field of a cap that is wrong', async () => {
    const caps = [
      { kind: 'total' },
      { kind: 'total', limitMicros: 1, limitActions: 1 },
      { kind: 'calendar_week', limitMicros: 1, timeZone: 'Mars/Base' },
      { kind: 'rate', limitMicros: 1 },
      { kind: 'total', limitMicros: 1, burst: 5 },
      { kind: 'rate', limitMicros: 1, windowMs: 1_000, burst: 0 },
      { kind: 'calendar_week', limitActions: 1, flexPercent: 200 },
      { kind: 'calendar_day', limitMicros: 1, flexPercent: 99 },
    ];
    const answer = await post('/v1/budgets', { id: 'no', name: 'no', currency: 'EUR', caps });
    expect(answer).toMatchObject({ status: 400, body: { code: 'cap_invalid' } });
    const wrong = ['limitMicros', 'limitMicros', 'timeZone', 'windowMs', 'burst', 'burst'];
    expect(fieldsOf(answer)).toEqual([
      ...wrong.map((field, index) => `caps[${index}].${field}`),
      ...['caps[6].flexPercent', 'caps[7].flexPercent'],
    ]);
    const flex = [{ kind: 'calendar_day', limitMicros: 1, flexPercent: 200 }];
    const unbound = await post('/v1/budgets', {
      id: 'no',
      name: 'no',
      currency: 'EUR',
      caps: flex,
    });
    expect(unbound).toMatchObject({ status: 400, body: { code: 'cap_invalid' } });
    expect(fieldsOf(unbound)).toEqual(['caps[0].flexPercent']);
  });

  it('captures in parts and refunds', async () => {
    const caps = [{ kind: 'total', limitMicros: 100n }] as const;
    await shield.createBudget(T, { id: 'parts', name: 'parts', currency: 'EUR', caps });
    await shield.hold(T, { id: 'p', budgetId: 'parts', amountMicros: 80n, currency: 'EUR' });
    const part = await shield.capturePart(T, 'p', 'one', 30n);
    expect(part).toMatchObject({ outcome: 'captured', hold: { state: 'held' } });
    const batch = await shield.settleBatch(T, [
      { holdId: 'p', settlementId: 'two', action: 'capture', amountMicros: 20n, isFinal: false },
      { holdId: 'p', settlementId: 'three', action: 'void' },
      { holdId: 'p', settlementId: 'back', action: 'refund', amountMicros: 15n },
    ]);
    expect(batch.map((of) => of.ok && of.value.outcome)).toEqual([
      'captured',
      'voided',
      'refunded',
    ]);
    expect(await shield.getHold(T, 'p')).toMatchObject({
      ...{ state: 'voided', capturedMicros: 50n, refundedMicros: 15n, requestedMicros: 80n },
    });
    const all = await shield.refund(T, 'p', 'rest');
    expect(all).toMatchObject({ outcome: 'refunded', refundedMicros: 35n });
    expect((await shield.getBudget(T, 'parts')).spentMicros).toBe(0n);
    const tooMuch = shield.refund(T, 'p', 'more', 1n);
    await expect(tooMuch).rejects.toMatchObject({
      code: 'refund_too_large',
      kind: 'unprocessable',
    });
    const settlement = { settlementId: 's', holdId: 'p', action: 'void', isFinal: false };
    const wrong = await post('/v1/settlements/batch', { settlements: [settlement] });
    expect(fieldsOf(wrong)).toEqual(['settlements[0].isFinal']);
  });

  it('takes elastic holds and contexts, and repeats them as they were', async () => {
    const caps = [{ kind: 'total', limitMicros: 100n }] as const;
    await shield.createBudget(T, { id: 'elastic', name: 'elastic', currency: 'EUR', caps });
    const ask = {
      ...{ id: 'el', budgetId: 'elastic', amountMicros: 60n, currency: 'EUR' },
      elastic: { atLeastMicros: 10n, headroomDivisor: 4 },
      context: { channel: 'search', geo: 'DE', bidMicros: 5n },
    };
    const hold = await shield.hold(T, ask);
    expect(hold).toMatchObject({ amountMicros: 25n, requestedMicros: 60n });
    expect(await shield.hold(T, ask)).toEqual(hold);
    const other = shield.hold(T, { ...ask, context: { channel: 'social' } });
    await expect(other).rejects.toMatchObject({ code: 'idempotency_conflict' });
    const body = { id: 'no', budgetId: 'elastic', amountMicros: 5, currency: 'EUR' };
    const elastic = { atLeastMicros: 6, headroomDivisor: 1 };
    const wrong = await post('/v1/holds', { ...body, elastic });
    expect(fieldsOf(wrong)).toEqual(['elastic.atLeastMicros']);
  });
});
