import { setImmediate as turn } from 'node:timers/promises';
import { FileLeaseJournal, HttpLeases, LeaseClient } from '@kiki/contract-syncshield';
import { join } from 'node:path';
import { quantile } from '../harness/statistics.js';
import type { LeaseShield } from './leases-shield.js';

const ROUND_MS = 1_500;
const PER_TURN = 5_000;
const AMOUNT = 7n;
const BUDGET = 'checks';

/** Local spends of one node: how many a second, and how long one takes. */
export interface ChecksReport {
  readonly perSecond: number[];
  readonly p99Us: number[];
  readonly refusedPercent: number[];
}

/** Spends from one process as fast as it can, journal and reports included. */
export async function measureChecks(shield: LeaseShield, rounds: number): Promise<ChecksReport> {
  const caps = [{ kind: 'total' as const, limitMicros: 9_000_000_000_000_000n }];
  await shield.client.createBudget('default', { id: BUDGET, name: BUDGET, currency: 'EUR', caps });
  const client = new LeaseClient({
    transport: new HttpLeases({ baseUrl: shield.baseUrl, headers: () => shield.headers }),
    nodeId: 'checks',
    journal: await FileLeaseJournal.open(join(shield.folder, 'checks')),
    settings: { leastAskMicros: 100_000_000n },
  });
  const report: ChecksReport = { perSecond: [], p99Us: [], refusedPercent: [] };
  try {
    await round(client, { perSecond: [], p99Us: [], refusedPercent: [] });
    for (let n = 0; n < rounds; n++) await round(client, report);
  } finally {
    await client.close();
  }
  return report;
}

async function round(client: LeaseClient, report: ChecksReport): Promise<void> {
  const samplesUs: number[] = [];
  let spent = 0;
  let refused = 0;
  const startedMs = performance.now();
  while (performance.now() - startedMs < ROUND_MS) {
    for (let n = 0; n < PER_TURN; n++) {
      if (client.trySpend(BUDGET, AMOUNT) === 'spent') spent++;
      else refused++;
    }
    for (let n = 0; n < 50; n++) {
      const atMs = performance.now();
      client.trySpend(BUDGET, AMOUNT);
      samplesUs.push((performance.now() - atMs) * 1_000);
    }
    await turn();
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  report.perSecond.push(spent / seconds);
  report.p99Us.push(quantile(samplesUs, 0.99));
  report.refusedPercent.push((100 * refused) / (spent + refused));
}
