import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { MoneyOutApi, SyncShieldClient } from '@kiki/contract-syncshield';
import { openPostgres } from '@kiki/postgres';
import { temporaryHome, waitFor } from '@kiki/testing';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { startChild } from '../platform/child.js';
import { EventReceiver } from './event-receiver.js';

const TENANT = 'bench';
const BUDGETS = 100;
const CAPTURES = 10_000;
const CALLERS = 64;
const HELD = 10n;
const SPENT = 20_000n;
/** Half of what is really spent is above it. */
const LIMIT = (SPENT * BigInt(CAPTURES / BUDGETS)) / 2n;

/** Real spend that no hold covers any more: nothing of it is lost, and who has to know knows within a second. */
export const lateBench: Benchmark = {
  name: 'shield.late',
  about:
    '10,000 captures that are late or above their hold; the breach told by webhook after the ack',
  targets: [
    { figure: 'captures recorded as late spend', relation: '>=', bound: CAPTURES },
    { figure: 'captures dropped or changed', relation: '<=', bound: 0 },
    { figure: 'spend that is not recorded', relation: '<=', bound: 0 },
    { figure: 'budgets breached and paused', relation: '>=', bound: BUDGETS },
    { figure: 'breach told after the ack, worst', relation: '<=', bound: 1_000 },
    { figure: 'pause told after the ack, worst', relation: '<=', bound: 1_000 },
    { figure: 'hold approved after the pause', relation: '<=', bound: 0 },
  ],
  run: async (options) => {
    const home = temporaryHome('kiki-late-');
    mkdirSync(home.path, { mode: 0o700 });
    const server = await openPostgres({ home: home.path, name: 'bench' });
    const receiver = await EventReceiver.open();
    const service = await startChild('../shield/holds-service-main.js', {
      ...{ KIKI_HOME: home.path, KIKI_SECRET: randomBytes(32).toString('hex') },
      SYNCSHIELD_WEBHOOK_TRUSTED_ORIGINS: receiver.origin,
      SYNCSHIELD_SWEEP_INTERVAL_MS: '50',
    });
    try {
      return await measured(service.url, receiver, options);
    } finally {
      await service.stop();
      await receiver.close();
      await server.stop();
      home.remove();
    }
  },
};

interface Round {
  readonly late: number;
  readonly dropped: number;
  readonly missingMicros: number;
  readonly paused: number;
  readonly approved: number;
  readonly breachMs: readonly number[];
  readonly pauseMs: readonly number[];
  readonly seconds: number;
}

async function measured(
  started: string,
  receiver: EventReceiver,
  { rounds, note }: BenchOptions,
): Promise<Figure[]> {
  const url = new URL(started);
  const headers = { authorization: `Bearer ${url.username}` };
  const options = { baseUrl: url.origin, headers: () => headers, timeoutMs: 60_000 };
  const shield = new SyncShieldClient(options);
  await new MoneyOutApi(options).createWebhook(TENANT, { id: 'late', url: `${receiver.origin}/` });
  const done: Round[] = [];
  for (let number = 0; number < rounds; number++) {
    const round = await once(shield, receiver, `r${number}`);
    const worst = Math.max(...round.breachMs).toFixed(0);
    note(`${Math.round(CAPTURES / round.seconds)} captures/s; breaches told within ${worst} ms`);
    done.push(round);
  }
  return figuresOf(done);
}

