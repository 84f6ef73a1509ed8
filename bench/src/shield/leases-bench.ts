import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { measureChecks } from './leases-checks.js';
import { LeaseNodes } from './leases-nodes.js';
import { startLeaseShield, type LeaseShield } from './leases-shield.js';

const NODES = 3;
const TTL_MS = 2_000;
const GRACE_MS = 3_000;
const SPENDS_PER_SECOND = 1_000;
const MOST_MICROS = 10_000;
/** Nodes are away about half of the time: so much of the time is enough to use the budget up. */
const BUSY_SHARE = 0.4;

/** Leases under kills, and how fast one node spends from memory. */
export const leasesBench: Benchmark = {
  name: 'shield.leases',
  about:
    'local spends of one node; 3 nodes on one budget, killed at random (KIKI_BENCH_MINUTES, default 2)',
  targets: [
    { figure: 'local spends', relation: '>=', bound: 1_000_000 },
    { figure: 'local spend p99', relation: '<', bound: 50 },
    { figure: 'journal: overspend', relation: '<=', bound: 0 },
    { figure: 'journal: spent but not booked', relation: '<=', bound: 0 },
    { figure: 'journal: utilisation', relation: '>=', bound: 99 },
    { figure: 'journal: stranded at most', relation: '<=', bound: TTL_MS + GRACE_MS + 1_000 },
    { figure: 'journal: recount findings', relation: '<=', bound: 0 },
    { figure: 'memory: overspend', relation: '<=', bound: 0 },
    { figure: 'memory: spent but not booked', relation: '<=', bound: 0 },
    { figure: 'memory: stranded at most', relation: '<=', bound: TTL_MS + GRACE_MS + 1_000 },
    { figure: 'memory: recount findings', relation: '<=', bound: 0 },
  ],
  run: async (options) => {
    const minutes = Number(process.env['KIKI_BENCH_MINUTES'] ?? '2');
    const shield = await startLeaseShield({
      SYNCSHIELD_LEASE_TTL_MS: String(TTL_MS),
      SYNCSHIELD_LEASE_GRACE_MS: String(GRACE_MS),
    });
    try {
      const checks = await measureChecks(shield, options.rounds);
      options.note('local spends measured');
      return [
        { name: 'local spends', unit: 'spends/s', samples: checks.perSecond },
        { name: 'local spend p99', unit: 'us', samples: checks.p99Us },
        { name: 'local spends refused', unit: '%', samples: checks.refusedPercent },
        ...(await killed(shield, 'journal', minutes, options)),
        // Without a journal the same must never overspend, but what a killed node had free is lost.
        ...(await killed(shield, 'memory', minutes / 4, options)),
      ];
    } finally {
      await shield.close();
    }
  },
};

async function killed(
  shield: LeaseShield,
  mode: 'journal' | 'memory',
  minutes: number,
  { note }: BenchOptions,
): Promise<Figure[]> {
  const perMinute = (NODES * SPENDS_PER_SECOND * 60 * MOST_MICROS) / 2;
  const limitMicros = BigInt(Math.round(minutes * perMinute * BUSY_SHARE));
  const caps = [{ kind: 'total' as const, limitMicros }];
  await shield.client.createBudget('default', { id: mode, name: mode, currency: 'EUR', caps });
  const folder = join(shield.folder, mode);
  mkdirSync(folder);
  const { baseUrl, headers } = shield;
  const order = {
    ...{ baseUrl, headers, tenant: 'default', budgetId: mode, folder },
    hasJournal: mode === 'journal',
    spendsPerSecond: SPENDS_PER_SECOND,
    mostMicros: MOST_MICROS,
  };
  const nodes = new LeaseNodes(shield, { nodes: NODES, order, seed: 1 });
  await nodes.run(performance.now() + minutes * 3 * 60_000);
  // Everything that a node may have left is over by now.
  await sleep(TTL_MS + GRACE_MS + 1_000);
  const witnessed = nodes.witnessedMicros();
  const { spentMicros, heldMicros } = await shield.client.getBudget('default', mode);
  note(
    `${mode}: ${nodes.kills} kills; spent ${witnessed}, booked ${spentMicros} of ${limitMicros}`,
  );
  const { problems, overspendMicros } = await shield.recount();
  const over = witnessed > limitMicros ? witnessed - limitMicros : 0n;
  const unbooked = witnessed > spentMicros ? witnessed - spentMicros : 0n;
  const one = (name: string, unit: string, value: number): Figure => {
    return { name: `${mode}: ${name}`, unit, samples: [value] };
  };
  return [
    one('kills', 'kills', nodes.kills),
    one('overspend', 'micros', Number(over + overspendMicros)),
    one('spent but not booked', 'micros', Number(unbooked)),
    one('still held', 'micros', Number(heldMicros)),
    one('utilisation', '%', Number((witnessed * 1_000_000n) / limitMicros) / 10_000),
    one('booked', '%', Number((spentMicros * 1_000_000n) / limitMicros) / 10_000),
    one('stranded at most', 'ms', Math.max(0, ...nodes.strandedMs)),
    one('recount findings', 'findings', problems),
  ];
}
