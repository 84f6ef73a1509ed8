import {
  plainArray,
  rareArray,
  textArray,
  uniform,
  type Queryable,
  type Row,
} from '@kiki/postgres';
import { contextFromText, contextToText } from '../../domain/hold-context.js';
import { keyOf, releaseMs, type Denial, type Hold } from '../../domain/hold.js';
import { errors } from '../../errors.js';

interface HoldRow extends Row {
  tenant: string;
  id: string;
  shard_no: number;
  budget_no: bigint;
  budget_id: string;
  amount_micros: bigint;
  currency: string;
  expires_in_ms: bigint;
  grace_ms: bigint;
  purpose: string | null;
  reference: string | null;
  is_approved: boolean;
  reason: Hold['reason'];
  denial: string | null;
  decided_ms: bigint;
  state: Hold['state'];
  captured_micros: bigint;
  late_micros: bigint;
  refunded_micros: bigint;
  requested_micros: bigint | null;
  at_least_micros: bigint | null;
  headroom_divisor: number | null;
  context: string | null;
  policy_version: number | null;
  is_redacted: boolean;
}

/** Selects holds as `toHold` reads them; `b` is the budget, `h` the hold. */
export const HOLD_COLUMNS = `h.tenant, h.id, h.shard_no, h.budget_no, b.id AS budget_id, h.amount_micros, h.currency,
  h.expires_in_ms, h.grace_ms, h.purpose, h.reference, h.is_approved, h.reason, h.denial, h.decided_ms, h.state,
  h.captured_micros, h.late_micros, h.refunded_micros, h.requested_micros, h.at_least_micros, h.headroom_divisor,
  h.context, h.policy_version, h.is_redacted`;

const FIND = `
  SELECT ${HOLD_COLUMNS}
    FROM unnest($1::text[], $2::text[]) AS k (tenant, id)
    JOIN holds h ON h.tenant = k.tenant AND h.id = k.id
    JOIN budgets b ON b.budget_no = h.budget_no`;

const DUE = `
  SELECT ${HOLD_COLUMNS}
    FROM unnest($1::int[], $2::bigint[]) AS k (shard_no, now_ms)
    JOIN holds h ON h.shard_no = k.shard_no AND h.state = 'held' AND h.release_ms <= k.now_ms
    JOIN budgets b ON b.budget_no = h.budget_no
   ORDER BY h.release_ms LIMIT $3`;

/** Inserts holds; `holdColumns` are its parameters. */
export const INSERT_HOLDS = `
  INSERT INTO holds (tenant, id, shard_no, budget_no, amount_micros, currency, expires_in_ms, grace_ms, purpose,
                     reference, is_approved, reason, denial, decided_ms, release_ms, state,
                     captured_micros, late_micros, refunded_micros, requested_micros, at_least_micros,
                     headroom_divisor, context, policy_version)
  SELECT coalesce(k.tenant, ($1::text[])[1]), k.id, coalesce(k.shard_no, ($3::int[])[1]), k.budget_no,
         coalesce(k.amount, ($5::bigint[])[1]), coalesce(k.currency, ($6::text[])[1]),
         coalesce(k.expires, ($7::bigint[])[1]), coalesce(k.grace, ($8::bigint[])[1]), k.purpose, k.reference,
         coalesce(k.is_approved, ($11::boolean[])[1]), coalesce(k.reason, ($12::text[])[1]), k.denial,
         coalesce(k.decided, ($14::bigint[])[1]), coalesce(k.release, ($15::bigint[])[1]),
         coalesce(k.state, ($16::text[])[1]), coalesce(k.captured, 0),
         coalesce(k.late, 0), coalesce(k.refunded, 0), k.requested, k.at_least, k.divisor, k.context,
         k.policy_version
    FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[],
                $8::bigint[], $9::text[], $10::text[], $11::boolean[], $12::text[], $13::text[], $14::bigint[],
                $15::bigint[], $16::text[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[],
                $21::bigint[], $22::int[], $23::text[], $24::int[])
         AS k (tenant, id, shard_no, budget_no, amount, currency, expires, grace, purpose, reference, is_approved,
               reason, denial, decided, release, state, captured, late, refunded, requested, at_least, divisor,
               context, policy_version)`;

const UPDATE = `
  UPDATE holds h
     SET state = k.state, captured_micros = k.captured, late_micros = k.late, refunded_micros = k.refunded
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
                $8::bigint[], $9::bigint[], $10::bigint[])
         AS k (tenant, id, state, captured, late, refunded, was_state, was_captured, was_late, was_refunded)
   WHERE h.tenant = k.tenant AND h.id = k.id AND h.state = k.was_state AND h.captured_micros = k.was_captured
     AND h.late_micros = k.was_late AND h.refunded_micros = k.was_refunded`;

/** Which holds. */
export interface HoldKey {
  readonly tenant: string;
  readonly id: string;
}

/** The holds that exist, by `keyOf(tenant, id)`. */
export async function findHolds(
  tx: Queryable,
  keys: readonly HoldKey[],
): Promise<Map<string, Hold>> {
  if (keys.length === 0) return new Map();
  const values = [keys.map(({ tenant }) => tenant), keys.map(({ id }) => id)];
  const rows = await tx.query<HoldRow>(FIND, values, { name: 'shield-find-holds' });
  return new Map(rows.map((row) => [keyOf(row.tenant, row.id), toHold(row)]));
}

/** The earliest due holds of shards, each by its own clock. */
export async function findDueHolds(
  tx: Queryable,
  shards: readonly { readonly shardNo: number; readonly nowMs: number }[],
  limit: number,
): Promise<Hold[]> {
  const values = [shards.map(({ shardNo }) => shardNo), shards.map(({ nowMs }) => nowMs), limit];
  const rows = await tx.query<HoldRow>(DUE, values, { name: 'shield-find-due' });
  return rows.map(toHold);
}

