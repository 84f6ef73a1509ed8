/**
 * Goal: only money that is set aside now counts as approved; what is undecided is asked again, what is refused is
 * final. Method: the adapter over a client that answers by hand, on a clock of the test.
 */
import { describe, expect, it } from '@jest/globals';
import type { Hold, ItemResult, Settlement, SyncShieldClient } from '@kiki/contract-syncshield';
import { DomainError, type ErrorKind } from '@kiki/kernel';
import { FakeClock } from '@kiki/testing';
import { ShieldSpendAuthority } from './shield-spend-authority.js';

const clock = new FakeClock(1_000_000);

function authority(answers: {
  holds?: ItemResult<Partial<Hold>>[];
  settlements?: ItemResult<Partial<Settlement>>[];
}): ShieldSpendAuthority {
  const client = {
    holdBatch: () => Promise.resolve(answers.holds),
    settleBatch: () => Promise.resolve(answers.settlements),
  };
  return new ShieldSpendAuthority(client as unknown as SyncShieldClient, clock);
}

const request = (id: string) => ({
  ...{ id, budgetId: 'b', amountMicros: 1n, currency: 'EUR', expiresInMs: 1000, graceMs: 0 },
  reference: id,
});
const fault = (code: string, kind: ErrorKind) =>
  ({ ok: false, error: new DomainError(code, kind, code) }) as const;
const approved = (expiresMs: number): ItemResult<Partial<Hold>> => ({
  ok: true,
  value: { decision: 'approved', reason: 'within_limits', expiresAt: new Date(expiresMs) },
});

describe('ShieldSpendAuthority.hold', () => {
  it('approves what is held, refuses what is denied, expired, or final', async () => {
    const denied: ItemResult<Partial<Hold>> = {
      ok: true,
      value: { decision: 'denied', reason: 'cap_exceeded', expiresAt: null },
    };
    const holds = [
      approved(1_000_001),
      approved(1_000_000),
      denied,
      fault('budget_not_found', 'not_found'),
      fault('idempotency_conflict', 'conflict'),
    ];
    const requests = ['a', 'b', 'c', 'd', 'e'].map(request);
    expect(await authority({ holds }).hold('default', requests)).toEqual([
      { id: 'a', isApproved: true, reason: 'within_limits' },
      { id: 'b', isApproved: false, reason: 'hold_expired' },
      { id: 'c', isApproved: false, reason: 'cap_exceeded' },
      { id: 'd', isApproved: false, reason: 'budget_not_found' },
      { id: 'e', isApproved: false, reason: 'idempotency_conflict' },
    ]);
  });

  it.each<[string, ErrorKind]>([
    ['decision_unknown', 'unavailable'],
    ['internal', 'internal'],
    ['deadline_exceeded', 'deadline'],
  ])('asks again for the whole job when one hold is undecided (%s)', async (code, kind) => {
    const holds = [approved(2_000_000), fault(code, kind)];
    const asking = authority({ holds }).hold('default', ['a', 'b'].map(request));
    await expect(asking).rejects.toMatchObject({ code: 'unavailable', isRetryable: true });
  });
});

describe('ShieldSpendAuthority.settle', () => {
  it('names what was confirmed or refused and leaves out what is to be tried again', async () => {
    const settlements: ItemResult<Partial<Settlement>>[] = [
      { ok: true, value: { outcome: 'captured' } },
      fault('hold_not_found', 'not_found'),
      fault('unavailable', 'unavailable'),
    ];
    const asked = ['a', 'b', 'c'].map((id) => ({
      ...{ settlementId: `${id}:void`, holdId: id, action: 'void' as const },
    }));
    expect(await authority({ settlements }).settle('default', asked)).toEqual([
      { settlementId: 'a:void', outcome: 'captured' },
      { settlementId: 'b:void', outcome: 'refused:hold_not_found' },
    ]);
  });
});
