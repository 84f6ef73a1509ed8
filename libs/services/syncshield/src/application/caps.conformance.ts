/**
 * Goal: every adapter of the ledger keeps what the kinds of caps, captures in parts, refunds,
 * entries and elastic holds promise.
 * Method: one suite over the ports, run on each store; the rules themselves are proven beside a
 * reference in `book.spec.ts`.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { completeCaps, type CapRequest } from '../domain/caps.js';
import type { Entry, EntryRequest } from '../domain/entry.js';
import type { Hold, HoldRequest } from '../domain/hold.js';
import type { SettlementRequest, SettlementResult } from '../domain/settlement.js';
import { holdCommand, settleCommand, type LedgerFixture } from './ledger.conformance.js';
import type { LedgerCommand } from './ledger.js';

const TENANT = 'acme';
const DAY = 86_400_000;
const LONG = { expiresInMs: 30 * DAY, graceMs: 30 * DAY };

/** An entry command with defaults. */
export function entryCommand(request: Partial<EntryRequest> & { entryId: string }): LedgerCommand {
  const defaults = { tenant: TENANT, budgetId: 'b', amountMicros: 1n, currency: 'EUR' };
  return {
    kind: 'entry',
    actor: 'tester',
    request: { ...defaults, source: 'external', ...request },
  };
}

