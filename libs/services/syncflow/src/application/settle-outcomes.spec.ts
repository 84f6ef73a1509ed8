/**
 * Goal: every settlement is told until it is confirmed, one tenant's trouble does not stop another's, runs do not
 * pile up. Method: the use case on a list in memory and an authority that fails by plan.
 */
import { describe, expect, it } from '@jest/globals';
import { kernelErrors } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { Outcomes, type OpenSettlement } from './outcomes.js';
import { SettleOutcomes } from './settle-outcomes.js';
import { SpendAuthority, type Settlement } from './spend-authority.js';

class ListedOutcomes extends Outcomes {
  readonly settled = new Map<string, string>();
  readonly postponed: string[] = [];

  constructor(readonly open: OpenSettlement[]) {
    super();
  }

  override openSettlements(limit: number) {
    const due = this.open.filter(
      ({ outcomeId }) => !this.settled.has(outcomeId) && !this.postponed.includes(outcomeId),
    );
    return Promise.resolve(due.slice(0, limit));
  }

  override markSettled(settled: readonly { outcomeId: string; outcome: string }[]) {
    for (const { outcomeId, outcome } of settled) this.settled.set(outcomeId, outcome);
    return Promise.resolve();
  }

  override postpone(open: readonly { outcomeId: string }[]) {
    this.postponed.push(...open.map(({ outcomeId }) => outcomeId));
    return Promise.resolve();
  }

  override record(): never {
    throw new Error('not used here');
  }

  override conversionCounts(): never {
    throw new Error('not used here');
  }
}

class PlannedAuthority extends SpendAuthority {
  calls: [string, number][] = [];

  override hold(): never {
    throw new Error('not used here');
  }

  override async settle(tenant: string, settlements: readonly Settlement[]) {
    this.calls.push([tenant, settlements.length]);
    await Promise.resolve();
    if (tenant === 'down') throw kernelErrors.unavailable();
    return settlements
      .filter(({ holdId }) => !holdId.startsWith('later'))
      .map(({ settlementId }) => ({ settlementId, outcome: 'captured' }));
  }
}

const open = (tenant: string, id: string): OpenSettlement => ({
  ...{ tenant, outcomeId: `${tenant}-${id}`, settlementId: `${id}:capture`, holdId: id },
  ...{ action: 'capture' as const, amountMicros: 5n },
});

describe('SettleOutcomes', () => {
  it('settles batch by batch; what is not confirmed and whom nobody answers is put off', async () => {
    const many = Array.from({ length: 1200 }, (_, i) => open('up', `h${i}`));
    const all = [open('down', 'x'), open('up', 'later-1'), ...many, open('down', 'y')];
    const outcomes = new ListedOutcomes(all);
    const spend = new PlannedAuthority();
    const settle = new SettleOutcomes(outcomes, spend, new SilentLogger());
    expect(await settle.execute()).toBe(1200);
    expect(outcomes.settled.size).toBe(1200);
    expect([...outcomes.postponed].sort()).toEqual(['down-x', 'down-y', 'up-later-1']);
    expect(await settle.execute()).toBe(0);
  });

  it('joins a run that is under way and looks once more for what came meanwhile', async () => {
    const outcomes = new ListedOutcomes([open('up', 'a')]);
    const spend = new PlannedAuthority();
    const settle = new SettleOutcomes(outcomes, spend, new SilentLogger());
    const first = settle.execute();
    outcomes.open.push(open('up', 'b'));
    settle.soon();
    expect(settle.execute()).toBe(first);
    expect(await first).toBe(2);
    await settle.idle();
    expect(outcomes.settled.size).toBe(2);
  });
});
