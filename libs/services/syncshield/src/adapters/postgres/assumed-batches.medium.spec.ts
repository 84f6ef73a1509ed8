/**
 * Goal: a batch of holds that is decided on what its process has kept goes to the store as one statement, and gets
 * exactly what it would have got had everything been read: whatever it assumed is checked where it is written.
 * Method: a process that counts how it writes, beside a second one, the administration, a clock that is moved, answers
 * that are lost and a store that is changed by hand.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import {
  PostgresDatabase,
  postgresErrors,
  type OpenedRows,
  type Queryable,
  type Row,
  type TransactionOptions,
} from '@kiki/postgres';
import { NoConsentRegistry } from '../../application/consent-check.js';
import { holdCommand, settleCommand } from '../../application/ledger.conformance.js';
import type { LedgerOutcome } from '../../application/ledger.js';
import { openControls, type ControlsFixture } from './controls.fixture.js';
import { Judges } from './judges.js';
import { TEST_NOW } from './postgres-ledger.fixture.js';
import { PostgresLedger } from './postgres-ledger.js';
import { recount } from './recount.js';

/** Counts how it is written to; loses what it is told to. */
class WatchedDatabase extends PostgresDatabase {
  statements = 0;
  transactions = 0;
  loss: 'the statement' | 'the answer' | undefined;

  override async atomic<R extends Row>(
    ...statement: Parameters<PostgresDatabase['atomic']>
  ): Promise<R[]> {
    this.statements++;
    const { loss } = this;
    this.loss = undefined;
    if (loss === 'the statement') throw postgresErrors.commit_unknown();
    const rows = await super.atomic<R>(...statement);
    if (loss === 'the answer') throw postgresErrors.commit_unknown();
    return rows;
  }

  override transaction<T>(
    work: (tx: Queryable, opened: OpenedRows) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    this.transactions++;
    return super.transaction(work, options);
  }
}

let of: ControlsFixture;
const watched: WatchedDatabase[] = [];
beforeAll(async () => {
  of = await openControls(false);
});
afterAll(async () => {
  await Promise.all(watched.map((database) => database.close()));
  await of.close();
});

/** A tenant with one budget of a thousand, and a process that has decided on it once. */
async function scene(tenant: string) {
  const cap = { id: 'all', kind: 'total', measure: 'micros', limit: 1_000n } as const;
  const budget = { tenant, id: 'b', name: 'b', currency: 'EUR', caps: [cap] };
  await of.budgets.create(budget, 'tester');
  const { connection } = of.test;
  const database = new WatchedDatabase({ connection, schema: 'syncshield', max: 2 });
  watched.push(database);
  const clock = new SystemClock();
  const ledger = new PostgresLedger(database, clock, {
    ...{ storeNow: TEST_NOW, lockTimeoutMs: 60_000, maxLateMs: 1_000 },
    judges: new Judges(new NoConsentRegistry(), clock),
  });
  const hold = async (id: string, amountMicros = 10n, on = ledger): Promise<string> =>
    shown(await on.decide([holdCommand({ tenant, id, budgetId: 'b', amountMicros })]));
  expect(await hold('first')).toBe('held within_limits');
  const { statements, transactions } = database;
  /** How it has written since then. */
  const written = (): { statements: number; transactions: number } => ({
    statements: database.statements - statements,
    transactions: database.transactions - transactions,
  });
  return { tenant, cap, ledger, database, hold, written };
}

function shown([outcome]: readonly LedgerOutcome[]): string {
  if (outcome?.kind !== 'hold') return 'no hold';
  const { result } = outcome;
  return result.ok ? `${result.value.state} ${result.value.reason}` : result.error.code;
}

async function heldMicros(tenant: string): Promise<bigint> {
  expect((await recount(of.database, tenant)).problems).toEqual([]);
  return (await of.budgets.get(tenant, 'b')).heldMicros;
}

