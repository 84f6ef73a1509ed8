import type { Database } from '@kiki/postgres';
import { recount } from '@kiki/service-syncshield';
import type { Caller } from './caller.js';
import type { Acknowledged, ClientSums } from './client-book.js';
import type { Round } from './round.js';
import { AuditReplay, type Leaf } from './audit-replay.js';
import { digestOf, type HoldBody, type ItemOnWire, type SettlementBody } from './wire.js';

/** What was wrong; empty when everything held. */
export interface Violations {
  /** Acknowledged, and not there any more or different. */
  readonly lost: string[];
  /** Counted twice or never acknowledged: the ledger's sums are not the client's. */
  readonly doubled: string[];
  /** Invariants that a recount finds broken. */
  readonly broken: string[];
  overspendMicros: bigint;
}

const CHUNK = 1_000;

/** Counts the ledger anew while it may be working, and adds what is wrong. */
export async function checkInvariants(
  database: Database,
  tenant: string,
  violations: Violations,
): Promise<void> {
  const { problems, overspendMicros } = await recount(database, tenant);
  for (const { what, id, expected, found } of problems) {
    violations.broken.push(`${tenant}: ${what} ${id}: expected ${expected}, found ${found}`);
  }
  void overspendMicros;
}

/** Everything a round was told, once more; the sums of its budgets; the audit leaves of every operation. */
export async function verifyRound(
  round: Round,
  caller: Caller,
  database: Database,
  violations: Violations,
): Promise<void> {
  const { tenant, book } = round;
  violations.lost.push(...book.changed);
  await replay(book.holds, {
    ask: (bodies: readonly HoldBody[]) =>
      caller.insistAll(tenant, '/v1/holds/batch', (holds) => ({ holds }), bodies),
    answerOf: ({ hold }) => hold,
    lost: violations.lost,
  });
  await replay(book.settlements, {
    ask: (bodies: readonly SettlementBody[]) =>
      caller.insistAll(tenant, '/v1/settlements/batch', (settlements) => ({ settlements }), bodies),
    answerOf: ({ settlement }) => settlement,
    lost: violations.lost,
  });
  await compareSums(round, database, violations);
  await replayAudit(round, caller, violations);
  await checkInvariants(database, tenant, violations);
}

/** The audit log is the claimed order of everything: replayed, no approval goes above a cap, and nothing is missing. */
async function replayAudit({ tenant, book }: Round, caller: Caller, to: Violations): Promise<void> {
  const replay = new AuditReplay();
  let after: number | null = -1;
  while (after !== null) {
    const page: AuditPage = await caller.read<AuditPage>(
      tenant,
      `/v1/audit?after=${after}&limit=1000`,
    );
    for (const { record } of page.items) replay.take(JSON.parse(record) as Leaf);
    after = page.nextAfter;
  }
  to.overspendMicros += BigInt(replay.overspend);
  const keys = [
    ...book.holds.map(({ body }) => body.id),
    ...book.settlements.map(({ body }) => `${body.holdId}/${body.settlementId}`),
  ];
  for (const key of keys) {
    const times = replay.seen.get(key) ?? 0;
    if (times !== 1) to.doubled.push(`${tenant}: ${key} stands ${times} times in the audit log`);
  }
}

interface AuditPage {
  readonly items: readonly { readonly record: string }[];
  readonly nextAfter: number | null;
}

interface Replay<B> {
  ask(bodies: readonly B[]): Promise<ItemOnWire[]>;
  answerOf(item: ItemOnWire): unknown;
  readonly lost: string[];
}

async function replay<B>(
  acknowledged: readonly Acknowledged<B>[],
  { ask, answerOf, lost }: Replay<B>,
): Promise<void> {
  for (let at = 0; at < acknowledged.length; at += CHUNK) {
    const chunk = acknowledged.slice(at, at + CHUNK);
    const items = await ask(chunk.map(({ body }) => body));
    for (const [i, item] of items.entries()) {
      const answer = answerOf(item);
      if (answer !== undefined && digestOf(answer) === chunk[i]!.digest) continue;
      lost.push(`${JSON.stringify(chunk[i]!.body)} is now ${JSON.stringify(item)}`);
    }
  }
}

interface BudgetSums extends Record<string, unknown> {
  id: string;
  holds: bigint;
  approved: bigint;
  captured: bigint;
  late: bigint;
  refunded: bigint;
}

const SUMS = `
  SELECT b.id, count(h.id) FILTER (WHERE h.is_approved) AS holds,
         coalesce(sum(h.amount_micros) FILTER (WHERE h.is_approved), 0)::bigint AS approved,
         coalesce(sum(h.captured_micros), 0)::bigint AS captured,
         coalesce(sum(h.late_micros), 0)::bigint AS late,
         coalesce(sum(h.refunded_micros), 0)::bigint AS refunded
    FROM budgets b LEFT JOIN holds h ON h.budget_no = b.budget_no
   WHERE b.tenant = $1 GROUP BY b.id`;

/** The client knows every operation there was: what the rows sum up to must be what it was told. */
async function compareSums(round: Round, database: Database, to: Violations): Promise<void> {
  for (const row of await database.query<BudgetSums>(SUMS, [round.tenant])) {
    const told: ClientSums = round.book.of(row.id);
    const pairs: readonly (readonly [string, bigint, number])[] = [
      ['holds', row.holds, told.approvedCount],
      ['approved', row.approved, told.approvedMicros],
      ['captured', row.captured, told.capturedMicros],
      ['late', row.late, told.lateMicros],
      ['refunded', row.refunded, told.refundedMicros],
    ];
    for (const [what, found, expected] of pairs) {
      if (found === BigInt(expected)) continue;
      to.doubled.push(`${round.tenant}/${row.id}: ${what} ${found}, told ${expected}`);
    }
  }
}
