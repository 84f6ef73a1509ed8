/**
 * Goal: whatever happens in whatever order, no approval takes a cap above its limit, every counter
 * equals the sum of its history, and every command is answered as the rules say.
 * Method: random commands on a shard whose store is a map with the CHECK of the real table,
 * compared after each step with a reference that counts nothing and sums the history anew; days by
 * the tz database's own dates, windows by their exact length.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { headroom } from './decision.js';
import type { Cap } from './budget.js';
import { MemoryShard, treeOf } from './memory-shard.fixture.js';
import { Reference, type Fact } from './reference.fixture.js';
import type { Hold, HoldRequest } from './hold.js';

const HOUR = 3_600_000;

type Step =
  | { readonly do: 'hold'; budget: number; amount: number; expires: number; grace: number }
  | { readonly do: 'settle'; pick: number; part: number; isVoid: boolean; nth: number }
  | { readonly do: 'repeat'; pick: number }
  | { readonly do: 'release' }
  | { readonly do: 'resume' }
  | { readonly do: 'wait'; ms: number };

const zones = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'];
/** Around changes of the clock in both hemispheres, and one ordinary day. */
const starts = ['2026-03-08T04:00Z', '2026-10-24T20:00Z', '2026-04-04T13:00Z', '2026-06-15T12:00Z'];

const capOf = (limit: fc.Arbitrary<number>): fc.Arbitrary<Omit<Cap, 'capNo'>> =>
  fc.oneof(
    limit.map((n) => ({
      id: 'total',
      kind: 'total' as const,
      measure: 'micros' as const,
      limit: BigInt(n),
    })),
    fc.tuple(limit, fc.constantFrom(...zones)).map(([n, timeZone]) => ({
      ...{
        id: 'day',
        kind: 'calendar_day' as const,
        measure: 'micros' as const,
        limit: BigInt(n),
        timeZone,
      },
    })),
    fc
      .tuple(limit, fc.constantFrom(1_000, 1_999, 60_000, HOUR, 36 * HOUR))
      .map(([n, windowMs]) => ({
        ...{
          id: 'window',
          kind: 'sliding_window' as const,
          measure: 'micros' as const,
          limit: BigInt(n),
          windowMs,
        },
      })),
  );
const capsOf = fc.array(capOf(fc.integer({ min: 0, max: 60 })), { maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('hold' as const),
      budget: fc.nat(3),
      amount: fc.integer({ min: 1, max: 30 }),
      expires: fc.constantFrom(1, 500, 60_000, 30 * HOUR),
      grace: fc.constantFrom(0, 100, HOUR),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      pick: fc.nat(),
      part: fc.constantFrom(0, 0.5, 1, 1, 1.5),
      isVoid: fc.boolean(),
      nth: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ do: 'release' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'resume' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.oneof(fc.nat(20), fc.nat(1_500), fc.nat(2 * HOUR), fc.constant(13 * HOUR)),
    }),
  },
);

class Run {
  readonly shard: MemoryShard;
  readonly reference: Reference;
  private readonly answers = new Map<string, { request: HoldRequest; answer: Hold }>();
  private number = 0;

  constructor(caps: readonly Omit<Cap, 'capNo'>[][], startMs: number) {
    const [root = [], left = [], right = [], leaf = []] = caps;
    const tree = treeOf([
      { caps: root },
      { caps: left, parent: 0 },
      { caps: right, parent: 0 },
      { caps: leaf, parent: 1 },
    ]);
    this.shard = new MemoryShard(tree, startMs);
    this.reference = new Reference((no) => tree.path(no));
  }

  take(step: Step): void {
    if (step.do === 'wait') this.shard.nowMs += step.ms;
    else if (step.do === 'hold') this.hold(step);
    else if (step.do === 'settle') this.settle(step);
    else if (step.do === 'repeat') this.repeat(step.pick);
    else if (step.do === 'release') this.release();
    else this.resume();
    this.compare();
  }

  private hold(step: Extract<Step, { do: 'hold' }>): void {
    const request: HoldRequest = {
      tenant: 't',
      id: `h${this.number++}`,
      budgetId: `b${step.budget}`,
      amountMicros: BigInt(step.amount),
      currency: 'EUR',
      expiresInMs: step.expires,
      graceMs: step.grace,
    };
    const { nowMs } = this.shard;
    const path = this.shard.tree.path(BigInt(step.budget));
    const isPaused = path.some((node) => node.isPaused);
    const rooms = path.flatMap((node) =>
      node.caps.map((cap) => {
        const original = this.reference.pathOf(node.budgetNo)[0]!;
        return {
          cap,
          sure: cap.limit - this.reference.used(original, cap, nowMs),
          least: cap.limit - this.reference.usedAtMost(original, cap, nowMs),
        };
      }),
    );
    const result = this.shard.transact((book, view) => book.hold(view, request, 'a'));
    if (!result.ok) throw result.error;
    const hold = result.value;
    const amount = request.amountMicros;
    if (isPaused) expect(hold).toMatchObject({ isApproved: false, reason: 'budget_paused' });
    else if (hold.isApproved) expect(rooms.filter(({ sure }) => amount > sure)).toEqual([]);
    else expect(rooms.some(({ least }) => amount > least)).toBe(true);
    if (hold.denial?.headroomMicros !== undefined) {
      expect(amount > hold.denial.headroomMicros).toBe(true);
    }
    this.answers.set(hold.id, { request, answer: hold });
    this.reference.facts.push({
      id: hold.id,
      budgetNo: hold.budgetNo,
      decidedMs: nowMs,
      amount,
      releaseMs: nowMs + step.expires + step.grace,
      isHeld: hold.isApproved,
      isCaptured: false,
      spent: 0n,
      late: 0n,
      refunded: 0n,
    });
  }