/** Runs the suite against one adapter. */
export function capsConformance(name: string, open: () => Promise<LedgerFixture>): void {
  describe(`caps of a ledger (${name})`, () => {
    let of: LedgerFixture;
    let number = 0;
    beforeAll(async () => {
      of = await open();
      // An hour after midnight UTC: no day, week or month ends while the suite runs.
      const id = await budget([{ kind: 'calendar_day', limitMicros: 1n }]);
      const { toMs = 0 } = (await report(id)).caps[0]?.window ?? {};
      const { decidedMs } = await hold(id, 1n);
      await of.advance(toMs - decidedMs + 3_600_000);
    });
    afterAll(async () => {
      await of.close();
    });

    const budget = async (
      caps: readonly CapRequest[],
      more: { parentId?: string; pausesOnExternal?: boolean } = {},
    ): Promise<string> => {
      const id = `caps-${++number}`;
      const input = { tenant: TENANT, id, name: id, currency: 'EUR', caps: completeCaps(caps) };
      await of.budgets.create({ ...input, ...more }, 'tester');
      return id;
    };
    const one = async <T>(command: LedgerCommand): Promise<T> => {
      const [outcome] = await of.ledger.decide([command]);
      if (outcome?.result.ok !== true) throw outcome?.result.error ?? new Error('no outcome');
      return outcome.result.value as T;
    };
    const hold = (budgetId: string, amountMicros: bigint, more: Partial<HoldRequest> = {}) =>
      one<Hold>(holdCommand({ id: `hold-${++number}`, budgetId, amountMicros, ...LONG, ...more }));
    const settle = (request: Partial<SettlementRequest> & { holdId: string }) =>
      one<SettlementResult>(settleCommand(request));
    const enter = (request: Partial<EntryRequest> & { entryId: string }) =>
      one<Entry>(entryCommand(request));
    const report = (id: string) => of.budgets.get(TENANT, id);
    const audit = async () => {
      const entries = await of.reader.audit(TENANT, -1n, 100_000);
      return entries.map(({ record }) => JSON.parse(record) as Record<string, unknown>);
    };

    it('captures in parts until the hold is used up, and frees what a void leaves', async () => {
      const id = await budget([{ kind: 'total', limitMicros: 100n }]);
      const { id: holdId } = await hold(id, 80n);
      const part = { holdId, settlementId: 'p1', amountMicros: 30n, isFinal: false };
      const first = await settle(part);
      expect(first.hold).toMatchObject({ state: 'held', capturedMicros: 30n });
      expect(await settle(part)).toEqual(first);
      expect((await report(id)).caps[0]).toMatchObject({ spent: 30n, held: 50n, headroom: 20n });
      const conflict = settleCommand({ ...part, isFinal: true });
      expect((await of.ledger.decide([conflict]))[0]?.result).toMatchObject({
        ok: false,
        error: { code: 'idempotency_conflict' },
      });
      await settle({ ...part, settlementId: 'p2', amountMicros: 10n });
      const voided = await settle({ holdId, settlementId: 'v', action: 'void' });
      expect(voided.hold).toMatchObject({ state: 'voided', capturedMicros: 40n });
      expect((await report(id)).caps[0]).toMatchObject({ spent: 40n, held: 0n, headroom: 60n });
      const { id: full } = await hold(id, 60n);
      await settle({ holdId: full, settlementId: 'a', amountMicros: 20n, isFinal: false });
      const rest = await settle({ holdId: full, settlementId: 'b', isFinal: false });
      expect(rest.settlement).toMatchObject({ amountMicros: 40n, outcome: 'captured' });
      expect(rest.hold.state).toBe('captured');
    });

    it('gives back what is left of a partly captured hold after its grace', async () => {
      const id = await budget([{ kind: 'total', limitMicros: 100n }]);
      const { id: holdId } = await hold(id, 80n, { expiresInMs: 500, graceMs: 500 });
      await settle({ holdId, amountMicros: 30n, isFinal: false });
      await of.advance(1_500);
      await of.ledger.releaseDue();
      const expired = await of.reader.hold(TENANT, holdId);
      expect(expired).toMatchObject({ state: 'expired', capturedMicros: 30n });
      expect((await report(id)).caps[0]).toMatchObject({ spent: 30n, held: 0n });
    });

    it('refunds what was spent, once, and has room for it again', async () => {
      const id = await budget([{ kind: 'total', limitMicros: 50n }]);
      const { id: holdId } = await hold(id, 50n);
      await settle({ holdId });
      const refund = { holdId, settlementId: 'r1', action: 'refund' as const, amountMicros: 20n };
      const first = await settle(refund);
      expect(first.settlement).toMatchObject({ outcome: 'refunded', refundedMicros: 20n });
      expect(await settle(refund)).toEqual(first);
      const { spentMicros, caps } = await report(id);
      expect([spentMicros, caps[0]?.headroom]).toEqual([30n, 20n]);
      const tooMuch = settleCommand({ ...refund, settlementId: 'r2', amountMicros: 31n });
      expect((await of.ledger.decide([tooMuch]))[0]?.result).toMatchObject({
        ok: false,
        error: { code: 'refund_too_large', details: { fields: [{ field: 'amountMicros' }] } },
      });
      const all = await settle({ holdId, settlementId: 'r3', action: 'refund' });
      expect(all.settlement.refundedMicros).toBe(30n);
      expect((await of.reader.hold(TENANT, holdId)).refundedMicros).toBe(50n);
    });

    it('charges every further capture of a settled hold as late spend', async () => {
      const id = await budget([{ kind: 'total', limitMicros: 20n }]);
      const { id: holdId } = await hold(id, 10n);
      await settle({ holdId });
      const late = await settle({ holdId, settlementId: 'more', amountMicros: 8n });
      expect(late.settlement).toMatchObject({ outcome: 'late_spend', lateMicros: 8n });
      expect((await report(id)).isPaused).toBe(false);
      await settle({ holdId, settlementId: 'even more', amountMicros: 3n });
      expect(await report(id)).toMatchObject({ isPaused: true, spentMicros: 21n });
      const opened = (await audit()).filter(({ action }) => action === 'breach.opened').at(-1);
      expect(opened).toMatchObject({ holdId, lateMicros: 3, overMicros: 1, capId: 'total' });
      await of.budgets.setPaused(TENANT, id, false, 'tester');
      const resumed = (await audit()).at(-1);
      expect(resumed).toMatchObject({ action: 'budget.resumed', closedBreaches: 1 });
    });

    it('counts approved holds instead of money, and says which window denied', async () => {
      const timeZone = 'Pacific/Auckland';
      const id = await budget([{ kind: 'calendar_month', limitActions: 2n, timeZone }]);
      const first = await hold(id, 1_000n);
      await settle({ holdId: first.id, action: 'void' });
      await hold(id, 1n);
      const { denial } = await hold(id, 1n);
      expect(denial).toMatchObject({ measure: 'actions', limitActions: 2n, usedActions: 2n });
      expect(denial?.limitMicros).toBeUndefined();
      expect((denial?.window?.toMs ?? 0) - (denial?.window?.fromMs ?? 0)).toBeGreaterThan(27 * DAY);
      expect((await report(id)).caps[0]).toMatchObject({ spent: 2n, held: 0n, headroom: 0n });
      const check = { budgetId: id, amountMicros: 1n };
      expect(await of.reader.check(TENANT, check)).toMatchObject({ isAllowed: false });
    });

    it('lets a day flex within its week', async () => {
      const id = await budget([
        { kind: 'calendar_day', limitMicros: 100n, flexPercent: 150 },
        { kind: 'calendar_week', limitMicros: 190n },
      ]);
      expect((await hold(id, 151n)).denial).toMatchObject({
        ...{ capId: 'calendar_day', limitMicros: 150n },
        values: { limit: '100', flexPercent: '150' },
      });
      expect((await hold(id, 150n)).isApproved).toBe(true);
      const week = (await report(id)).caps[1]?.window;
      expect((week?.toMs ?? 0) - (week?.fromMs ?? 0)).toBe(7 * DAY);
      const nowMs = (await hold(id, 1n)).decidedMs;
      await of.advance((week?.toMs ?? 0) - nowMs + 1_000);
      expect((await hold(id, 150n)).isApproved).toBe(true);
    });

    it('approves at a rate, whatever becomes of the holds', async () => {
      const windowMs = 600_000;
      const id = await budget([{ kind: 'rate', limitMicros: 60n, windowMs, burst: 10n }]);
      const { id: holdId } = await hold(id, 10n);
      await settle({ holdId, action: 'void' });
      expect((await hold(id, 1n)).denial).toMatchObject({ kind: 'rate', limitMicros: 10n });
      await of.advance(windowMs / 10);
      expect((await hold(id, 6n)).isApproved).toBe(true);
      expect((await hold(id, 3n)).isApproved).toBe(false);
      await of.budgets.replaceCaps(
        TENANT,
        id,
        completeCaps([{ kind: 'rate', limitMicros: 600n, windowMs, burst: 10n }]),
        'tester',
      );
      await of.advance(windowMs / 100);
      expect((await hold(id, 6n)).isApproved).toBe(true);
    });

    it('grants an elastic hold a part of the smallest room, but not too little', async () => {
      const root = await budget([{ kind: 'total', limitMicros: 100n }]);
      const leaf = await budget([{ kind: 'total', limitMicros: 1_000n }], { parentId: root });
      const elastic = { atLeastMicros: 20n, headroomDivisor: 4 };
      const asked = { id: 'elastic-1', elastic };
      const first = await hold(leaf, 60n, asked);
      expect(first).toMatchObject({ amountMicros: 25n, requestedMicros: 60n, isApproved: true });
      expect(await hold(leaf, 60n, asked)).toEqual(first);
      expect(await of.reader.hold(TENANT, 'elastic-1')).toEqual(first);
      const other = holdCommand({ ...asked, budgetId: leaf, amountMicros: 25n, ...LONG });
      expect((await of.ledger.decide([other]))[0]?.result.ok).toBe(false);
      await hold(root, 50n);
      expect((await hold(leaf, 60n, { elastic })).amountMicros).toBe(20n);
      expect(await hold(leaf, 60n, { elastic })).toMatchObject({ isApproved: false });
    });

    it('records external spend always, in the slots of its day, and says when there is no room', async () => {
      const id = await budget([
        { kind: 'total', limitMicros: 100n },
        { kind: 'calendar_day', limitMicros: 40n },
      ]);
      const { decidedMs } = await hold(id, 10n);
      const yesterday = { budgetId: id, entryId: `${id}-1`, atMs: decidedMs - DAY };
      const first = await enter({ ...yesterday, amountMicros: 30n });
      expect(first).toMatchObject({ overMicros: 0n, isPausing: false });
      expect(await enter({ ...yesterday, amountMicros: 30n })).toEqual(first);
      const [total, day] = (await report(id)).caps;
      expect([total?.spent, day?.spent]).toEqual([30n, 0n]);
      const more = { budgetId: id, entryId: `${id}-2`, amountMicros: 45n };
      expect(await enter(more)).toMatchObject({ overMicros: 15n, isPausing: false });
      expect((await report(id)).isPaused).toBe(false);
      await of.budgets.setPaused(TENANT, id, false, 'tester');
      const resumed = { action: 'budget.resumed', closedBreaches: 1, budgetId: id };
      expect((await audit()).at(-1)).toMatchObject(resumed);
      await of.budgets.setPaused(TENANT, id, false, 'tester');
      expect((await audit()).filter((of) => of['budgetId'] === id).at(-1)).toMatchObject(resumed);
      const back = { budgetId: id, entryId: `${id}-3`, amountMicros: -45n };
      await enter(back);
      expect((await report(id)).caps.map(({ headroom }) => headroom)).toEqual([60n, 30n]);
      const [conflict, unknown] = await of.ledger.decide([
        entryCommand({ ...back, amountMicros: -44n }),
        entryCommand({ entryId: 'x', budgetId: 'nowhere' }),
      ]);
      expect(conflict?.result).toMatchObject({ error: { code: 'idempotency_conflict' } });
      expect(unknown?.result).toMatchObject({ error: { code: 'budget_not_found' } });
    });

    it('pauses for a correction without room, and for external spend where it is told to', async () => {
      const caps = [{ kind: 'total' as const, limitMicros: 10n }];
      const strict = await budget(caps, { pausesOnExternal: true });
      const lax = await budget(caps);
      await enter({ budgetId: strict, entryId: `${strict}-1`, amountMicros: 11n });
      await enter({ budgetId: lax, entryId: `${lax}-1`, amountMicros: 11n });
      expect([(await report(strict)).isPaused, (await report(lax)).isPaused]).toEqual([
        true,
        false,
      ]);
      const correction = { budgetId: lax, entryId: `${lax}-2`, source: 'correction' as const };
      expect((await enter(correction)).isPausing).toBe(true);
      expect((await report(lax)).isPaused).toBe(true);
    });

    it('never has more room than a limit, however much came back', async () => {
      const id = await budget([{ kind: 'total', limitMicros: 10n }]);
      await enter({ budgetId: id, entryId: `${id}-1`, amountMicros: -25n });
      expect((await report(id)).caps[0]).toMatchObject({ spent: -25n, headroom: 10n });
      expect((await hold(id, 11n)).isApproved).toBe(false);
      expect((await hold(id, 10n)).isApproved).toBe(true);
    });

    it('counts the past on a cap of any kind that is new', async () => {
      const id = await budget([]);
      const { id: holdId } = await hold(id, 30n);
      await settle({ holdId, amountMicros: 20n, isFinal: false });
      await enter({ budgetId: id, entryId: `${id}-1`, amountMicros: 7n });
      await hold(id, 5n);
      const caps = completeCaps([
        { kind: 'total', limitMicros: 100n },
        { kind: 'calendar_week', limitMicros: 100n },
        { kind: 'calendar_month', limitMicros: 20n },
        { kind: 'sliding_window', limitMicros: 100n, windowMs: 3_600_000 },
        { kind: 'total', id: 'count', limitActions: 9n },
        { kind: 'sliding_window', id: 'recent', limitActions: 9n, windowMs: 3_600_000 },
        { kind: 'rate', limitMicros: 1n, windowMs: 3_600_000, burst: 33n },
      ]);
      const changed = await of.budgets.replaceCaps(TENANT, id, caps, 'tester');
      const money = [27n, 15n];
      expect(changed.caps.map(({ spent, held }) => [spent, held])).toEqual([
        ...[money, money, money, money],
        ...[
          [2n, 0n],
          [2n, 0n],
        ],
        [33n, 0n],
      ]);
      expect(changed.caps[2]).toMatchObject({ headroom: 0n });
      await settle({ holdId, settlementId: 'rest', amountMicros: 1n });
      expect((await report(id)).caps[2]).toMatchObject({ spent: 28n, held: 5n });
    });

    it('agrees with a recount of its rows after all of this', async () => {
      expect(await of.recount()).toEqual([]);
    });
  });
}