async function once(
  shield: SyncShieldClient,
  receiver: EventReceiver,
  name: string,
): Promise<Round> {
  const budgets = Array.from({ length: BUDGETS }, (_, i) => `${name}-b${i}`);
  for (const id of budgets) {
    const caps = [{ kind: 'total' as const, limitMicros: LIMIT }];
    await shield.createBudget(TENANT, { id, name: id, currency: 'EUR', caps });
  }
  const holds = Array.from({ length: CAPTURES }, (_, i) => ({
    ...{ id: `${name}-h${i}`, budgetId: budgets[i % BUDGETS] ?? '', amountMicros: HELD },
    // Every second one is given back before it is captured, the others are captured above what they hold.
    ...(Math.floor(i / BUDGETS) % 2 === 0 ? { expiresInMs: 1, graceMs: 0 } : {}),
    currency: 'EUR',
  }));
  const decided = await shield.holdBatch(TENANT, holds);
  if (decided.some((item) => !item.ok || item.value.decision !== 'approved')) {
    throw new Error('a hold was not approved');
  }
  const { ackMs, late, dropped, seconds } = await captureAll(
    shield,
    holds.map(({ id }) => id),
  );
  await waitFor(() => receiver.count(name, 'budget.paused') === BUDGETS, { timeoutMs: 20_000 });
  const breaches = receiver.of(name, 'budget.breached');
  const at = new Map(breaches.map(({ budgetId, holdId }) => [budgetId, ackMs.get(holdId) ?? 0]));
  const since = (type: string): number[] =>
    receiver
      .of(name, type)
      .map(({ budgetId, atMs }) => Math.max(0, atMs - (at.get(budgetId) ?? 0)));
  const after = await Promise.all(budgets.map((id) => shield.getBudget(TENANT, id)));
  const spent = after.reduce((sum, { spentMicros }) => sum + spentMicros, 0n);
  return {
    ...{ late, dropped, seconds, missingMicros: Number(SPENT * BigInt(CAPTURES) - spent) },
    paused: after.filter(({ id, isPaused }) => isPaused && at.has(id)).length,
    approved: await approvedAfter(shield, budgets, name),
    ...{ breachMs: since('budget.breached'), pauseMs: since('budget.paused') },
  };
}

async function captureAll(
  shield: SyncShieldClient,
  ids: readonly string[],
): Promise<{ ackMs: Map<string, number>; late: number; dropped: number; seconds: number }> {
  const ackMs = new Map<string, number>();
  const startedMs = performance.now();
  let [next, late, dropped] = [0, 0, 0];
  const call = async (): Promise<void> => {
    while (next < ids.length) {
      const id = ids[next++] ?? '';
      const settled = await shield.capture(TENANT, id, 's', SPENT);
      ackMs.set(id, performance.now());
      if (settled.outcome === 'late_spend') late++;
      if (settled.capturedMicros + settled.lateMicros !== SPENT) dropped++;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
  return { ackMs, late, dropped, seconds: (performance.now() - startedMs) / 1_000 };
}

async function approvedAfter(
  shield: SyncShieldClient,
  budgets: readonly string[],
  name: string,
): Promise<number> {
  const holds = budgets.map((budgetId, i) => ({
    ...{ id: `${name}-after${i}`, budgetId, amountMicros: 1n, currency: 'EUR' },
  }));
  const items = await shield.holdBatch(TENANT, holds);
  return items.filter((item) => !item.ok || item.value.reason !== 'budget_paused').length;
}

function figuresOf(rounds: readonly Round[]): Figure[] {
  const worst = (of: (round: Round) => readonly number[]): number[] =>
    rounds.map((round) => Math.max(...of(round)));
  const each = (of: (round: Round) => number): number[] => rounds.map(of);
  return [
    {
      name: 'captures recorded as late spend',
      unit: 'captures',
      samples: each(({ late }) => late),
    },
    { name: 'captures dropped or changed', unit: 'captures', samples: each((of) => of.dropped) },
    { name: 'spend that is not recorded', unit: 'micros', samples: each((of) => of.missingMicros) },
    { name: 'budgets breached and paused', unit: 'budgets', samples: each(({ paused }) => paused) },
    { name: 'breach told after the ack, worst', unit: 'ms', samples: worst((of) => of.breachMs) },
    { name: 'pause told after the ack, worst', unit: 'ms', samples: worst((of) => of.pauseMs) },
    { name: 'hold approved after the pause', unit: 'holds', samples: each((of) => of.approved) },
    { name: 'captures', unit: 'captures/s', samples: each(({ seconds }) => CAPTURES / seconds) },
  ];
}