/** New holds in order of decision, as INSERT_HOLDS takes them. */
export function holdColumns(holds: readonly Hold[]): string[] {
  const plain = (of: (hold: Hold) => number | bigint | boolean): string =>
    plainArray(uniform(holds.map(of)));
  const text = (of: (hold: Hold) => string): string => textArray(uniform(holds.map(of)));
  return [
    text(({ tenant }) => tenant),
    textArray(holds.map(({ id }) => id)),
    plain(({ shardNo }) => shardNo),
    plainArray(holds.map(({ budgetNo }) => budgetNo)),
    plain(({ amountMicros }) => amountMicros),
    text(({ currency }) => currency),
    plain(({ expiresInMs }) => expiresInMs),
    plain(({ graceMs }) => graceMs),
    rareText(holds, ({ purpose }) => purpose),
    rareText(holds, ({ reference }) => reference),
    plain(({ isApproved }) => isApproved),
    text(({ reason }) => reason),
    rareText(holds, ({ denial }) => (denial === undefined ? undefined : denialToText(denial))),
    plain(({ decidedMs }) => decidedMs),
    plain(releaseMs),
    text(({ state }) => state),
    rareArray(holds, ({ capturedMicros }) => orNothing(capturedMicros)),
    rareArray(holds, ({ lateMicros }) => orNothing(lateMicros)),
    rareArray(holds, ({ refundedMicros }) => orNothing(refundedMicros)),
    rareArray(holds, ({ elastic, requestedMicros }) => (elastic ? requestedMicros : undefined)),
    rareArray(holds, ({ elastic }) => elastic?.atLeastMicros),
    rareArray(holds, ({ elastic }) => elastic?.headroomDivisor),
    rareText(holds, ({ context }) => contextToText(context)),
    rareArray(holds, ({ policyVersion }) => policyVersion),
  ];
}

function rareText(holds: readonly Hold[], of: (hold: Hold) => string | undefined): string {
  if (holds.every((hold) => of(hold) === undefined)) return '{}';
  return textArray(holds.map((hold) => of(hold) ?? null));
}

function orNothing(micros: bigint): bigint | undefined {
  return micros === 0n ? undefined : micros;
}

/**
 * Writes how holds stand now, each only if it still stands as it was read.
 * @throws ledger_inconsistent
 */
export async function updateHolds(
  tx: Queryable,
  changed: readonly Hold[],
  asRead: ReadonlyMap<string, Hold>,
): Promise<void> {
  if (changed.length === 0) return;
  const before = changed.map(({ tenant, id }) => asRead.get(keyOf(tenant, id)));
  const count = await tx.execute(
    UPDATE,
    [
      changed.map(({ tenant }) => tenant),
      changed.map(({ id }) => id),
      changed.map(({ state }) => state),
      changed.map(({ capturedMicros }) => capturedMicros),
      changed.map(({ lateMicros }) => lateMicros),
      changed.map(({ refundedMicros }) => refundedMicros),
      before.map((hold) => hold?.state ?? null),
      before.map((hold) => hold?.capturedMicros ?? null),
      before.map((hold) => hold?.lateMicros ?? null),
      before.map((hold) => hold?.refundedMicros ?? null),
    ],
    { name: 'shield-update-holds' },
  );
  if (count !== changed.length) {
    throw errors.ledger_inconsistent('A hold changed although its shard was locked.');
  }
}

/** A hold as it is stored. */
export function toHold(row: Row): Hold {
  const hold = row as HoldRow;
  return {
    tenant: hold.tenant,
    id: hold.id,
    budgetId: hold.budget_id,
    amountMicros: hold.amount_micros,
    currency: hold.currency,
    expiresInMs: Number(hold.expires_in_ms),
    graceMs: Number(hold.grace_ms),
    ...(hold.purpose === null ? {} : { purpose: hold.purpose }),
    ...(hold.reference === null ? {} : { reference: hold.reference }),
    ...(hold.context === null ? {} : { context: contextFromText(hold.context) }),
    ...elasticOf(hold),
    requestedMicros: hold.requested_micros ?? hold.amount_micros,
    shardNo: hold.shard_no,
    budgetNo: hold.budget_no,
    isApproved: hold.is_approved,
    reason: hold.reason,
    ...(hold.denial === null ? {} : { denial: denialFromText(hold.denial) }),
    ...(hold.policy_version === null ? {} : { policyVersion: hold.policy_version }),
    decidedMs: Number(hold.decided_ms),
    state: hold.state,
    capturedMicros: hold.captured_micros,
    lateMicros: hold.late_micros,
    refundedMicros: hold.refunded_micros,
    ...(hold.is_redacted ? { isRedacted: true } : {}),
  };
}

function elasticOf(hold: HoldRow): Pick<Hold, 'elastic'> {
  const { at_least_micros: atLeastMicros, headroom_divisor: headroomDivisor } = hold;
  if (atLeastMicros === null || headroomDivisor === null) return {};
  return { elastic: { atLeastMicros, headroomDivisor } };
}

const BIGINTS = new Set([
  ...['limitMicros', 'spentMicros', 'heldMicros', 'headroomMicros'],
  ...['limitActions', 'usedActions'],
]);

/** Amounts as text: late spend may carry one beyond what a JSON number holds exactly. */
function denialToText(denial: Denial): string {
  return JSON.stringify(denial, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** Only the members of the denial itself are amounts: `values` stay text. */
function denialFromText(text: string): Denial {
  const members = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return Object.fromEntries(
    members.map(([key, value]) => [key, BIGINTS.has(key) ? BigInt(value as string) : value]),
  ) as unknown as Denial;
}
