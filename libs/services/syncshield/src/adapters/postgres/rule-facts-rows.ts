import type { Queryable, Row } from '@kiki/postgres';
import type { ConsentAsk, ConsentCheck } from '../../application/consent-check.js';
import type { CompiledPolicy } from '../../domain/policy/compiled-policy.js';
import type { Ask } from '../../domain/policy/finding.js';
import { isKnown, newValueOf } from '../../domain/policy/listed.js';
import { measuredAt } from '../../domain/policy/rule.js';
import {
  budgetSubject,
  RuleFacts,
  valueSubject,
  WHOLE_BUCKET,
  type RuleCounter,
} from '../../domain/policy/rule-facts.js';
import { HOUR_MS } from '../../domain/policy/spend-profile.js';
import { velocityBuckets } from '../../domain/policy/spend-velocity.js';
import type { ProfileCache } from './profile-rows.js';

interface CounterRow extends Row {
  rule_id: string;
  counted: string;
  bucket: bigint;
  micros: bigint;
}

interface AcquisitionRow extends Row {
  rule_id: string;
  budget_no: bigint;
  spent: bigint;
  held: bigint;
  spent_before: bigint;
  from_hour: number;
  acquisitions: bigint;
}

/** What facts are read with. */
export interface FactSources {
  readonly consents: ConsentCheck;
  readonly profiles: ProfileCache;
}

/** Whose holds are judged, by what. */
export interface FactOrder {
  readonly tenant: string;
  readonly policy: CompiledPolicy;
  readonly asks: readonly Ask[];
  /** Nothing is going to be decided: nothing is locked or made. @default false */
  readonly isReading?: boolean;
}

/** Which rows a batch needs, without repetitions. */
class Wanted {
  readonly ranges = new Map<string, readonly [string, string, number, number]>();
  readonly trials = new Map<string, readonly [string, string]>();
  readonly acquisitions = new Map<string, readonly [string, bigint, number]>();
  readonly budgetNos = new Set<bigint>();
  readonly consents = new Map<string, ConsentAsk & { readonly of: Ask }>();

  add({ rules }: CompiledPolicy, ask: Ask): void {
    for (const { rule, judges } of rules) {
      if (!judges(ask)) continue;
      const node = measuredAt(rule, ask.path);
      if (rule.kind === 'spend_velocity' && node !== undefined) {
        const { first, last } = velocityBuckets(rule.windowMs, ask.nowMs);
        const subject = budgetSubject(node.budgetNo);
        this.ranges.set(`${rule.id} ${subject}`, [rule.id, subject, first, last]);
        this.budgetNos.add(node.budgetNo);
      } else if (rule.kind === 'max_cac' && node !== undefined) {
        const fromHour = Math.ceil((ask.nowMs - rule.windowMs) / HOUR_MS);
        const key = `${rule.id} ${node.budgetNo}`;
        this.acquisitions.set(key, [rule.id, node.budgetNo, fromHour]);
      } else if (rule.kind === 'new_geo' || rule.kind === 'new_channel') {
        const value = newValueOf(rule, ask.context);
        if (value === undefined || rule.trialMicros === 0n || isKnown(rule, value)) continue;
        const subject = valueSubject(value);
        this.trials.set(`${rule.id} ${subject}`, [rule.id, subject]);
      } else if (rule.kind === 'consent_required') this.addConsent(rule.purpose, ask);
    }
  }

  private addConsent(purpose: string, of: Ask): void {
    const { subject, channel, geo } = of.context;
    if (subject === undefined) return;
    const asked = {
      ...{ subject, purpose, of },
      ...(channel === undefined ? {} : { channel }),
      ...(geo === undefined ? {} : { geo }),
    };
    this.consents.set([purpose, subject, channel, geo].join('\u0000'), asked);
  }
}

/**
 * Reads what the rules of a policy need to judge holds, under the locks of their shards. Nothing is
 * read for rules that need nothing. Trial amounts are locked: they are shared by all shards.
 */
export async function loadRuleFacts(
  tx: Queryable,
  sources: FactSources,
  { tenant, policy, asks, isReading = false }: FactOrder,
): Promise<RuleFacts> {
  const facts = new RuleFacts();
  const wanted = new Wanted();
  for (const ask of asks) wanted.add(policy, ask);
  if (wanted.ranges.size > 0) await loadSpend(tx, tenant, wanted, facts);
  if (wanted.trials.size > 0) await loadTrials(tx, tenant, wanted, facts, isReading);
  if (wanted.acquisitions.size > 0) await loadAcquisitions(tx, tenant, wanted, facts);
  for (const [no, profile] of await sources.profiles.of(tx, tenant, [...wanted.budgetNos])) {
    facts.loadProfile(no, profile);
  }
  if (wanted.consents.size > 0) {
    const questions = [...wanted.consents.values()];
    const verdicts = await sources.consents.verdicts(tx, tenant, questions);
    for (const [index, { purpose, of }] of questions.entries()) {
      const verdict = verdicts[index];
      if (verdict !== undefined) facts.loadConsent(purpose, of.context, verdict);
    }
  }
  return facts;
}

