import { mkdirSync } from 'node:fs';
import { openPostgres } from '@kiki/postgres';
import { temporaryHome } from '@kiki/testing';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { quantile } from '../harness/statistics.js';
import { exportTo, growTo, timeProofs, verifyFile } from './audit-million.js';
import { AuditedShield } from './audit-shield.js';
import { fillLog, runTrials } from './audit-trials.js';

const TAMPERINGS = 1_000;
const LEAVES = 1_000_000;
const PROOFS = 300;
const SEED = 20_261_124;

/** Whether a changed audit log is found, and what it costs to prove and to verify an honest one. */
export const auditBench: Benchmark = {
  name: 'shield.audit',
  about:
    'tamperings found with an external checkpoint; proofs and offline verification of 1 M leaves',
  targets: [
    { figure: 'tamperings found', relation: '>=', bound: TAMPERINGS },
    { figure: 'tamperings placed', relation: '>=', bound: TAMPERINGS },
    { figure: 'false alarms', relation: '<=', bound: 0 },
    { figure: 'leaves', relation: '>=', bound: LEAVES },
    { figure: 'verification', relation: '<=', bound: 30 },
    { figure: 'inclusion proof p99', relation: '<=', bound: 5 },
    { figure: 'consistency proof p99', relation: '<=', bound: 5 },
    { figure: 'hashes of a proof, most', relation: '<=', bound: 20 },
    { figure: 'verification failures', relation: '<=', bound: 0 },
  ],
  run: async (options) => [...(await trials(options)), ...(await million(options))],
};

async function trials({ note }: BenchOptions): Promise<Figure[]> {
  return onShield(async (shield) => {
    const records = await fillLog(shield, 10);
    note(`${TAMPERINGS} tamperings of a log with ${records} records, seed ${SEED}`);
    const report = await runTrials(shield, { tamperings: TAMPERINGS, seed: SEED });
    const kinds = [...report.byKind].map(([kind, count]) => `${kind} ${count}`).join(', ');
    note(`found: ${kinds}; ${report.honestLogs} honest logs in between`);
    for (const missed of report.missed) note(`missed: ${JSON.stringify(missed)}`);
    return [
      one('tamperings found', 'logs', report.found),
      one('tamperings placed', 'logs', report.placed),
      one('false alarms', 'logs', report.falseAlarms),
    ];
  });
}

async function million({ rounds, note }: BenchOptions): Promise<Figure[]> {
  return onShield(async (shield, home) => {
    const startedMs = performance.now();
    const leaves = await growTo(shield, LEAVES);
    const seconds = (performance.now() - startedMs) / 1_000;
    note(`${leaves} records placed and signed in ${seconds.toFixed(0)} s`);
    await timeProofs(shield, leaves, PROOFS);
    const proofs = await timeProofs(shield, leaves, PROOFS);
    const exported = await exportTo(shield, home);
    note(`exported in ${exported.seconds.toFixed(1)} s, ${(exported.bytes / 1e6).toFixed(0)} MB`);
    const verifications: number[] = [];
    let failures = 0;
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      const { report, seconds: taken } = await verifyFile(shield, exported.path);
      verifications.push(taken);
      if (!report.isValid || report.covered !== leaves) failures++;
      note(`verified ${report.covered} leaves and ${report.checkpoints} checkpoints`);
    }
    return [
      one('leaves', 'records', leaves),
      { name: 'verification', unit: 's', samples: verifications },
      one('inclusion proof p50', 'ms', quantile(proofs.inclusionMs, 0.5)),
      one('inclusion proof p99', 'ms', quantile(proofs.inclusionMs, 0.99)),
      one('consistency proof p50', 'ms', quantile(proofs.consistencyMs, 0.5)),
      one('consistency proof p99', 'ms', quantile(proofs.consistencyMs, 0.99)),
      one('hashes of a proof, most', 'hashes', proofs.mostHashes),
      one('verification failures', 'runs', failures),
    ];
  });
}

async function onShield<T>(work: (shield: AuditedShield, home: string) => Promise<T>): Promise<T> {
  const home = temporaryHome('kiki-audit-');
  mkdirSync(home.path, { mode: 0o700 });
  const server = await openPostgres({ home: home.path, name: 'bench' });
  try {
    const { connection } = server;
    const shield = await AuditedShield.start({ home: home.path, connection });
    try {
      return await work(shield, home.path);
    } finally {
      await shield.stop();
    }
  } finally {
    await server.stop();
    home.remove();
  }
}

function one(name: string, unit: string, value: number): Figure {
  return { name, unit, samples: [value] };
}
