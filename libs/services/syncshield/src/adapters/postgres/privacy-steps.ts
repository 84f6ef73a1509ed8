import type { Database, Queryable } from '@kiki/postgres';
import type { StepOutcome } from '../../application/privacy/privacy-requests.js';
import type { SubjectKeys } from '../../application/subject-keys.js';
import type { PrivacyRequest } from '../../domain/privacy/privacy-request.js';
import { sealedName } from './privacy-facts.js';

/** Writes what services answered: a receipt stays, whatever comes later. */
export async function recordOutcomes(
  database: Database,
  keys: SubjectKeys,
  { tenant, id }: PrivacyRequest,
  outcomes: readonly StepOutcome[],
  nowMs: number,
): Promise<void> {
  const sealed = new Map<string, string>();
  for (const outcome of outcomes) {
    if (!('receipt' in outcome) || outcome.parts === undefined) continue;
    const text = JSON.stringify(outcome.parts);
    sealed.set(outcome.service, await keys.seal(tenant, sealedName(id), text));
  }
  await database.transaction(async (tx) => {
    for (const outcome of outcomes) await recordOne(tx, [tenant, id], outcome, nowMs);
    for (const [service, text] of sealed) {
      await tx.execute(
        `INSERT INTO privacy_exports (tenant, request_id, service, sealed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, request_id, service) DO UPDATE SET sealed = excluded.sealed`,
        [tenant, id, service, text],
      );
    }
  });
}

async function recordOne(
  tx: Queryable,
  key: readonly [string, string],
  outcome: StepOutcome,
  nowMs: number,
): Promise<void> {
  const receipt = 'receipt' in outcome ? JSON.stringify(outcome.receipt) : null;
  const isRefused = 'receipt' in outcome && outcome.receipt.refusal !== undefined;
  await tx.execute(
    `UPDATE privacy_steps
        SET attempts = attempts + 1, tried_ms = $4, last_error = $5, receipt = $6::text,
            confirmed_ms = CASE WHEN $6::text IS NULL OR $7 THEN NULL ELSE $4::bigint END,
            refused_ms = CASE WHEN $7 THEN $4::bigint END
      WHERE tenant = $1 AND request_id = $2 AND service = $3 AND receipt IS NULL`,
    [...key, outcome.service, nowMs, 'error' in outcome ? outcome.error : null, receipt, isRefused],
  );
}
