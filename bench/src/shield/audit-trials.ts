import { verifyAuditLog, type VerifyReport } from '@kiki/audit-verifier';
import { SeededRandom } from '@kiki/kernel';
import { LogForger } from './audit-forger.js';
import { exportedPages, servedCheckpoint } from './audit-export.js';
import { TENANT, type AuditedShield } from './audit-shield.js';
import { KINDS, tamper, type Honest, type Tampering } from './audit-tamperings.js';

/** What many tamperings came to. */
export interface TrialsReport {
  readonly tamperings: number;
  readonly found: number;
  /** Those whose place was named: exactly, or by a range that begins at or before it. */
  readonly placed: number;
  /** Honest logs that were called changed. */
  readonly falseAlarms: number;
  readonly honestLogs: number;
  readonly byKind: ReadonlyMap<string, number>;
  /** Tamperings that were not found. */
  readonly missed: readonly Tampering[];
}

/** After so many tamperings the honest log is verified, too. */
const HONEST_EVERY = 20;

/** Makes a real log about money: budgets, holds, captures, voids; several checkpoints. */
export async function fillLog(shield: AuditedShield, rounds: number): Promise<number> {
  const client = shield.client();
  const budget = { name: 'audit', currency: 'EUR', caps: [] };
  await client.createBudget(TENANT, { ...budget, id: 'audit' });
  await client.createBudget(TENANT, { ...budget, id: 'audit-leaf', parentId: 'audit' });
  for (let round = 0; round < rounds; round++) {
    const ids = Array.from({ length: 100 }, (_, i) => `${round}-${i}`);
    const of = { budgetId: 'audit-leaf', currency: 'EUR' };
    await client.holdBatch(
      TENANT,
      ids.map((id, i) => ({ id, amountMicros: BigInt(1_000 + i), ...of })),
    );
    await client.settleBatch(
      TENANT,
      ids.map((holdId, i) =>
        i % 4 === 0
          ? { holdId, settlementId: 's', action: 'void' as const }
          : {
              holdId,
              settlementId: 's',
              action: 'capture' as const,
              amountMicros: BigInt(900 + i),
            },
      ),
    );
    await shield.signed();
  }
  return shield.signed();
}

/** Tampers again and again, exports through the API, and verifies with what lies outside. */
export async function runTrials(
  shield: AuditedShield,
  options: { readonly tamperings: number; readonly seed: number },
): Promise<TrialsReport> {
  const random = new SeededRandom(options.seed);
  const forger = new LogForger(shield.database, TENANT, `syncshield.kiki/${TENANT}`);
  await forger.keepOriginal();
  const anchors = shield.anchors();
  const honest: Honest = {
    records: await forger.records(),
    note: await forger.note(),
    earlier: anchors.slice(0, -1),
  };
  const auditor = { shield, anchors, key: await shield.pinnedKey() };
  const byKind = new Map<string, number>();
  const missed: Tampering[] = [];
  const counts = { found: 0, placed: 0, falseAlarms: 0, honestLogs: 0 };
  for (let trial = 0; trial < options.tamperings; trial++) {
    if (trial % HONEST_EVERY === 0) {
      counts.honestLogs++;
      if ((await audit(auditor))?.isValid !== true) counts.falseAlarms++;
    }
    const kind = KINDS[trial % KINDS.length] ?? 'edit';
    const done = await tamper(kind, forger, honest, random);
    const report = await audit(auditor);
    if (report?.isValid === true) missed.push(done);
    else {
      counts.found++;
      byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
      if (isPlaced(done, report)) counts.placed++;
    }
    await forger.restore();
  }
  return { tamperings: options.tamperings, ...counts, byKind, missed };
}

/** Undefined when the service itself says that its log is broken. */
async function audit(auditor: {
  readonly shield: AuditedShield;
  readonly anchors: readonly string[];
  readonly key: string;
}): Promise<VerifyReport | undefined> {
  const { shield, anchors, key } = auditor;
  try {
    return await verifyAuditLog({
      log: exportedPages(shield),
      checkpoints: [...anchors, await servedCheckpoint(shield)],
      publicKeys: [key],
    });
  } catch (error) {
    if (/export was refused.*audit_inconsistent/.test(String(error))) return undefined;
    throw error;
  }
}

function isPlaced({ firstSeq }: Tampering, report: VerifyReport | undefined): boolean {
  if (firstSeq === undefined || report === undefined) return true;
  return report.firstBadSeq !== undefined && report.firstBadSeq <= firstSeq;
}
