/**
 * Goal: 200 callers racing for the last unit of a budget, 200 times: exactly one gets it, and
 * everybody who repeats his question hears the same answer.
 * Method: four processes' worth of ledgers, each with its own pool, on one PostgreSQL; callers
 * come through batches and alone, some by different budgets of one tree; some send their id to two
 * processes at once.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { Decide } from '../../application/decide.js';
import { holdCommand, SilentObserver } from '../../application/ledger.conformance.js';
import type { LedgerCommand } from '../../application/ledger.js';
import type { Hold } from '../../domain/hold.js';
import { openFixture, type PostgresFixture } from './postgres-ledger.fixture.js';
import { recount } from './recount.js';

const ROUNDS = 200;
const CALLERS = 200;
const LEDGERS = 4;
const TREE_EVERY = 5;
/** Races that run at a time: they share transactions, which lock several budgets then. */
const TOGETHER = 8;
const TENANT = 'acme';

type Ask = (command: LedgerCommand) => Promise<Hold>;

let of: PostgresFixture;
let asks: Ask[];
let alone: Ask[];

beforeAll(async () => {
  of = await openFixture();
  const others = Array.from({ length: LEDGERS }, () => of.another());
  const desks = others.map(
    ({ ledger }) => new Decide(ledger, new SilentObserver(), new SystemClock(), 10_000),
  );
  asks = desks.map((desk) => async (command) => valueOf(await desk.execute([command])));
  alone = others.map(
    ({ ledger }) =>
      async (command) =>
        valueOf(await ledger.decide([command])),
  );
});

afterAll(() => of.close());

function valueOf([outcome]: Awaited<ReturnType<Decide['execute']>>): Hold {
  if (outcome?.kind !== 'hold' || !outcome.result.ok) throw new Error('no decision');
  return outcome.result.value;
}

/**
 * A budget with one unit left, alone or as the root of a tree; gives the ids that callers may
 * name.
 */
async function lastUnit(root: string, isTree: boolean): Promise<string[]> {
  const input = { tenant: TENANT, name: root, currency: 'EUR' };
  const caps = [
    { id: 'total', kind: 'total' as const, measure: 'micros' as const, limit: isTree ? 8n : 1n },
  ];
  await of.budgets.create({ ...input, id: root, caps }, 'tester');
  if (!isTree) return [root];
  const leaves = [`${root}-a`, `${root}-b`];
  for (const id of leaves) {
    await of.budgets.create({ ...input, id, parentId: root, caps: [] }, 'tester');
  }
  await of.ledger.decide([holdCommand({ id: `${root}-7`, budgetId: root, amountMicros: 7n })]);
  return [root, ...leaves];
}

async function race(round: number): Promise<void> {
  const root = `race-${round}`;
  const budgetIds = await lastUnit(root, round % TREE_EVERY === 0);
  const calls = Array.from({ length: CALLERS }, (_, caller) => {
    const budgetId = budgetIds[caller % budgetIds.length] ?? root;
    const command = holdCommand({ id: `${root}/${caller}`, budgetId, amountMicros: 1n });
    const ask = (caller % 40 === 0 ? alone : asks)[caller % LEDGERS];
    const twin = caller % 20 === 0 ? asks[(caller + 1) % LEDGERS] : undefined;
    return [ask, twin].flatMap((to) => (to === undefined ? [] : [to(command)]));
  });
  const answers = await Promise.all(calls.flat());
  const holds = new Map<string, Hold>();
  for (const hold of answers) {
    expect(holds.get(hold.id) ?? hold).toEqual(hold);
    holds.set(hold.id, hold);
  }
  const approved = [...holds.values()].filter(({ isApproved }) => isApproved);
  expect({ round, callers: holds.size, approved: approved.length }).toEqual({
    ...{ round, callers: CALLERS, approved: 1 },
  });
}

describe('the last unit of a budget', () => {
  it(`goes to exactly one of ${CALLERS} callers, ${ROUNDS} times`, async () => {
    for (let first = 0; first < ROUNDS; first += TOGETHER) {
      await Promise.all(Array.from({ length: TOGETHER }, (_, index) => race(first + index)));
    }
    const { overspendMicros, problems, holds } = await recount(of.database);
    expect({ overspendMicros, problems }).toEqual({ overspendMicros: 0n, problems: [] });
    expect(holds).toBe(ROUNDS * CALLERS + ROUNDS / TREE_EVERY);
  }, 600_000);
});
