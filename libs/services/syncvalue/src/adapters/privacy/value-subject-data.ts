import type { Queryable } from '@kiki/postgres';
import {
  deleteOf,
  rowsOf,
  SubjectData,
  type Subject,
  type SubjectCounts,
  type SubjectParts,
} from '@kiki/subject-data';
import type { Ledger } from '../../application/ledger.js';
import { VALUE_STORES } from './value-data-map.js';

const TABLES = VALUE_STORES.filter(({ subjects }) => subjects === 'customers').map(({ store }) =>
  store.replace('syncvalue.', ''),
);

/** First and newest day are those of the rows that are left. */
const TERMS = `
  UPDATE ledgers l
     SET transaction_count = l.transaction_count - $2, erased_count = l.erased_count + $2,
         first_day = ends.first_day, newest_day = ends.newest_day
    FROM (SELECT min(day) AS first_day, max(day) AS newest_day FROM customer_days WHERE tenant = $1) AS ends
   WHERE l.tenant = $1`;

/**
 * What SyncValue knows of a person: their orders and what follows from them. All statistics of a customer are made from
 * that customer's rows alone, so they go with them; models keep the parameters of the whole population.
 */
export class ValueSubjectData extends SubjectData {
  override readonly stores = VALUE_STORES;

  constructor(private readonly ledger: Ledger) {
    super();
  }

  override async access(tx: Queryable, subject: Subject): Promise<SubjectParts> {
    const parts: Record<string, unknown[]> = {};
    for (const table of TABLES) parts[`syncvalue.${table}`] = await rowsOf(tx, table, subject);
    return parts;
  }

  override async erase(tx: Queryable, subject: Subject): Promise<SubjectCounts> {
    const { tenant } = subject;
    await takeTurn(tx, tenant);
    const counts: Record<string, number> = {};
    for (const table of TABLES) counts[`syncvalue.${table}`] = await deleteOf(tx, table, subject);
    const transactions = counts['syncvalue.transactions'] ?? 0;
    if (transactions > 0) {
      await tx.execute(TERMS, [tenant, transactions]);
      await askForScores(tx, tenant);
    }
    return counts;
  }

  override async optOut(tx: Queryable, subject: Subject): Promise<SubjectCounts> {
    const { tenant, customerIds, requestId } = subject;
    await takeTurn(tx, tenant);
    const objections = await tx.execute(
      `INSERT INTO objections (tenant, customer_id, request_id)
       SELECT $1, id, $3 FROM unnest($2::text[]) AS u (id) ON CONFLICT DO NOTHING`,
      [tenant, customerIds, requestId],
    );
    const scores = await deleteOf(tx, 'customer_scores', subject);
    return { 'syncvalue.objections': objections, 'syncvalue.customer_scores': scores };
  }

  /** Until no process answers from what it read before. */
  override forget(): Promise<void> {
    return this.ledger.untilSeen();
  }
}

/** Neither a pass over the scores nor a chunk of the log is under way from here on: they would bring rows back. */
async function takeTurn(tx: Queryable, tenant: string): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('syncvalue scores'), hashtext($1)) IS NULL`,
    [tenant],
  );
  await tx.query('SELECT FROM ledgers WHERE tenant = $1 FOR UPDATE', [tenant]);
}

/** A pass is made from a number of transactions; with another one it is made anew. */
async function askForScores(tx: Queryable, tenant: string): Promise<void> {
  await tx.execute(
    `UPDATE score_passes SET transaction_count = -1
      WHERE tenant = $1 AND generation = (SELECT max(generation) FROM score_passes WHERE tenant = $1)`,
    [tenant],
  );
}
