/**
 * Goal: every adapter of the ledger keeps its promises: decisions, repetition, expiry, late spend,
 * trees, caps of every kind, administration, reading and the audit log. Method: one suite over the
 * ports, run on each store.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CapInput } from '../domain/caps.js';
import type { Hold, HoldRequest } from '../domain/hold.js';
import type { SettlementRequest, SettlementResult } from '../domain/settlement.js';
import { LedgerObserver } from './ledger-observer.js';
import type { Budgets, Ledger, LedgerCommand, LedgerReader } from './ledger.js';

/** What an adapter brings. */
export interface LedgerFixture {
  readonly ledger: Ledger;
  readonly budgets: Budgets;
  readonly reader: LedgerReader;
  /** Moves the store's clock forward for every process. */
  advance(ms: number): Promise<void>;
  /** Problems that a recount of the store finds. */
  recount(): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

const MINUTE = 60_000;
const TENANT = 'acme';
const total = (limit: bigint): CapInput => ({
  id: 'total',
  kind: 'total',
  measure: 'micros',
  limit,
});

/** Watches nothing. */
export class SilentObserver extends LedgerObserver {
  override decided(): void {}
  override failed(): void {}
  override released(): void {}
}

/** A hold command with defaults. */
export function holdCommand(request: Partial<HoldRequest> & { id: string }): LedgerCommand {
  return {
    kind: 'hold',
    actor: 'tester',
    request: {
      tenant: TENANT,
      budgetId: 'b',
      amountMicros: 1n,
      currency: 'EUR',
      expiresInMs: MINUTE,
      graceMs: MINUTE,
      ...request,
    },
  };
}

/** A settlement command with defaults. */
export function settleCommand(
  request: Partial<SettlementRequest> & { holdId: string },
): LedgerCommand {
  const settlementId = `${request.holdId}:${request.action ?? 'capture'}`;
  return {
    kind: 'settle',
    actor: 'tester',
    request: { tenant: TENANT, settlementId, action: 'capture', ...request },
  };
}

/** Runs the suite against one adapter. */
export function ledgerConformance(name: string, open: () => Promise<LedgerFixture>): void {
  describe(`a ledger (${name})`, () => {
    let of: LedgerFixture;
    let number = 0;
    beforeAll(async () => {
      of = await open();
    });
    afterAll(async () => {
      await of.close();
    });

    const budget = async (
      caps: readonly CapInput[],
      more: { parentId?: string; tenant?: string } = {},
    ): Promise<string> => {
      const id = `budget-${++number}`;
      const { tenant = TENANT, ...rest } = more;
      await of.budgets.create({ tenant, id, name: id, currency: 'EUR', caps, ...rest }, 'tester');
      return id;
    };
    const decide = async (commands: readonly LedgerCommand[]) =>
      (await of.ledger.decide(commands)).map(({ result }) => result);
    const hold = async (request: Partial<HoldRequest> & { id: string }): Promise<Hold> => {
      const [result] = await decide([holdCommand(request)]);
      if (result?.ok !== true) throw result?.error ?? new Error('no outcome');
      return result.value as Hold;
    };
    const settle = async (
      request: Partial<SettlementRequest> & { holdId: string },
    ): Promise<SettlementResult> => {
      const [result] = await decide([settleCommand(request)]);
      if (result?.ok !== true) throw result?.error ?? new Error('no outcome');
      return result.value as SettlementResult;
    };
    const errorOf = async (command: LedgerCommand): Promise<string | undefined> => {
      const [result] = await decide([command]);
      return result?.ok === false ? result.error.code : undefined;
    };
    const usage = async (id: string) => {
      const { spentMicros, heldMicros } = await of.budgets.get(TENANT, id);
      return { spentMicros, heldMicros };
    };

    it('approves up to the cap and stores a denial with what stood in the way', async () => {
      const budgetId = await budget([total(100n)]);
      expect(await hold({ id: 'fit-1', budgetId, amountMicros: 60n })).toMatchObject({
        isApproved: true,
        reason: 'within_limits',
        state: 'held',
      });
      const denied = await hold({ id: 'fit-2', budgetId, amountMicros: 41n });
      expect(denied).toMatchObject({ isApproved: false, reason: 'cap_exceeded', state: 'denied' });
      expect(denied.denial).toEqual({
        budgetId,
        capId: 'total',
        kind: 'total',
        limitMicros: 100n,
        spentMicros: 0n,
        heldMicros: 60n,
        headroomMicros: 40n,
      });
      expect((await hold({ id: 'fit-3', budgetId, amountMicros: 40n })).isApproved).toBe(true);
      expect(await usage(budgetId)).toEqual({ spentMicros: 0n, heldMicros: 100n });
    });

    it('decides a batch as its commands would be one by one', async () => {
      const budgetId = await budget([total(10n)]);
      const results = await decide([
        holdCommand({ id: 'order-1', budgetId, amountMicros: 7n }),
        holdCommand({ id: 'order-2', budgetId, amountMicros: 4n }),
        holdCommand({ id: 'order-3', budgetId, amountMicros: 3n }),
        settleCommand({ holdId: 'order-1', action: 'void' }),
        holdCommand({ id: 'order-4', budgetId, amountMicros: 7n }),
        holdCommand({ id: 'order-1', budgetId, amountMicros: 7n }),
      ]);
      const holds = results.map((result) => result.ok && 'state' in result.value && result.value);
      expect(holds.map((of) => of && of.state)).toEqual([
        'held',
        'denied',
        'held',
        false,
        'held',
        'held',
      ]);
      expect(await usage(budgetId)).toEqual({ spentMicros: 0n, heldMicros: 10n });
    });

    it('answers a repeated id with the first answer, also after the world has changed', async () => {
      const budgetId = await budget([total(10n)]);
      const first = await hold({ id: 'again-1', budgetId, amountMicros: 10n });
      const denied = await hold({ id: 'again-2', budgetId, amountMicros: 1n });
      await settle({ holdId: 'again-1', action: 'void' });
      expect(await hold({ id: 'again-1', budgetId, amountMicros: 10n })).toEqual(first);
      expect(await hold({ id: 'again-2', budgetId, amountMicros: 1n })).toEqual(denied);
      const again = holdCommand({ id: 'again-1', budgetId, amountMicros: 9n });
      expect(await errorOf(again)).toBe('idempotency_conflict');
      const elsewhere = await budget([total(10n)]);
      const moved = holdCommand({ id: 'again-1', budgetId: elsewhere, amountMicros: 10n });
      expect(await errorOf(moved)).toBe('idempotency_conflict');
      expect(await usage(budgetId)).toEqual({ spentMicros: 0n, heldMicros: 0n });
    });

    it('captures in part and frees the rest; more spend is late, a repetition is none', async () => {
      const budgetId = await budget([total(100n)]);
      await hold({ id: 'part', budgetId, amountMicros: 80n });
      const first = await settle({ holdId: 'part', amountMicros: 30n });
      expect(first.settlement).toMatchObject({ outcome: 'captured', capturedMicros: 30n });
      expect(first.hold).toMatchObject({ state: 'captured', capturedMicros: 30n });
      expect(await settle({ holdId: 'part', amountMicros: 30n })).toEqual(first);
      const other = settleCommand({ holdId: 'part', amountMicros: 31n });
      expect(await errorOf(other)).toBe('idempotency_conflict');
      const second = await settle({ holdId: 'part', settlementId: 'second', amountMicros: 30n });
      expect(second.settlement).toMatchObject({ outcome: 'late_spend', lateMicros: 30n });
      const void_ = await settle({ holdId: 'part', settlementId: 'third', action: 'void' });
      expect(void_.settlement.outcome).toBe('already_settled');
      expect(await usage(budgetId)).toEqual({ spentMicros: 60n, heldMicros: 0n });
      expect(await settle({ holdId: 'part', amountMicros: 30n })).toEqual(first);
    });

    it('names what it does not know', async () => {
      const budgetId = await budget([total(1n)]);
      expect(await errorOf(holdCommand({ id: 'x', budgetId: 'nowhere' }))).toBe('budget_not_found');
      expect(await errorOf(holdCommand({ id: 'x', budgetId, currency: 'USD' }))).toBe(
        'currency_mismatch',
      );
      expect(await errorOf(settleCommand({ holdId: 'nothing' }))).toBe('hold_not_found');
      const foreign = holdCommand({ id: 'x', budgetId, tenant: 'other' });
      expect(await errorOf(foreign)).toBe('budget_not_found');
      await expect(of.budgets.get('other', budgetId)).rejects.toMatchObject({
        code: 'budget_not_found',
      });
      await expect(of.reader.hold(TENANT, 'x')).rejects.toMatchObject({ code: 'hold_not_found' });
    });

    it('keeps tenants with the same ids apart', async () => {
      const caps = [total(5n)];
      const id = await budget(caps);
      const input = { tenant: 'other', id, name: id, currency: 'EUR', caps };
      await of.budgets.create(input, 'tester');
      const results = await decide([
        holdCommand({ id: 'same', budgetId: id, amountMicros: 5n }),
        holdCommand({ id: 'same', budgetId: id, amountMicros: 4n, tenant: 'other' }),
      ]);
      expect(
        results.map((result) => result.ok && 'state' in result.value && result.value.state),
      ).toEqual(['held', 'held']);
      expect((await of.budgets.get('other', id)).heldMicros).toBe(4n);
    });

    it('counts a hold on every budget above', async () => {
      const root = await budget([total(100n)]);
      const middle = await budget([total(60n)], { parentId: root });
      const left = await budget([total(50n)], { parentId: middle });
      const right = await budget([], { parentId: middle });
      expect((await hold({ id: 'tree-1', budgetId: left, amountMicros: 50n })).isApproved).toBe(
        true,
      );
      const denied = await hold({ id: 'tree-2', budgetId: right, amountMicros: 11n });
      expect(denied.denial).toMatchObject({ budgetId: middle, headroomMicros: 10n });
      expect((await hold({ id: 'tree-3', budgetId: right, amountMicros: 10n })).isApproved).toBe(
        true,
      );
      expect(
        (await hold({ id: 'tree-4', budgetId: root, amountMicros: 41n })).denial,
      ).toMatchObject({
        budgetId: root,
        headroomMicros: 40n,
      });
      await settle({ holdId: 'tree-1', amountMicros: 20n });
      expect(await usage(root)).toEqual({ spentMicros: 20n, heldMicros: 10n });
      expect(await usage(middle)).toEqual({ spentMicros: 20n, heldMicros: 10n });
      expect(await usage(right)).toEqual({ spentMicros: 0n, heldMicros: 10n });
    });

    it('denies below a paused budget and goes on when it is resumed', async () => {
      const root = await budget([total(100n)]);
      const leaf = await budget([], { parentId: root });
      expect((await hold({ id: 'pause-0', budgetId: leaf })).isApproved).toBe(true);
      expect((await of.budgets.setPaused(TENANT, root, true, 'tester')).isPaused).toBe(true);
      expect(await hold({ id: 'pause-1', budgetId: leaf })).toMatchObject({
        isApproved: false,
        reason: 'budget_paused',
        denial: { budgetId: root },
      });
      expect((await settle({ holdId: 'pause-0' })).settlement.outcome).toBe('captured');
      await of.budgets.setPaused(TENANT, root, false, 'tester');
      expect((await hold({ id: 'pause-2', budgetId: leaf })).isApproved).toBe(true);
      expect((await hold({ id: 'pause-1', budgetId: leaf })).isApproved).toBe(false);
    });

    it('keeps money until the grace is over, then gives it back', async () => {
      const budgetId = await budget([total(10n)]);
      await hold({ id: 'due-1', budgetId, amountMicros: 10n, expiresInMs: 1_000, graceMs: 500 });
      await of.advance(1_100);
      expect((await hold({ id: 'due-2', budgetId })).isApproved).toBe(false);
      expect((await of.ledger.releaseDue()).released).toBe(0);
      await of.advance(600);
      const report = await of.ledger.releaseDue();
      expect(report.released).toBe(1);
      expect(report.lagMs).toBeGreaterThanOrEqual(0);
      expect((await of.reader.hold(TENANT, 'due-1')).state).toBe('expired');
      expect(await usage(budgetId)).toEqual({ spentMicros: 0n, heldMicros: 0n });
      expect((await of.ledger.releaseDue()).released).toBe(0);
    });

    it('gives back what is due before it denies, without a sweeper', async () => {
      const budgetId = await budget([total(10n)]);
      await hold({ id: 'lazy-1', budgetId, amountMicros: 10n, expiresInMs: 1_000, graceMs: 0 });
      await hold({ id: 'lazy-x', budgetId, amountMicros: 10n });
      await of.advance(1_001);
      expect((await hold({ id: 'lazy-2', budgetId, amountMicros: 10n })).isApproved).toBe(true);
      expect((await of.reader.hold(TENANT, 'lazy-1')).state).toBe('expired');
      expect((await hold({ id: 'lazy-x', budgetId, amountMicros: 10n })).isApproved).toBe(false);
    });

    it('captures within the grace, and records late spend once where there is room', async () => {
      const budgetId = await budget([total(100n)]);
      const times = { expiresInMs: 1_000, graceMs: 1_000 };
      await hold({ id: 'late-1', budgetId, amountMicros: 10n, ...times });
      await hold({ id: 'late-2', budgetId, amountMicros: 10n, ...times });
      await of.advance(1_500);
      expect((await settle({ holdId: 'late-1' })).settlement.outcome).toBe('captured');
      await of.advance(1_000);
      const late = await settle({ holdId: 'late-2' });
      expect(late.settlement).toMatchObject({ outcome: 'late_spend', lateMicros: 10n });
      expect(late.hold).toMatchObject({ state: 'expired', lateMicros: 10n });
      const again = await settle({ holdId: 'late-2', settlementId: 'other' });
      expect(again.settlement).toMatchObject({ outcome: 'already_settled', lateMicros: 0n });
      expect(await usage(budgetId)).toEqual({ spentMicros: 20n, heldMicros: 0n });
      expect((await of.budgets.get(TENANT, budgetId)).isPaused).toBe(false);
    });

    it('records late spend without room as a breach, pauses, and never approves above', async () => {
      const budgetId = await budget([total(10n)]);
      await hold({ id: 'over-1', budgetId, amountMicros: 10n });
      const late = await settle({ holdId: 'over-1', amountMicros: 14n });
      expect(late.settlement).toMatchObject({
        outcome: 'late_spend',
        capturedMicros: 10n,
        lateMicros: 4n,
      });
      expect(await of.budgets.get(TENANT, budgetId)).toMatchObject({
        isPaused: true,
        spentMicros: 14n,
        caps: [{ headroom: 0n }],
      });
      await of.budgets.setPaused(TENANT, budgetId, false, 'tester');
      expect((await hold({ id: 'over-2', budgetId })).reason).toBe('cap_exceeded');
      const denied = await settle({ holdId: 'over-2', amountMicros: 3n });
      expect(denied.settlement).toMatchObject({ outcome: 'late_spend', lateMicros: 3n });
      expect(denied.hold.state).toBe('denied');
      expect((await usage(budgetId)).spentMicros).toBe(17n);
    });

    it('opens a calendar day anew at local midnight', async () => {
      const timeZone = 'America/New_York';
      const cap: CapInput = {
        id: 'day',
        kind: 'calendar_day',
        measure: 'micros',
        limit: 10n,
        timeZone,
      };
      const budgetId = await budget([cap]);
      await hold({ id: 'day-1', budgetId, amountMicros: 10n, expiresInMs: 48 * 60 * MINUTE });
      const [day] = (await of.budgets.get(TENANT, budgetId)).caps;
      const { decidedMs } = await hold({ id: 'day-2', budgetId });
      const untilMs = day?.window.toMs ?? 0;
      await of.advance(untilMs - decidedMs - 30_000);
      expect((await hold({ id: 'day-3', budgetId })).isApproved).toBe(false);
      await of.advance(31_000);
      expect((await hold({ id: 'day-4', budgetId, amountMicros: 10n })).isApproved).toBe(true);
      await settle({ holdId: 'day-1', amountMicros: 5n });
      expect((await hold({ id: 'day-5', budgetId })).isApproved).toBe(false);
    });

    it('counts a sliding window over exactly its length, and never less', async () => {
      const windowMs = 12_000;
      const cap: CapInput = {
        id: 'window',
        kind: 'sliding_window',
        measure: 'micros',
        limit: 10n,
        windowMs,
      };
      const budgetId = await budget([cap]);
      await hold({ id: 'slide-1', budgetId, amountMicros: 6n });
      await of.advance(6_000);
      await hold({ id: 'slide-2', budgetId, amountMicros: 4n });
      await settle({ holdId: 'slide-2', amountMicros: 1n });
      await hold({ id: 'slide-3', budgetId, amountMicros: 3n });
      await of.advance(5_000);
      expect((await hold({ id: 'slide-4', budgetId })).isApproved).toBe(false);
      await of.advance(1_500);
      expect((await hold({ id: 'slide-5', budgetId, amountMicros: 6n })).isApproved).toBe(true);
      expect((await hold({ id: 'slide-6', budgetId })).isApproved).toBe(false);
    });

    it('creates a budget once and refuses impossible parents', async () => {
      const caps = [total(5n)];
      const id = await budget(caps);
      const input = { tenant: TENANT, id, name: id, currency: 'EUR', caps };
      await expect(of.budgets.create(input, 'tester')).resolves.toMatchObject({ id });
      const other = { ...input, name: 'other' };
      const code = { code: 'idempotency_conflict' };
      await expect(of.budgets.create(other, 'tester')).rejects.toMatchObject(code);
      const invalid = { code: 'budget_parent_invalid' };
      const child = { ...input, id: 'child', parentId: 'nowhere' };
      await expect(of.budgets.create(child, 'tester')).rejects.toMatchObject(invalid);
      const dollars = { ...input, id: 'child', parentId: id, currency: 'USD' };
      await expect(of.budgets.create(dollars, 'tester')).rejects.toMatchObject(invalid);
      let parentId = id;
      for (let depth = 1; depth < 8; depth++) parentId = await budget([], { parentId });
      await expect(budget([], { parentId })).rejects.toMatchObject(invalid);
    });

    it('creates a budget once although many ask at once', async () => {
      const input = { tenant: TENANT, id: 'crowd', name: 'x', currency: 'EUR', caps: [total(5n)] };
      const all = await Promise.all(
        Array.from({ length: 8 }, () => of.budgets.create(input, 'tester')),
      );
      expect(new Set(all.map(({ createdMs }) => createdMs)).size).toBe(1);
      expect((await of.budgets.get(TENANT, 'crowd')).caps).toHaveLength(1);
    });

    it('replaces caps: what counts alike goes on, what is new counts the past', async () => {
      const root = await budget([total(100n)]);
      const leaf = await budget([], { parentId: root });
      await hold({ id: 'caps-1', budgetId: leaf, amountMicros: 40n });
      await hold({ id: 'caps-2', budgetId: leaf, amountMicros: 20n });
      await settle({ holdId: 'caps-2', amountMicros: 15n });
      const day: CapInput = {
        id: 'day',
        kind: 'calendar_day',
        measure: 'micros',
        limit: 60n,
        timeZone: 'UTC',
      };
      const window: CapInput = {
        id: 'window',
        kind: 'sliding_window',
        measure: 'micros',
        limit: 50n,
        windowMs: 3_600_000,
      };
      const report = await of.budgets.replaceCaps(
        TENANT,
        root,
        [total(70n), day, window],
        'tester',
      );
      expect(report.caps.map(({ spent, held }) => [spent, held])).toEqual([
        [15n, 40n],
        [15n, 40n],
        [15n, 40n],
      ]);
      expect(report.caps.map(({ headroom }) => headroom)).toEqual([15n, 5n, 0n]);
      expect((await hold({ id: 'caps-3', budgetId: leaf })).denial?.capId).toBe('window');
      await of.budgets.replaceCaps(TENANT, root, [total(55n)], 'tester');
      expect((await hold({ id: 'caps-4', budgetId: leaf })).denial?.capId).toBe('total');
      await settle({ holdId: 'caps-1', amountMicros: 30n });
      expect((await hold({ id: 'caps-5', budgetId: leaf, amountMicros: 10n })).isApproved).toBe(
        true,
      );
      expect((await hold({ id: 'caps-6', budgetId: leaf })).isApproved).toBe(false);
      await expect(of.budgets.replaceCaps(TENANT, 'nowhere', [], 'x')).rejects.toMatchObject({
        code: 'budget_not_found',
      });
    });

    it('checks without holding, and lists in order', async () => {
      const root = await budget([total(10n)]);
      const leaf = await budget([total(8n)], { parentId: root });
      const check = (amountMicros: bigint, currency = 'EUR') =>
        of.reader.check(TENANT, { budgetId: leaf, amountMicros, currency });
      const allowed = { isAllowed: true, reason: 'within_limits', headroomMicros: 8n };
      expect(await check(8n)).toEqual(allowed);
      expect(await check(9n)).toMatchObject({ isAllowed: false, reason: 'cap_exceeded' });
      await expect(check(1n, 'USD')).rejects.toMatchObject({ code: 'currency_mismatch' });
      await decide([1, 2, 3].map((n) => holdCommand({ id: `list-${n}`, budgetId: leaf })));
      await settle({ holdId: 'list-2', action: 'void' });
      expect((await check(1n)).headroomMicros).toBe(6n);
      const first = await of.reader.holds(TENANT, { budgetId: leaf }, { limit: 2 });
      expect(first.items.map(({ id }) => id)).toEqual(['list-1', 'list-2']);
      const page = { limit: 2, after: first.next };
      const second = await of.reader.holds(TENANT, { budgetId: leaf }, page);
      expect(second).toMatchObject({ items: [{ id: 'list-3' }] });
      expect(second.next).toBeUndefined();
      const held = await of.reader.holds(TENANT, { budgetId: leaf, state: 'held' }, { limit: 9 });
      expect(held.items.map(({ id }) => id)).toEqual(['list-1', 'list-3']);
      await of.budgets.setPaused(TENANT, root, true, 'tester');
      expect(await check(1n)).toMatchObject({ reason: 'budget_paused', headroomMicros: 0n });
      const budgets = await of.budgets.list(TENANT, { limit: 2 });
      const rest = await of.budgets.list(TENANT, { limit: 200, after: budgets.next });
      const ids = [...budgets.items, ...rest.items].map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].sort());
      expect(ids).toContain(leaf);
    });

    it('writes every decision into the audit log, densely and in order', async () => {
      const budgetId = await budget([total(2n)], { tenant: 'audited' });
      const tenant = 'audited';
      await decide([
        holdCommand({ id: 'a', budgetId, tenant }),
        holdCommand({ id: 'b', budgetId, tenant, amountMicros: 3n }),
        holdCommand({ id: 'a', budgetId, tenant }),
      ]);
      await decide([settleCommand({ holdId: 'a', tenant, amountMicros: 5n })]);
      const entries = await of.reader.audit(tenant, -1n, 100);
      expect(entries.map(({ seq }) => seq)).toEqual([0n, 1n, 2n, 3n, 4n]);
      const actions = entries.map(
        ({ record }) => (JSON.parse(record) as { action: string }).action,
      );
      expect(actions).toEqual([
        'budget.created',
        'hold.approved',
        'hold.denied',
        'hold.late_spend',
        'breach.opened',
      ]);
      expect(await of.reader.audit(tenant, 1n, 2)).toEqual(entries.slice(2, 4));
      expect(await of.reader.audit(tenant, 4n, 2)).toEqual([]);
    });

    it('agrees with a recount of its rows after all of this', async () => {
      expect(await of.recount()).toEqual([]);
    });
  });
}
