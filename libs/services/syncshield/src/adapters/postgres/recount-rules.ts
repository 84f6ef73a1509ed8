import type { Queryable, Row } from '@kiki/postgres';

/** Something that does not agree with the rows it is made of. */
export interface RecountProblem {
  readonly tenant: string;
  readonly what: 'counter' | 'hold' | 'entry' | 'breach' | 'shard' | 'audit';
  readonly id: string;
  readonly expected: string;
  readonly found: string;
}

/** A rule that rows keep among themselves: the statement selects those that break it. */
interface Rule {
  readonly what: RecountProblem['what'];
  readonly sql: string;
}

/** Most rows that one rule names. */
const MOST = 100;

// Every hold is resolved at most once, and is as its settlements left it: once it is final, one of
// them made it so, and none of another kind.
const RESOLVED_ONCE = `
  SELECT h.tenant, h.id, 'resolved once, as its settlements say' AS expected,
         format('%s: %s captured it, %s voided it', h.state, s.captures, s.voids) AS found
    FROM holds h
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE state_after = 'captured') AS captures,
             count(*) FILTER (WHERE outcome = 'voided') AS voids
        FROM settlements s WHERE s.tenant = h.tenant AND s.hold_id = h.id) s
   WHERE ($1::text IS NULL OR h.tenant = $1)
     AND NOT CASE h.state WHEN 'captured' THEN s.captures >= 1 AND s.voids = 0
                          WHEN 'voided' THEN s.captures = 0 AND s.voids = 1
                          ELSE s.captures = 0 AND s.voids = 0 END`;

// What the last of a hold's settlements answered is how the hold stands.
const LAST_ANSWER = `
  SELECT h.tenant, h.id,
         format('captured %s, late %s, refunded %s', s.captured, s.late, s.refunded) AS expected,
         format('captured %s, late %s, refunded %s', h.captured_micros, h.late_micros, h.refunded_micros) AS found
    FROM holds h
    CROSS JOIN LATERAL (
      SELECT max(captured_after_micros) AS captured, max(late_after_micros) AS late,
             max(refunded_after_micros) AS refunded
        FROM settlements s WHERE s.tenant = h.tenant AND s.hold_id = h.id) s
   WHERE ($1::text IS NULL OR h.tenant = $1) AND s.captured IS NOT NULL
     AND (s.captured, s.late, s.refunded) <> (h.captured_micros, h.late_micros, h.refunded_micros)`;

const APPROVED_WITH_REASON = `
  SELECT tenant, id, 'a denial with a reason, or an approval within the limits' AS expected,
         format('%s, %s, %s', state, reason, coalesce(denial, 'no denial')) AS found
    FROM holds
   WHERE ($1::text IS NULL OR tenant = $1)
     AND (is_approved <> (reason = 'within_limits') OR is_approved <> (denial IS NULL))`;

// Every row is judged by the limit that the cap has now.
const LIMITS = `
  SELECT k.tenant, format('%s/%s/%s', b.id, c.id, k.slot) AS id, format('limit %s', l.enforced) AS expected,
         format('limit %s', k.limit_amount) AS found
    FROM cap_counters k JOIN caps c ON c.cap_no = k.cap_no JOIN budgets b ON b.budget_no = c.budget_no
    CROSS JOIN LATERAL (
      SELECT coalesce(c.burst, div(c.limit_amount::numeric * coalesce(c.flex_percent, 100), 100)) AS enforced) l
   WHERE ($1::text IS NULL OR k.tenant = $1) AND k.limit_amount <> l.enforced`;

// A breach that pauses keeps its budget paused until somebody resumes it, which closes the breach.
const BREACH_PAUSES = `
  SELECT x.tenant, b.id, 'paused while a breach is open' AS expected, 'open breach, not paused' AS found
    FROM breaches x JOIN budgets b ON b.budget_no = x.budget_no
   WHERE ($1::text IS NULL OR x.tenant = $1) AND x.closed_ms IS NULL AND x.is_pausing AND NOT b.is_paused`;

const BREACH_CAUSE = `
  SELECT x.tenant, coalesce(x.hold_id, x.entry_id) AS id, 'real spend of that amount' AS expected,
         format('breach of %s', x.late_micros) AS found
    FROM breaches x
   WHERE ($1::text IS NULL OR x.tenant = $1)
     AND NOT EXISTS (SELECT FROM settlements s
                      WHERE s.tenant = x.tenant AND s.hold_id = x.hold_id AND s.settlement_id = x.settlement_id
                        AND s.late_micros = x.late_micros)
     AND NOT EXISTS (SELECT FROM entries e
                      WHERE e.tenant = x.tenant AND e.entry_id = x.entry_id AND e.amount_micros = x.late_micros
                        AND e.over_micros = x.over_micros AND e.is_pausing = x.is_pausing)`;

