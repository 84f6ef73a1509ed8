import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { verifyAuditLog, type VerifyReport } from '@kiki/audit-verifier';
import { SeededRandom } from '@kiki/kernel';
import { exportedPages } from './audit-export.js';
import { TENANT, type AuditedShield } from './audit-shield.js';

/** Batches that are on their way at once. */
const IN_FLIGHT = 4;
const PER_BATCH = 1_024;

/** Places holds until the log has so many records; returns how many it has. */
export async function growTo(shield: AuditedShield, records: number): Promise<number> {
  const client = shield.client();
  await client.createBudget(TENANT, { id: 'many', name: 'many', currency: 'EUR', caps: [] });
  let next = await shield.signed();
  const place = async (): Promise<void> => {
    while (next < records) {
      const first = next;
      next += PER_BATCH;
      await client.holdBatch(
        TENANT,
        Array.from({ length: Math.min(PER_BATCH, records - first) }, (_, i) => ({
          id: `many-${first + i}`,
          ...{ budgetId: 'many', amountMicros: 1_000n, currency: 'EUR', expiresInMs: 86_400_000 },
        })),
      );
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, place));
  return shield.signed();
}

/** What proofs cost over HTTP, one after the other. */
export interface ProofTimes {
  readonly inclusionMs: readonly number[];
  readonly consistencyMs: readonly number[];
  readonly mostHashes: number;
}

/** Asks for proofs at random places. */
export async function timeProofs(
  shield: AuditedShield,
  size: number,
  count: number,
): Promise<ProofTimes> {
  const random = new SeededRandom(1);
  const inclusionMs: number[] = [];
  const consistencyMs: number[] = [];
  let mostHashes = 0;
  const ask = async (path: string, into: number[]): Promise<number> => {
    const startedMs = performance.now();
    const answer = await shield.get(path);
    const { hashes } = (await answer.json()) as { hashes: string[] };
    into.push(performance.now() - startedMs);
    return hashes.length;
  };
  for (let i = 0; i < count; i++) {
    const at = random.nextInt(size);
    const path = `/v1/audit/proof/inclusion?seq=${at}&size=${size}`;
    mostHashes = Math.max(mostHashes, await ask(path, inclusionMs));
    await ask(`/v1/audit/proof/consistency?from=${at + 1}&to=${size}`, consistencyMs);
  }
  return { inclusionMs, consistencyMs, mostHashes };
}

/** An export on the disk. */
export async function exportTo(
  shield: AuditedShield,
  folder: string,
): Promise<{ readonly path: string; readonly seconds: number; readonly bytes: number }> {
  const path = join(folder, 'audit.ndjson');
  const startedMs = performance.now();
  await pipeline(Readable.from(exportedPages(shield)), createWriteStream(path));
  const { size: bytes } = await stat(path);
  return { path, seconds: (performance.now() - startedMs) / 1_000, bytes };
}

/** The offline verification of an export, with every anchored checkpoint. */
export async function verifyFile(
  shield: AuditedShield,
  path: string,
): Promise<{ readonly report: VerifyReport; readonly seconds: number }> {
  const startedMs = performance.now();
  const report = await verifyAuditLog({
    log: createReadStream(path, { highWaterMark: 1024 * 1024 }),
    checkpoints: shield.anchors(),
    publicKeys: [await shield.pinnedKey()],
  });
  return { report, seconds: (performance.now() - startedMs) / 1_000 };
}
