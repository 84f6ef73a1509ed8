/**
 * Goal: whatever moment a connection or the whole server dies at, nothing acknowledged is lost and
 * nothing is counted twice.
 * Method: callers place and settle holds on several ledgers while sessions are terminated, or the
 * server is killed with -9, at random instants; who gets an error repeats with the same ids.
 * Afterwards every answer is looked up and every row is counted anew.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { DomainError, SeededRandom, SystemClock } from '@kiki/kernel';
import {
  debianPostgresMissing,
  describeUnless,
  startDebianPostgres,
  testSeed,
} from '@kiki/testing';
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

const random = new SeededRandom(testSeed());

const KILLS = 120;
const RESTARTS = 4;
const CALLERS = 64;
const LIMIT = 400n;
const TENANT = 'acme';
const BUDGETS = ['left', 'right'];
const LONG_MS = 86_400_000;

async function createBudgets(of: PostgresFixture): Promise<void> {
  const input = { tenant: TENANT, name: 'crash', currency: 'EUR' };
  const caps = [{ id: 'total', kind: 'total' as const, measure: 'micros' as const, limit: LIMIT }];
  await of.budgets.create({ ...input, id: 'root', caps }, 'tester');
  for (const id of BUDGETS) {
    await of.budgets.create({ ...input, id, parentId: 'root', caps: [] }, 'tester');
  }
}

/** Callers that place and settle holds until told to stop, and never take an error for an answer. */
class Load {
  readonly holds: Hold[] = [];
  readonly settlements: SettlementResult[] = [];
  private isOver = false;
  private readonly desks: readonly Decide[];
  private readonly callers: readonly Promise<void>[];

  constructor(of: PostgresFixture) {
    this.desks = Array.from({ length: 3 }, () => {
      const { ledger } = of.another('victim');
      return new Decide(ledger, new SilentObserver(), new SystemClock(), 10_000);
    });
    this.callers = Array.from({ length: CALLERS }, (_, caller) => this.call(caller));
  }

  /** Whether captures and voids have come through; how soon depends on the machine. */
  get hasMetBoth(): boolean {
    return new Set(this.settlements.map(({ settlement }) => settlement.outcome)).size > 1;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.callers);
  }

  private async call(caller: number): Promise<void> {
    for (let turn = 0; !this.isOver; turn++) {
      const id = `${caller}/${turn}`;
      const budgetId = BUDGETS[turn % 2] ?? '';
      const amountMicros = BigInt(1 + ((caller + turn) % 9));
      const request = { id, budgetId, amountMicros, expiresInMs: LONG_MS };
      const placed = await this.insist(holdCommand(request), caller);
      if (placed.kind !== 'hold' || !placed.result.ok) throw new Error('no decision');
      this.holds.push(placed.result.value);
      if (!placed.result.value.isApproved || turn % 5 === 4) continue;
      const action = turn % 7 === 0 ? 'capture' : 'void';
      const part = action === 'capture' ? { amountMicros: 1n } : {};
      const command = settleCommand({ holdId: id, action, ...part });
      const settled = await this.insist(command, caller + 1);
      if (settled.kind !== 'settle' || !settled.result.ok) throw new Error('no settlement');
      this.settlements.push(settled.result.value);
    }
  }

  private async insist(command: LedgerCommand, caller: number): Promise<LedgerOutcome> {
    for (let attempt = caller; ; attempt++) {
      try {
        const [outcome] = await this.desks[attempt % this.desks.length]!.execute([command]);
        if (outcome!.result.ok || !outcome!.result.error.isRetryable) return outcome!;
      } catch (error) {
        if (!DomainError.is(error) || !error.isRetryable) throw error;
      }
      await sleep(5);
    }
  }
}

async function allHolds(of: PostgresFixture): Promise<Map<string, Hold>> {
  const found = new Map<string, Hold>();
  for (const budgetId of BUDGETS) {
    let after: string | undefined;
    do {
      const page = await of.reader.holds(TENANT, { budgetId }, { limit: 1000, after });
      for (const hold of page.items) found.set(hold.id, hold);
      after = page.next;
    } while (after !== undefined);
  }
  return found;
}

async function expectNothingLost(of: PostgresFixture, load: Load): Promise<void> {
  const { holds, settlements } = load;
  const report = await recount(of.database);
  const { overspendMicros, problems } = report;
  expect({ overspendMicros, problems }).toEqual({ overspendMicros: 0n, problems: [] });
  expect(report.holds).toBe(holds.length);
  const settled = new Map(settlements.map((result) => [result.hold.id, result.hold]));
  const stored = await allHolds(of);
  const lost = holds.filter((acked) => {
    const last = settled.get(acked.id) ?? acked;
    return !isDeepStrictEqual(stored.get(acked.id), last);
  });
  expect(lost).toEqual([]);
  const spent = settlements.reduce((sum, { settlement }) => sum + settlement.capturedMicros, 0n);
  expect((await of.budgets.get(TENANT, 'root')).spentMicros).toBe(spent);
  const outcomes = new Set(settlements.map(({ settlement }) => settlement.outcome));
  expect([...outcomes].sort()).toEqual(['captured', 'voided']);
}

describe('sessions that die at random instants', () => {
  let of: PostgresFixture;
  beforeAll(async () => {
    of = await openFixture();
    await createBudgets(of);
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

  it('lose nothing acknowledged and double nothing', async () => {
    const load = new Load(of);
    for (let kills = 0; kills < KILLS || !load.hasMetBoth;) {
      await sleep(random.nextInt(25));
      if (await kill()) kills++;
    }
    await load.stop();
    await expectNothingLost(of, load);
  }, 300_000);

  it('ask again for a COMMIT whose answer was lost, and hear the first decision', async () => {
    const { ledger, database } = of.losing();
    const root = 'lost';
    const caps = [{ id: 'total', kind: 'total' as const, measure: 'micros' as const, limit: 5n }];
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

describeUnless(debianPostgresMissing(), 'a server that is killed at random instants', () => {
  let server: Awaited<ReturnType<typeof startDebianPostgres>>;
  let of: PostgresFixture;
  beforeAll(async () => {
    server = await startDebianPostgres();
    of = await openFixture(server?.connection);
    await createBudgets(of);
  });
  afterAll(async () => {
    await of.close();
    await server?.stop();
  });

  it('loses nothing acknowledged and doubles nothing', async () => {
    const load = new Load(of);
    for (let restarts = 0; restarts < RESTARTS; restarts++) {
      const before = load.holds.length;
      while (load.holds.length < before + CALLERS) await sleep(random.nextInt(50));
      await server?.crashAndRestart();
    }
    await load.stop();
    await expectNothingLost(of, load);
  }, 300_000);
});