const ENTRY_BREACHES = `
  SELECT e.tenant, e.entry_id AS id, 'a breach' AS expected, format('%s above, no breach', e.over_micros) AS found
    FROM entries e
   WHERE ($1::text IS NULL OR e.tenant = $1) AND e.over_micros > 0
     AND NOT EXISTS (SELECT FROM breaches x WHERE x.tenant = e.tenant AND x.entry_id = e.entry_id)`;

// The next release may be too early, never too late; nothing was decided after the shard's clock.
const SHARDS = `
  SELECT s.tenant, s.root_id AS id,
         format('next release at most %s, clock at least %s', h.release_ms, h.decided_ms) AS expected,
         format('next release %s, clock %s', s.next_release_ms, s.clock_ms) AS found
    FROM shards s
    CROSS JOIN LATERAL (
      SELECT min(release_ms) FILTER (WHERE state = 'held') AS release_ms, max(decided_ms) AS decided_ms
        FROM holds h WHERE h.shard_no = s.shard_no) h
   WHERE ($1::text IS NULL OR s.tenant = $1)
     AND (h.decided_ms > s.clock_ms
          OR (h.release_ms IS NOT NULL AND coalesce(s.next_release_ms > h.release_ms, true)))`;

// No answer without a record, no record without a row.
const AUDIT = `
  SELECT l.tenant, 'log' AS id, l.expected, l.found
    FROM (
      SELECT h.tenant,
             format('%s records, %s decisions, %s settlements, %s expired, %s entries, %s breaches', h.next_seq,
                    (SELECT count(*) FROM holds o WHERE o.tenant = h.tenant),
                    (SELECT count(*) FROM settlements o WHERE o.tenant = h.tenant),
                    (SELECT count(*) FROM holds o WHERE o.tenant = h.tenant AND o.state = 'expired'),
                    (SELECT count(*) FROM entries o WHERE o.tenant = h.tenant),
                    (SELECT count(*) FROM breaches o WHERE o.tenant = h.tenant)) AS expected,
             format('%s records, %s decisions, %s settlements, %s expired, %s entries, %s breaches',
                    coalesce(sum(b.count), 0)::bigint,
                    coalesce(sum(regexp_count(b.records, '"action":"hold\\.(approved|denied)"')), 0)::bigint,
                    coalesce(sum(regexp_count(b.records,
                      '"action":"hold\\.(captured|voided|late_spend|refunded|already_settled)"')), 0)::bigint,
                    coalesce(sum(regexp_count(b.records, '"action":"hold\\.expired"')), 0)::bigint,
                    coalesce(sum(regexp_count(b.records, '"action":"entry\\.recorded"')), 0)::bigint,
                    coalesce(sum(regexp_count(b.records, '"action":"breach\\.opened"')), 0)::bigint) AS found
        FROM (SELECT t.tenant, coalesce(a.next_seq, 0) AS next_seq
                FROM (SELECT tenant FROM shards UNION SELECT tenant FROM audit_heads) t
                LEFT JOIN audit_heads a USING (tenant)
               WHERE $1::text IS NULL OR t.tenant = $1) h
        LEFT JOIN audit_bundles b USING (tenant)
       GROUP BY h.tenant, h.next_seq) l
   WHERE l.expected <> l.found`;

const RULES: readonly Rule[] = [
  { what: 'hold', sql: RESOLVED_ONCE },
  { what: 'hold', sql: LAST_ANSWER },
  { what: 'hold', sql: APPROVED_WITH_REASON },
  { what: 'counter', sql: LIMITS },
  { what: 'breach', sql: BREACH_PAUSES },
  { what: 'breach', sql: BREACH_CAUSE },
  { what: 'entry', sql: ENTRY_BREACHES },
  { what: 'shard', sql: SHARDS },
  { what: 'audit', sql: AUDIT },
];

interface BrokenRow extends Row {
  tenant: string;
  id: string;
  expected: string;
  found: string;
}

/** Rows that break a rule they have to keep among themselves. */
export async function brokenRules(tx: Queryable, tenant: string | null): Promise<RecountProblem[]> {
  const problems: RecountProblem[] = [];
  for (const { what, sql } of RULES) {
    const rows = await tx.query<BrokenRow>(`${sql} LIMIT ${MOST}`, [tenant]);
    problems.push(...rows.map((row) => ({ ...row, what })));
  }
  return problems;
}