/** Writes what was approved on the way, as differences. */
export async function writeRuleCounters(
  tx: Queryable,
  tenant: string,
  changes: readonly RuleCounter[],
): Promise<void> {
  if (changes.length === 0) return;
  await tx.execute(
    `INSERT INTO policy_counters (tenant, rule_id, counted, bucket, micros)
     SELECT $1, k.* FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[])
       AS k (rule_id, subject, bucket, micros)
     ON CONFLICT (tenant, rule_id, counted, bucket)
        DO UPDATE SET micros = policy_counters.micros + excluded.micros`,
    [
      tenant,
      changes.map(({ ruleId }) => ruleId),
      changes.map(({ subject }) => subject),
      changes.map(({ bucket }) => bucket),
      changes.map(({ micros }) => micros),
    ],
    { name: 'shield-write-rule-counters' },
  );
}

async function loadSpend(
  tx: Queryable,
  tenant: string,
  { ranges }: Wanted,
  facts: RuleFacts,
): Promise<void> {
  const of = [...ranges.values()];
  const rows = await tx.query<CounterRow>(
    `SELECT c.rule_id, c.counted, c.bucket, c.micros
       FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS k (rule_id, subject, first, last)
       JOIN policy_counters c ON c.tenant = $1 AND c.rule_id = k.rule_id AND c.counted = k.subject
        AND c.bucket BETWEEN k.first AND k.last`,
    [
      tenant,
      of.map(([ruleId]) => ruleId),
      of.map(([, subject]) => subject),
      of.map(([, , first]) => first),
      of.map(([, , , last]) => last),
    ],
    { name: 'shield-load-rule-spend' },
  );
  for (const row of rows) facts.loadCounter(toCounter(row));
}

const MAKE_TRIALS = `
  INSERT INTO policy_counters (tenant, rule_id, counted, bucket, micros)
  SELECT $1, k.rule_id, k.subject, ${WHOLE_BUCKET}, 0
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k (rule_id, subject, n) ORDER BY k.n
      ON CONFLICT DO NOTHING`;

/** In a fixed order, so that two shards of a tenant never wait for each other. */
async function loadTrials(
  tx: Queryable,
  tenant: string,
  { trials }: Wanted,
  facts: RuleFacts,
  isReading: boolean,
): Promise<void> {
  const of = [...trials.values()].sort(([a, x], [b, y]) => (a + x < b + y ? -1 : 1));
  const values = [tenant, of.map(([ruleId]) => ruleId), of.map(([, subject]) => subject)];
  if (!isReading) await tx.execute(MAKE_TRIALS, values);
  const rows = await tx.query<CounterRow>(
    `SELECT c.rule_id, c.counted, c.bucket, c.micros FROM policy_counters c
      WHERE c.tenant = $1 AND c.bucket = ${WHOLE_BUCKET}
        AND (c.rule_id, c.counted) IN (SELECT * FROM unnest($2::text[], $3::text[]))
      ORDER BY (c.rule_id || c.counted) COLLATE "C" ${isReading ? '' : 'FOR UPDATE'}`,
    values,
  );
  for (const row of rows) facts.loadCounter(toCounter(row));
}

/**
 * Spent since the window began: what the meter counts now less what it showed then; the earliest
 * look at it stands for a window that began before.
 */
async function loadAcquisitions(
  tx: Queryable,
  tenant: string,
  { acquisitions }: Wanted,
  facts: RuleFacts,
): Promise<void> {
  const of = [...acquisitions.values()];
  const rows = await tx.query<AcquisitionRow>(
    `SELECT k.rule_id, k.budget_no, coalesce(c.spent, 0) AS spent, coalesce(c.held, 0) AS held,
            coalesce(m.spent_micros, c.spent, 0) AS spent_before,
            coalesce(m.hour, k.from_hour) AS from_hour,
            (SELECT coalesce(sum(a.count), 0)::bigint FROM acquisition_hours a
              WHERE a.tenant = $1 AND a.budget_no = k.budget_no
                AND a.hour >= coalesce(m.hour, k.from_hour)) AS acquisitions
       FROM unnest($2::text[], $3::bigint[], $4::int[]) AS k (rule_id, budget_no, from_hour)
       JOIN caps p ON p.budget_no = k.budget_no AND p.is_meter
       LEFT JOIN cap_counters c ON c.tenant = $1 AND c.cap_no = p.cap_no AND c.slot = 0
       LEFT JOIN LATERAL (
         SELECT hour, spent_micros FROM meter_hours h
          WHERE h.tenant = $1 AND h.budget_no = k.budget_no AND h.hour >= k.from_hour
          ORDER BY hour LIMIT 1) m ON true`,
    [
      tenant,
      of.map(([ruleId]) => ruleId),
      of.map(([, no]) => no),
      of.map(([, , fromHour]) => fromHour),
    ],
    { name: 'shield-load-acquisitions' },
  );
  for (const row of rows) {
    facts.loadAcquisition(row.rule_id, row.budget_no, {
      spentMicros: row.spent - row.spent_before,
      heldMicros: row.held,
      acquisitions: Number(row.acquisitions),
      fromMs: row.from_hour * HOUR_MS,
    });
  }
}

function toCounter({ rule_id: ruleId, counted: subject, bucket, micros }: CounterRow): RuleCounter {
  return { ruleId, subject, bucket: Number(bucket), micros };
}
