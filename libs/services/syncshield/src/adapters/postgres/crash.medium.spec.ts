/**
 * Goal: whatever moment a connection dies at, nothing acknowledged is lost and nothing is counted
 * twice.
 * Method: callers place and settle holds on several ledgers while the sessions of the database are
 * terminated at random instants; who gets an error repeats with the same ids. Afterwards every
 * answer is looked up and every row is counted anew.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, SystemClock } from '@kiki/kernel';
import { Decide } from '../../application/decide.js';
import {
  holdCommand,
  settleCommand,
  SilentObserver,
} from '../../application/ledger.conformance.js';
import type { LedgerCommand, LedgerOutcome } from '../../application/ledger.js';
import type { Hold } from '../../domain/hold.js';
import type { SettlementResult } from '../../domain/settlement.js';
import { openFixture, type PostgresFixture } from './postgres-ledger.fixture.js';
import { recount } from './recount.js';

const KILLS = 120;
const CALLERS = 64;
const LIMIT = 400n;
const TENANT = 'acme';
const BUDGETS = ['left', 'right'];

let of: PostgresFixture;

beforeAll(async () => {
  of = await openFixture();
  const input = { tenant: TENANT, name: 'crash', currency: 'EUR' };
  const caps = [{ id: 'total', kind: 'total' as const, limitMicros: LIMIT }];
  await of.budgets.create({ ...input, id: 'root', caps }, 'tester');
  for (const id of BUDGETS) {
    await of.budgets.create({ ...input, id, parentId: 'root', caps: [] }, 'tester');
  }
});

afterAll(() => of.close());

/** Terminates one random session of the ledgers; true when there was one. */
async function kill(): Promise<boolean> {
  const killed = await of.database.query<{ done: boolean }>(
    `SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'victim'
      ORDER BY state <> 'idle' DESC, random() LIMIT 1`,
  );
  return killed[0]?.done ?? false;
}

describe('sessions that die at random instants', () => {
  it('lose nothing acknowledged and double nothing', async () => {
    const victims = Array.from({ length: 3 }, () => of.another('victim'));
    const desks = victims.map(
      ({ ledger }) => new Decide(ledger, new SilentObserver(), new SystemClock(), 10_000),
    );
    let isOver = false;
    let errors = 0;
    const insist = async (command: LedgerCommand, caller: number): Promise<LedgerOutcome> => {
      for (let attempt = caller; ; attempt++) {
        try {
          const [outcome] = await desks[attempt % desks.length]!.execute([command]);
          return outcome!;
        } catch (error) {
          if (!DomainError.is(error) || !error.isRetryable) throw error;
          errors++;
          await sleep(5);
        }
      }
    };
    const holds: Hold[] = [];
    const settlements: SettlementResult[] = [];
    const call = async (caller: number): Promise<void> => {
      for (let turn = 0; !isOver; turn++) {
        const id = `${caller}/${turn}`;
        const budgetId = BUDGETS[turn % 2] ?? '';
        const amountMicros = BigInt(1 + ((caller + turn) % 9));
        const placed = await insist(holdCommand({ id, budgetId, amountMicros }), caller);
        if (placed.kind !== 'hold' || !placed.result.ok) throw new Error('no decision');
        holds.push(placed.result.value);
        if (!placed.result.value.isApproved || turn % 5 === 4) continue;
        const action = turn % 7 === 0 ? 'capture' : 'void';
        const part = action === 'capture' ? { amountMicros: 1n } : {};
        const settled = await insist(settleCommand({ holdId: id, action, ...part }), caller + 1);
        if (settled.kind !== 'settle' || !settled.result.ok) throw new Error('no settlement');
        settlements.push(settled.result.value);
      }
    };
    const callers = Array.from({ length: CALLERS }, (_, caller) => call(caller));
    let kills = 0;
    while (kills < KILLS) {
      await sleep(Math.random() * 25);
      if (await kill()) kills++;
    }
    isOver = true;
    await Promise.all(callers);

    const report = await recount(of.database);
    expect({ over: report.overspendMicros, problems: report.problems }).toEqual({
      ...{ over: 0n, problems: [] },
    });
    expect(report.holds).toBe(holds.length);
    const settled = new Map(settlements.map((result) => [result.hold.id, result]));
    for (const acked of holds) {
      const stored = await of.reader.hold(TENANT, acked.id);
      const after = settled.get(acked.id)?.hold;
      expect(stored).toEqual({ ...acked, ...(after === undefined ? {} : after) });
    }
    const spent = settlements.reduce((sum, { settlement }) => sum + settlement.capturedMicros, 0n);
    expect((await of.budgets.get(TENANT, 'root')).spentMicros).toBe(spent);
    expect(settlements.every(({ settlement }) => settlement.outcome !== 'already_settled')).toBe(
      true,
    );
    expect(errors + holds.length).toBeGreaterThan(KILLS);
  }, 300_000);
});

describe('a COMMIT whose answer is lost', () => {
  it('is asked for again, and the first decision comes back', async () => {
    const { ledger, database } = of.losing();
    const root = 'lost';
    const caps = [{ id: 'total', kind: 'total' as const, limitMicros: 5n }];
    await of.budgets.create({ tenant: TENANT, id: root, name: root, currency: 'EUR', caps }, 'x');
    const commands = [
      holdCommand({ id: 'lost-1', budgetId: root, amountMicros: 4n }),
      holdCommand({ id: 'lost-2', budgetId: root, amountMicros: 4n }),
    ];
    const outcomes = await ledger.decide(commands);
    expect(database.lost).toBe(2);
    expect(outcomes).toEqual(await of.ledger.decide(commands));
    expect(
      outcomes.map(({ result }) => result.ok && 'state' in result.value && result.value.state),
    ).toEqual(['held', 'denied']);
    expect((await of.budgets.get(TENANT, root)).heldMicros).toBe(4n);
  });
});
