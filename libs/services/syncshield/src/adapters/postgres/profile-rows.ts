import type { Clock } from '@kiki/kernel';
import type { Queryable, Row } from '@kiki/postgres';
import type { SpendProfile } from '../../domain/policy/spend-profile.js';

interface ProfileRow extends Row {
  budget_no: bigint;
  micros_per_hour: bigint[];
  lump_micros: bigint;
  hours: number;
}

interface Kept {
  readonly profile: SpendProfile | undefined;
  readonly untilMs: number;
}

/** Profiles change once an hour: how long one may be used before it is read again. */
const KEPT_MS = 60_000;
const MAX_KEPT = 50_000;

/** Learned profiles of budgets, read at most once a minute each. */
export class ProfileCache {
  private readonly kept = new Map<bigint, Kept>();

  constructor(private readonly clock: Clock) {}

  async of(
    tx: Queryable,
    tenant: string,
    budgetNos: readonly bigint[],
  ): Promise<Map<bigint, SpendProfile>> {
    const nowMs = this.clock.monotonicMs();
    const stale = budgetNos.filter((no) => (this.kept.get(no)?.untilMs ?? -Infinity) <= nowMs);
    if (stale.length > 0) await this.load(tx, tenant, stale, nowMs + KEPT_MS);
    const profiles = new Map<bigint, SpendProfile>();
    for (const no of budgetNos) {
      const profile = this.kept.get(no)?.profile;
      if (profile !== undefined) profiles.set(no, profile);
    }
    return profiles;
  }

  private async load(
    tx: Queryable,
    tenant: string,
    budgetNos: readonly bigint[],
    untilMs: number,
  ): Promise<void> {
    if (this.kept.size > MAX_KEPT) this.kept.clear();
    const found = await readProfiles(tx, tenant, budgetNos);
    for (const no of budgetNos) this.kept.set(no, { profile: found.get(no), untilMs });
  }
}

/** Profiles of budgets that have one. */
export async function readProfiles(
  tx: Queryable,
  tenant: string,
  budgetNos: readonly bigint[],
): Promise<Map<bigint, SpendProfile>> {
  const rows = await tx.query<ProfileRow>(
    `SELECT budget_no, micros_per_hour, lump_micros, hours FROM spend_profiles
      WHERE tenant = $1 AND budget_no = ANY($2::bigint[])`,
    [tenant, budgetNos],
  );
  return new Map(
    rows.map((row) => [
      row.budget_no,
      {
        microsPerHour: row.micros_per_hour.map(BigInt),
        lumpMicros: row.lump_micros,
        hours: row.hours,
      },
    ]),
  );
}

/** Stores profiles in place of earlier ones. */
export async function writeProfile(
  tx: Queryable,
  tenant: string,
  budgetNo: bigint,
  profile: SpendProfile,
  nowMs: number,
): Promise<void> {
  await tx.execute(
    `INSERT INTO spend_profiles (tenant, budget_no, micros_per_hour, lump_micros, hours, learned_ms)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant, budget_no) DO UPDATE
        SET micros_per_hour = excluded.micros_per_hour, lump_micros = excluded.lump_micros,
            hours = excluded.hours, learned_ms = excluded.learned_ms`,
    [tenant, budgetNo, profile.microsPerHour, profile.lumpMicros, profile.hours, nowMs],
  );
}
