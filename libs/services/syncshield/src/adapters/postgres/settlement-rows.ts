import type { Queryable, Row } from '@kiki/postgres';
import type { Breach } from '../../domain/breach.js';
import { settlementKey, type Settlement, type SettlementRequest } from '../../domain/settlement.js';

interface SettlementRow extends Row {
  tenant: string;
  hold_id: string;
  settlement_id: string;
  action: Settlement['action'];
  amount_micros: bigint;
  outcome: Settlement['outcome'];
  captured_micros: bigint;
  late_micros: bigint;
  state_after: Settlement['stateAfter'];
  captured_after_micros: bigint;
  late_after_micros: bigint;
  is_final: boolean;
  refunded_micros: bigint;
  refunded_after_micros: bigint;
  settled_ms: bigint;
}

const FIND = `
  SELECT s.tenant, s.hold_id, s.settlement_id, s.action, s.amount_micros, s.outcome,
         s.captured_micros, s.late_micros, s.state_after, s.captured_after_micros,
         s.late_after_micros, s.is_final, s.refunded_micros, s.refunded_after_micros, s.settled_ms
    FROM unnest($1::text[], $2::text[], $3::text[]) AS k (tenant, hold_id, settlement_id)
    JOIN settlements s
      ON s.tenant = k.tenant AND s.hold_id = k.hold_id AND s.settlement_id = k.settlement_id`;

const INSERT = `
  INSERT INTO settlements (tenant, hold_id, settlement_id, action, amount_micros, outcome, captured_micros, late_micros,
                           state_after, captured_after_micros, late_after_micros, settled_ms, is_final, refunded_micros,
                           refunded_after_micros)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[],
                       $8::bigint[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::boolean[],
                       $14::bigint[], $15::bigint[])`;

const INSERT_BREACHES = `
  INSERT INTO breaches (tenant, budget_no, cap_no, cap_id, hold_id, settlement_id, late_micros, over_micros, opened_ms,
                        entry_id, is_pausing)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                       $8::bigint[], $9::bigint[], $10::text[], $11::boolean[])`;

/** The settlements that exist, by `settlementKey`. */
export async function findSettlements(
  tx: Queryable,
  requests: readonly SettlementRequest[],
): Promise<Map<string, Settlement>> {
  if (requests.length === 0) return new Map();
  const values = [
    requests.map(({ tenant }) => tenant),
    requests.map(({ holdId }) => holdId),
    requests.map(({ settlementId }) => settlementId),
  ];
  const rows = await tx.query<SettlementRow>(FIND, values, { name: 'shield-find-settlements' });
  return new Map(
    rows.map((row) => {
      const settlement = toSettlement(row);
      return [settlementKey(settlement), settlement];
    }),
  );
}

/** Writes new settlements. */
export async function insertSettlements(
  tx: Queryable,
  settlements: readonly Settlement[],
): Promise<void> {
  if (settlements.length === 0) return;
  const column = <T>(of: (settlement: Settlement) => T): T[] => settlements.map(of);
  const values = [
    column(({ tenant }) => tenant),
    column(({ holdId }) => holdId),
    column(({ settlementId }) => settlementId),
    column(({ action }) => action),
    column(({ amountMicros }) => amountMicros),
    column(({ outcome }) => outcome),
    column(({ capturedMicros }) => capturedMicros),
    column(({ lateMicros }) => lateMicros),
    column(({ stateAfter }) => stateAfter),
    column(({ capturedAfterMicros }) => capturedAfterMicros),
    column(({ lateAfterMicros }) => lateAfterMicros),
    column(({ settledMs }) => settledMs),
    column(({ isFinal }) => isFinal),
    column(({ refundedMicros }) => refundedMicros),
    column(({ refundedAfterMicros }) => refundedAfterMicros),
  ];
  await tx.execute(INSERT, values, { name: 'shield-insert-settlements' });
}

/** Writes breaches and pauses the budgets of those that pause. */
export async function insertBreaches(tx: Queryable, breaches: readonly Breach[]): Promise<void> {
  if (breaches.length === 0) return;
  const column = <T>(of: (breach: Breach) => T): T[] => breaches.map(of);
  await tx.execute(INSERT_BREACHES, [
    column(({ tenant }) => tenant),
    column(({ budgetNo }) => budgetNo),
    column(({ capNo }) => capNo),
    column(({ capId }) => capId),
    column(({ cause }) => ('holdId' in cause ? cause.holdId : null)),
    column(({ cause }) => ('holdId' in cause ? cause.settlementId : null)),
    column(({ lateMicros }) => lateMicros),
    column(({ overMicros }) => overMicros),
    column(({ openedMs }) => openedMs),
    column(({ cause }) => ('entryId' in cause ? cause.entryId : null)),
    column(({ isPausing }) => isPausing),
  ]);
  await tx.execute('UPDATE budgets SET is_paused = true WHERE budget_no = ANY($1::bigint[])', [
    breaches.filter(({ isPausing }) => isPausing).map(({ budgetNo }) => budgetNo),
  ]);
}

function toSettlement(row: SettlementRow): Settlement {
  return {
    tenant: row.tenant,
    holdId: row.hold_id,
    settlementId: row.settlement_id,
    action: row.action,
    amountMicros: row.amount_micros,
    outcome: row.outcome,
    capturedMicros: row.captured_micros,
    lateMicros: row.late_micros,
    stateAfter: row.state_after,
    capturedAfterMicros: row.captured_after_micros,
    lateAfterMicros: row.late_after_micros,
    isFinal: row.is_final,
    refundedMicros: row.refunded_micros,
    refundedAfterMicros: row.refunded_after_micros,
    settledMs: Number(row.settled_ms),
  };
}
