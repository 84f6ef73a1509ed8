import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryHome } from '@kiki/testing';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { Caller } from '../torture/shield/caller.js';
import { ShieldCluster } from '../torture/shield/cluster.js';
import { Round } from '../torture/shield/round.js';
import { verifyRound, type Violations } from '../torture/shield/verify.js';
import { Witness } from '../torture/witness.js';

const REPLICAS = 3;
const WORKERS = 16;
const WARM_MS = 3_000;
const AFTER_MS = 6_000;

/** Kills the busiest of three replicas under load and measures how long anybody waits for an answer. */
export const replicasBench: Benchmark = {
  name: 'shield.replicas',
  about: 'three replicas behind a round-robin client, the busiest killed under load',
  targets: [
    { figure: 'longest wait for an answer across the kill', relation: '<=', bound: 5_000 },
    { figure: 'acknowledged after the kill', relation: '>', bound: 0 },
    { figure: 'acknowledged but lost or changed', relation: '<=', bound: 0 },
    { figure: 'doubled', relation: '<=', bound: 0 },
    { figure: 'invariants broken', relation: '<=', bound: 0 },
    { figure: 'overspend', relation: '<=', bound: 0 },
  ],
  run: async ({ rounds, note }) => {
    const home = temporaryHome('kiki-replicas-');
    mkdirSync(home.path, { mode: 0o700 });
    const cluster = await ShieldCluster.start(home.path, REPLICAS);
    try {
      const reports: KillReport[] = [];
      for (let n = 0; n < rounds; n++) reports.push(await killBusiest(cluster, home.path, n, note));
      return figuresOf(reports);
    } finally {
      await cluster.close();
      home.remove();
    }
  },
};

interface KillReport {
  readonly longestMs: number;
  readonly before: number;
  readonly after: number;
  readonly violations: Violations;
}

async function killBusiest(
  cluster: ShieldCluster,
  home: string,
  number: number,
  note: BenchOptions['note'],
): Promise<KillReport> {
  const caller = new Caller(cluster.baseUrls, cluster.secret);
  const witness = new Witness(join(home, `witness-${number}.ndjson`));
  const round = new Round(`replicas-${number}`, caller, witness);
  await cluster.createTenant(round.tenant);
  await round.prepare();
  const load = round.run(WORKERS, number + 1);
  await sleep(WARM_MS);
  const busiest = caller.busiest;
  const before = round.book.acknowledged;
  caller.resetLongest();
  await cluster.replicas[busiest]!.kill();
  await sleep(AFTER_MS);
  const longestMs = caller.longestMs;
  const after = round.book.acknowledged - before;
  round.stop();
  await load;
  witness.close();
  await cluster.replicas[busiest]!.start();
  const violations: Violations = { lost: [], doubled: [], broken: [], overspendMicros: 0n };
  await verifyRound(round, caller, cluster.database, violations);
  note(`killed replica ${busiest}; the longest wait was ${Math.round(longestMs)} ms`);
  for (const line of [...violations.lost, ...violations.doubled, ...violations.broken].slice(0, 5))
    note(line);
  return { longestMs, before, after, violations };
}

function figuresOf(reports: readonly KillReport[]): Figure[] {
  const of = (name: string, unit: string, value: (report: KillReport) => number): Figure => ({
    name,
    unit,
    samples: reports.map(value),
  });
  return [
    of('longest wait for an answer across the kill', 'ms', ({ longestMs }) => longestMs),
    of('acknowledged before the kill', 'operations', ({ before }) => before),
    of('acknowledged after the kill', 'operations', ({ after }) => after),
    of(
      'acknowledged but lost or changed',
      'operations',
      ({ violations }) => violations.lost.length,
    ),
    of('doubled', 'sums', ({ violations }) => violations.doubled.length),
    of('invariants broken', 'findings', ({ violations }) => violations.broken.length),
    of('overspend', 'micros', ({ violations }) => Number(violations.overspendMicros)),
  ];
}