  private settle(step: Extract<Step, { do: 'settle' }>): void {
    const fact = this.pick(step.pick);
    if (fact === undefined) return;
    const { nowMs } = this.shard;
    const amountMicros = BigInt(Math.floor(Number(fact.amount) * step.part));
    const settlementId = `${step.isVoid ? 'v' : 'c'}${step.nth}-${amountMicros}`;
    const known = this.shard.settlements.has(`t\u0000${fact.id}\u0000${settlementId}`);
    const result = this.shard.transact((book, view) =>
      book.settle(
        view,
        {
          ...{ tenant: 't', holdId: fact.id, settlementId },
          ...(step.isVoid ? { action: 'void' } : { action: 'capture', amountMicros }),
        },
        'a',
      ),
    );
    if (!result.ok) throw result.error;
    const { settlement } = result.value;
    if (known) return;
    if (fact.isHeld && fact.releaseMs <= nowMs) fact.isHeld = false;
    const covered = fact.isHeld ? (amountMicros < fact.amount ? amountMicros : fact.amount) : 0n;
    const captured = step.isVoid ? 0n : covered;
    const late = step.isVoid ? 0n : amountMicros - captured;
    expect(settlement).toMatchObject({ capturedMicros: captured, lateMicros: late });
    if (fact.isHeld) fact.isCaptured = !step.isVoid;
    fact.isHeld = false;
    fact.spent += captured + late;
    fact.late += late;
    if (late > 0n) this.expectBreach(fact);
  }

  /**
   * Late spend is a breach exactly when some cap that counts it now is above.
   */
  private expectBreach(fact: Fact): void {
    const { nowMs } = this.shard;
    const isAbove = (used: 'used' | 'usedAtMost'): boolean =>
      this.reference.pathOf(fact.budgetNo).some((node) =>
        node.caps.some((cap) => {
          const isWindow = cap.kind === 'sliding_window';
          const isCounted = fact.decidedMs > nowMs - (cap.windowMs ?? 0) || used !== 'used';
          const atMs = isWindow ? nowMs : fact.decidedMs;
          return (!isWindow || isCounted) && this.reference[used](node, cap, atMs) > cap.limit;
        }),
      );
    const isBreach = this.shard.last.changes?.breaches.length === 1;
    if (isAbove('used')) expect(isBreach).toBe(true);
    if (!isAbove('usedAtMost')) expect(isBreach).toBe(false);
    if (isBreach) expect(this.shard.tree.get(fact.budgetNo)?.isPaused).toBe(true);
    expect(fact.decidedMs).toBeLessThanOrEqual(nowMs);
  }

  private repeat(pick: number): void {
    const fact = this.pick(pick);
    const known = fact && this.answers.get(fact.id);
    if (known === undefined) return;
    const result = this.shard.transact((book, view) => book.hold(view, known.request, 'a'));
    expect(result).toEqual({ ok: true, value: known.answer });
    expect(this.shard.last.changes?.audit).toEqual([]);
  }

  private release(): void {
    const { nowMs } = this.shard;
    this.shard.transact((book, view) => {
      for (const hold of this.shard.holds.values()) book.release(view, hold);
    });
    for (const fact of this.reference.facts) {
      if (fact.isHeld && fact.releaseMs <= nowMs) fact.isHeld = false;
    }
  }

  private resume(): void {
    const { tree } = this.shard;
    const budgets = tree.budgets.map((budget) => ({ ...budget, isPaused: false }));
    this.shard.tree = new (tree.constructor as new (of: typeof budgets) => typeof tree)(budgets);
  }

  private pick(pick: number): Fact | undefined {
    const { facts } = this.reference;
    return facts.length === 0 ? undefined : facts[pick % facts.length];
  }

  /** Every meter equals the sum of the history; so does every day's room. */
  private compare(): void {
    const { nowMs } = this.shard;
    for (const { budgetNo } of this.shard.tree.budgets) {
      const [node] = this.reference.pathOf(budgetNo);
      const [meter] = node?.caps ?? [];
      if (node === undefined || meter === undefined) continue;
      const row = this.shard.counters.get(`${meter.capNo}/0`);
      const { spent: spentMicros = 0n, held: heldMicros = 0n } = row ?? {};
      expect({ spentMicros, heldMicros }).toEqual(this.reference.parts(node));
      for (const cap of node.caps) {
        if (cap.kind !== 'total') continue;
        const used = this.reference.used(node, cap, nowMs);
        const total = this.shard.counters.get(`${cap.capNo}/0`);
        const usage = total ?? { spent: 0n, held: 0n };
        const room = used > cap.limit ? 0n : cap.limit - used;
        expect(headroom(cap, usage)).toBe(room);
      }
    }
  }
}

describe('the book of a shard', () => {
  it('never approves above a cap and always equals its history', () => {
    fc.assert(
      fc.property(
        fc.array(capsOf, { minLength: 4, maxLength: 4 }),
        fc.constantFrom(...starts),
        fc.array(step, { minLength: 10, maxLength: 60 }),
        (caps, start, steps) => {
          const run = new Run(caps, Date.parse(start));
          for (const of of steps) run.take(of);
        },
      ),
      { numRuns: 400 },
    );
  });
});
