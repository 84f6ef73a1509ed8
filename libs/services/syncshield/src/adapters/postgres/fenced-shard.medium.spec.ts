/**
 * Goal: what a process keeps in memory of a shard is never believed once somebody else has written
 * to it, and a process that hangs in the middle of a decision loses.
 * Method: two processes' worth of ledgers take turns, and run into each other, on one tree, beside
 * one ledger that gets the same batches alone; a child is stopped by SIGSTOP after it has decided.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SeededRandom, SystemClock } from '@kiki/kernel';
import { SourceProcess, testSeed } from '@kiki/testing';
import { holdCommand, settleCommand } from '../../application/ledger.conformance.js';
import type { LedgerCommand, LedgerOutcome } from '../../application/ledger.js';
import type { CapInput } from '../../domain/caps.js';
import type { HoldRequest } from '../../domain/hold.js';
import { openFixture, type PostgresFixture } from './postgres-ledger.fixture.js';
import { PostgresLedger } from './postgres-ledger.js';

const LEAVES = ['x', 'y', 'z'];
const BATCHES = 60;
const seed = testSeed();

const total = (limit: bigint): CapInput => ({
  ...{ id: 'total', kind: 'total', measure: 'micros', limit },
});
const window: CapInput = {
  ...{ id: 'window', kind: 'sliding_window', measure: 'micros', limit: 900n, windowMs: 3_600_000 },
};
const actions: CapInput = { id: 'few', kind: 'total', measure: 'actions', limit: 90n };

let of: PostgresFixture;
beforeAll(async () => {
  of = await openFixture();
});
afterAll(() => of.close());

/** The same tree under another tenant. */
async function createTree(tenant: string): Promise<void> {
  const create = (id: string, caps: readonly CapInput[], parentId?: string) =>
    of.budgets.create(
      { ...{ tenant, id, name: id, currency: 'EUR', caps }, ...(parentId ? { parentId } : {}) },
      'tester',
    );
  await create('root', [total(1_500n), window]);
  for (const leaf of LEAVES) await create(leaf, [total(500n), actions], 'root');
}

/** Holds, captures and voids, the same for every tenant: by number of batch. */
function batchOf(tenant: string, number: number): LedgerCommand[] {
  const random = new SeededRandom(seed + number);
  const one = (i: number): LedgerCommand => {
    const id = `${number}/${i}`;
    const budgetId = LEAVES[random.nextInt(LEAVES.length)] ?? '';
    if (number === 0 || random.nextInt(3) > 0) {
      const amountMicros = BigInt(1 + random.nextInt(40));
      // Now and then an id that was there before.
      const again = random.nextInt(20) === 0 ? `${Math.max(0, number - 1)}/0` : id;
      return holdCommand({ tenant, id: again, budgetId, amountMicros });
    }
    const holdId = `${random.nextInt(number)}/${random.nextInt(5)}`;
    const action = random.nextInt(2) === 0 ? 'void' : 'capture';
    return settleCommand({ tenant, holdId, settlementId: id, action });
  };
  return Array.from({ length: 5 }, (_, i) => one(i));
}

function shown({ result }: LedgerOutcome): string {
  if (!result.ok) return result.error.code;
  const { value } = result;
  if ('settlement' in value) return `${value.settlement.outcome} ${value.hold.state}`;
  return 'reason' in value
    ? `${value.state} ${value.reason} ${value.denial?.capId ?? ''}`
    : 'entry';
}

describe('two processes on one shard', () => {
  it(`decide batch after batch what one alone decides (seed ${seed})`, async () => {
    await createTree('alone');
    await createTree('shared');
    const pair = [of.another().ledger, of.another().ledger];
    const random = new SeededRandom(seed);
    for (let number = 0; number < BATCHES; number++) {
      const expected = await of.ledger.decide(batchOf('alone', number));
      const whose = pair[random.nextInt(2)]!;
      const actual = await whose.decide(batchOf('shared', number));
      expect([number, ...actual.map(shown)]).toEqual([number, ...expected.map(shown)]);
      if (number % 20 === 10) {
        for (const tenant of ['alone', 'shared']) {
          await of.budgets.replaceCaps(tenant, 'root', [total(1_500n - BigInt(number))], 'tester');
        }
      }
    }
    expect(await of.recount()).toEqual([]);
  }, 120_000);

  it('never approve more than one alone would when they run into each other', async () => {
    await createTree('race');
    const pair = [of.another().ledger, of.another().ledger];
    const caller = async (ledger: PostgresLedger, name: string): Promise<bigint> => {
      let approved = 0n;
      for (let i = 0; i < 40; i++) {
        const commands = LEAVES.map((budgetId) =>
          holdCommand({
            tenant: 'race',
            id: `${name}-${i}-${budgetId}`,
            budgetId,
            amountMicros: 9n,
          }),
        );
        for (const { result } of await ledger.decide(commands)) {
          if (result.ok && 'reason' in result.value && result.value.isApproved) approved += 9n;
        }
      }
      return approved;
    };
    const sums = await Promise.all(pair.map((ledger, i) => caller(ledger, `p${i}`)));
    const { heldMicros } = await of.budgets.get('race', 'root');
    expect(sums[0]! + sums[1]!).toBe(heldMicros);
    // 900 of the window are 100 holds of nine.
    expect(heldMicros).toBe(900n);
    expect(await of.recount()).toEqual([]);
  }, 120_000);
});

