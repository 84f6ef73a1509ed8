/**
 * Goal: a hold whose texts are taken out, by retention or by an erasure, still gets its first answer
 * when it is asked for again, and is still told from another one by everything else.
 * Method: holds on a real PostgreSQL, redacted by the real statements, repeated by two processes.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { holdCommand, settleCommand } from '../../application/ledger.conformance.js';
import type { HoldRequest } from '../../domain/hold.js';
import { eraseHoldTexts } from '../privacy/hold-texts.js';
import { PostgresBudgets } from './postgres-budgets.js';
import { PostgresLedger } from './postgres-ledger.js';
import { openPrivacyFixture, type PrivacyFixture } from './privacy.fixture.js';

const T = 'acme';
const DAY_MS = 86_400_000;
let fixture: PrivacyFixture;
let ledger: PostgresLedger;

beforeAll(async () => {
  fixture = await openPrivacyFixture();
  const clock = new SystemClock();
  ledger = new PostgresLedger(fixture.database, clock);
  const caps = [{ id: 'total', kind: 'total' as const, measure: 'micros' as const, limit: 100n }];
  const input = { tenant: T, id: 'b', name: 'b', currency: 'EUR', caps };
  await new PostgresBudgets(fixture.database, clock).create(input, 'ops');
}, 60_000);
afterAll(() => fixture.test.drop());

const texts = { purpose: 'bid', reference: 'order of zq9subject', context: { channel: 'search' } };

async function ask(request: Partial<HoldRequest> & { id: string }): Promise<unknown> {
  const [outcome] = await ledger.decide([holdCommand({ ...texts, ...request })]);
  const { result } = outcome!;
  return result.ok ? result.value : result.error.code;
}

async function expectRepeated(id: string, first: unknown): Promise<void> {
  const { purpose, reference, context, ...rest } = first as HoldRequest;
  expect({ purpose, reference, context }).toEqual(texts);
  expect(await ask({ id })).toMatchObject(rest);
  expect(await ask({ id, reference: 'something else' })).toMatchObject(rest);
  expect(await ask({ id, amountMicros: 2n })).toBe('idempotency_conflict');
}

describe('a hold whose texts are gone', () => {
  it('is repeated after retention took them', async () => {
    const first = await ask({ id: 'kept' });
    expect(await ask({ id: 'kept', reference: 'something else' })).toBe('idempotency_conflict');
    await ledger.decide([settleCommand({ holdId: 'kept', settlementId: 's', action: 'void' })]);
    await fixture.clock.advance(new SystemClock().nowMs() - fixture.clock.nowMs() + 401 * DAY_MS);
    const swept = await fixture.retention.sweep(T, { isDryRun: false, actor: 'ops' });
    expect(swept.find(({ category }) => category === 'hold_texts')).toMatchObject({ rows: 1 });
    await expectRepeated('kept', first);
  });

  it('is repeated after an erasure replaced them', async () => {
    const first = await ask({ id: 'erased' });
    const count = await fixture.database.transaction((tx) => eraseHoldTexts(tx, T, ['zq9subject']));
    expect(count).toBe(1);
    await expectRepeated('erased', first);
  });
});