describe('a batch that is decided on what is kept', () => {
  it('goes as one statement, also what is denied and what is asked again', async () => {
    const { tenant, hold, written } = await scene('alone');
    expect(await hold('a')).toBe('held within_limits');
    expect(await hold('b', 981n)).toBe('denied cap_exceeded');
    expect(await hold('c', 980n)).toBe('held within_limits');
    expect(written()).toEqual({ statements: 3, transactions: 0 });
    // It was taken to be new first.
    expect(await hold('a')).toBe('held within_limits');
    expect(await hold('a', 11n)).toBe('idempotency_conflict');
    expect(await heldMicros(tenant)).toBe(1_000n);
  });

  it('is decided anew when another process has written', async () => {
    const { tenant, hold, written } = await scene('two');
    expect(await hold('theirs', 985n, of.another())).toBe('held within_limits');
    expect(await hold('mine')).toBe('denied cap_exceeded');
    expect(written()).toEqual({ statements: 1, transactions: 1 });
    expect(await heldMicros(tenant)).toBe(995n);
  });

  it('is decided anew when a hold was settled elsewhere', async () => {
    const { tenant, hold, written } = await scene('settled');
    await of.ledger.decide([
      settleCommand({ tenant, holdId: 'first', settlementId: 's', action: 'void' }),
    ]);
    expect(await hold('mine', 1_000n)).toBe('held within_limits');
    expect(written()).toEqual({ statements: 1, transactions: 1 });
    expect(await heldMicros(tenant)).toBe(1_000n);
  });

  it('meets a kill switch, a policy, a limit and a pause that came since', async () => {
    const { tenant, cap, hold, written } = await scene('ruled');
    const by = { tenant, actor: 'tester', reason: 'test' };
    const { id } = await of.kills.set(by);
    expect(await hold('killed')).toBe('denied kill_switch');
    await of.kills.lift({ ...by, id });
    expect(await hold('lifted')).toBe('held within_limits');
    await of.budgets.replaceCaps(tenant, 'b', [{ ...cap, limit: 25n }], 'tester');
    expect(await hold('lowered')).toBe('denied cap_exceeded');
    await of.budgets.setPaused(tenant, 'b', true, 'tester');
    expect(await hold('paused')).toBe('denied budget_paused');
    expect(written().transactions).toBeGreaterThan(0);
    expect(await heldMicros(tenant)).toBe(20n);
  });

  it('is decided at an instant of the store, also when its clock jumps', async () => {
    const { ledger, tenant, database, hold } = await scene('late');
    for (const jumpMs of [3_600_000, -7_200_000]) {
      await of.advance(jumpMs);
      const id = `after ${jumpMs}`;
      const [outcome] = await ledger.decide([
        holdCommand({ tenant, id, budgetId: 'b', amountMicros: 1n }),
      ]);
      const [row] = await database.query<{ now_ms: bigint; clock_ms: bigint }>(
        `SELECT ${TEST_NOW} AS now_ms, clock_ms FROM shards WHERE tenant = $1`,
        [tenant],
      );
      if (outcome?.kind !== 'hold' || !outcome.result.ok) throw new Error('no hold');
      const { decidedMs } = outcome.result.value;
      expect(BigInt(decidedMs)).toBe(row!.clock_ms);
      if (jumpMs > 0) expect(Math.abs(decidedMs - Number(row!.now_ms))).toBeLessThan(60_000);
      // A shard never goes back.
      else expect(decidedMs).toBeGreaterThan(Number(row!.now_ms));
      expect(await hold(`and ${jumpMs}`)).toBe('held within_limits');
    }
    await of.advance(3_600_000);
    expect((await recount(of.database, tenant)).problems).toEqual([]);
  });

  it('is found, or decided, when the statement or its answer is lost', async () => {
    const { tenant, database, hold } = await scene('lost');
    for (const loss of ['the answer', 'the statement', 'the answer'] as const) {
      database.loss = loss;
      expect(await hold(`${loss} ${database.statements}`)).toBe('held within_limits');
      expect(database.loss).toBeUndefined();
      // The next one has to be kept again.
      for (let n = 0; n < 6; n++) await hold(`between ${database.statements} ${n}`, 1n);
    }
    expect(await heldMicros(tenant)).toBe(10n + 3n * 16n);
  });

  it('goes back into a transaction when a threshold is reached, and tells it once', async () => {
    const { tenant, hold, written } = await scene('told');
    expect(await hold('most', 900n)).toBe('held within_limits');
    await of.ledger.decide([
      settleCommand({
        ...{ tenant, holdId: 'most', settlementId: 's', action: 'capture', amountMicros: 900n },
      }),
    ]);
    for (let n = 0; n < 8; n++) expect(await hold(`more ${n}`, 1n)).toBe('held within_limits');
    expect(written().statements).toBeGreaterThan(1);
    const [{ marks } = { marks: 0n }] = await of.database.query<{ marks: bigint }>(
      'SELECT count(*) AS marks FROM threshold_marks WHERE tenant = $1',
      [tenant],
    );
    expect(marks).toBeGreaterThan(0n);
    expect(await heldMicros(tenant)).toBe(18n);
  });

  it('is undone as a whole when a counter is not what it was taken to be', async () => {
    const { tenant, hold } = await scene('by hand');
    await of.database.execute(
      `UPDATE cap_counters c SET mark = 7 FROM caps p
        WHERE p.cap_no = c.cap_no AND p.tenant = $1 AND p.id = 'all'`,
      [tenant],
    );
    await expect(hold('undone')).rejects.toMatchObject({ code: 'ledger_inconsistent' });
    const [{ holds } = { holds: 0n }] = await of.database.query<{ holds: bigint }>(
      'SELECT count(*) AS holds FROM holds WHERE tenant = $1',
      [tenant],
    );
    expect(holds).toBe(1n);
  });

  it('says what is wrong with one hold, and decides the others', async () => {
    const { tenant, ledger, written } = await scene('mixed');
    const outcomes = await ledger.decide([
      holdCommand({ tenant, id: 'good', budgetId: 'b', amountMicros: 1n }),
      holdCommand({ tenant, id: 'bad', budgetId: 'b', amountMicros: 1n, currency: 'USD' }),
      holdCommand({ tenant, id: 'nowhere', budgetId: 'none', amountMicros: 1n }),
    ]);
    expect(outcomes.map((outcome) => shown([outcome]))).toEqual([
      'held within_limits',
      'currency_mismatch',
      'budget_not_found',
    ]);
    expect(written()).toEqual({ statements: 1, transactions: 0 });
    expect(await heldMicros(tenant)).toBe(11n);
  });
});