describe('counters that are kept', () => {
  it('fail against the table when somebody changed it by hand, and are read anew then', async () => {
    await createTree('hand');
    const { ledger } = of.another();
    const hold = (id: string) =>
      ledger.decide([holdCommand({ tenant: 'hand', id, budgetId: 'x', amountMicros: 400n })]);
    expect((await hold('1')).map(shown)).toEqual(['held within_limits ']);
    // Nobody who writes like this bumps state_seq; the CHECK is what is left.
    await of.database.execute(
      `UPDATE cap_counters c SET held = held + 100 FROM caps p
        WHERE p.cap_no = c.cap_no AND p.tenant = 'hand' AND p.id = 'total'`,
    );
    const small = holdCommand({ tenant: 'hand', id: '2', budgetId: 'x', amountMicros: 50n });
    await expect(ledger.decide([small])).rejects.toMatchObject({ code: 'ledger_inconsistent' });
    expect((await ledger.decide([small])).map(shown)).toEqual(['denied cap_exceeded total']);
    await of.database.execute(
      `UPDATE cap_counters c SET held = held - 100 FROM caps p
        WHERE p.cap_no = c.cap_no AND p.tenant = 'hand' AND p.id = 'total'`,
    );
    expect(await of.recount()).toEqual([]);
  });

  it('are given up when the answer to a COMMIT is lost', async () => {
    await createTree('lost');
    const { ledger, database } = of.losing();
    const hold = (id: string, amountMicros: bigint) =>
      ledger.decide([holdCommand({ tenant: 'lost', id, budgetId: 'x', amountMicros })]);
    expect((await hold('1', 300n)).map(shown)).toEqual(['held within_limits ']);
    expect(database.lost).toBeGreaterThan(1);
    expect((await hold('2', 201n)).map(shown)).toEqual(['denied cap_exceeded total']);
    expect((await hold('3', 200n)).map(shown)).toEqual(['held within_limits ']);
    expect(await of.recount()).toEqual([]);
  });

  it('do not outlive an epoch: who decided before it began does not write', async () => {
    await createTree('epoch');
    const { ledger, database } = of.another();
    const command = holdCommand({ tenant: 'epoch', id: '1', budgetId: 'x', amountMicros: 400n });
    let writes = 0;
    const transaction = database.transaction.bind(database);
    // Another session raises the epoch between the decision and what is written of it.
    database.transaction = (work, options) =>
      transaction(
        (tx, opened) =>
          work(
            {
              execute: (...args) => tx.execute(...args),
              query: async (sql, values, how) => {
                if (how?.name === 'shield-write-batch' && ++writes === 1) {
                  await of.database.execute(
                    `UPDATE shards SET epoch = epoch + 1, state_seq = state_seq + 1`,
                  );
                }
                return tx.query(sql, values, how);
              },
            },
            opened,
          ),
        options,
      );
    expect((await ledger.decide([command])).map(shown)).toEqual(['held within_limits ']);
    expect(writes).toBe(2);
    expect((await of.budgets.get('epoch', 'root')).heldMicros).toBe(400n);
    expect(await of.recount()).toEqual([]);
  });
});

describe('a hold whose id is known', () => {
  it.each([
    ['a budget that there is not', { budgetId: 'nowhere' }],
    ['another currency', { currency: 'USD' }],
  ])('conflicts, also on %s, to a process that has not looked it up', async (name, other) => {
    const tenant = `known-${name.length}`;
    await createTree(tenant);
    const command = { tenant, id: '1', budgetId: 'x', amountMicros: 1n };
    await of.another().ledger.decide([holdCommand(command)]);
    const fresh = { ...command, ...other };
    const outcomes = await of
      .another()
      .ledger.decide([holdCommand(fresh), holdCommand({ ...fresh, id: '2' })]);
    const code = 'budgetId' in other ? 'budget_not_found' : 'currency_mismatch';
    expect(outcomes.map(shown)).toEqual(['idempotency_conflict', code]);
  });
});

describe('a process that is stopped in the middle of a decision', () => {
  it('loses its locks and its decision; others go on, and it hears what is true now', async () => {
    await createTree('paused');
    const last: Omit<HoldRequest, 'amountMicros'> & { amountMicros: string } = {
      ...{ tenant: 'paused', id: 'theirs', budgetId: 'x', amountMicros: '500', currency: 'EUR' },
      ...{ expiresInMs: 60_000, graceMs: 60_000 },
    };
    const child = new SourceProcess(new URL('./paused-writer.fixture.ts', import.meta.url), [
      JSON.stringify(of.test.connection),
      JSON.stringify(last),
    ]);
    await child.said('deciding', 60_000);
    process.kill(child.pid, 'SIGSTOP');
    const patient = new PostgresLedger(of.database, new SystemClock(), { lockTimeoutMs: 30_000 });
    const ours = holdCommand({ tenant: 'paused', id: 'ours', budgetId: 'x', amountMicros: 500n });
    expect((await patient.decide([ours])).map(shown)).toEqual(['held within_limits ']);
    process.kill(child.pid, 'SIGCONT');
    expect(await child.said('decided ', 60_000)).toBe('denied');
    await child.end();
    expect((await of.budgets.get('paused', 'root')).heldMicros).toBe(500n);
    expect(await of.recount()).toEqual([]);
  }, 120_000);
});
