import type { RetentionCategory } from '../../domain/privacy/retention.js';

/** How one category is counted and swept; $1 tenant, $2 cutoff in milliseconds. */
export interface RetentionStatements {
  readonly count: string;
  /** Touches at most some thousand rows, so that nothing waits long; run until it touches none. */
  readonly sweep: string;
}

const PAGE = 5_000;

const HOLD_TEXTS = `tenant = $1 AND decided_ms < $2 AND state <> 'held'
  AND (purpose IS NOT NULL OR reference IS NOT NULL OR context IS NOT NULL)`;
// The hold of a lost lease may have been decided after all: the lease stays as long as that.
const LEASES = `tenant = $1 AND asked_ms < $2 AND closed_as IS NOT NULL
  AND NOT EXISTS (SELECT FROM holds h WHERE h.tenant = l.tenant AND h.id = l.id AND h.state = 'held')`;
const EXPORTS = `privacy_exports e JOIN privacy_requests r ON r.tenant = e.tenant AND r.id = e.request_id
  WHERE e.tenant = $1 AND r.finished_ms < $2`;

/** Exports are swept with their keys, not by a statement alone. */
export const RETENTION_STATEMENTS: Readonly<Record<RetentionCategory, RetentionStatements>> = {
  hold_texts: {
    count: `SELECT count(*) AS rows FROM holds WHERE ${HOLD_TEXTS}`,
    sweep: `UPDATE holds SET purpose = NULL, reference = NULL, context = NULL, is_redacted = true
             WHERE tenant = $1 AND id IN (SELECT id FROM holds WHERE ${HOLD_TEXTS} LIMIT ${PAGE})`,
  },
  leases: {
    count: `SELECT count(*) AS rows FROM leases l WHERE ${LEASES}`,
    sweep: `DELETE FROM leases WHERE tenant = $1 AND id IN
              (SELECT id FROM leases l WHERE ${LEASES} ORDER BY asked_ms LIMIT ${PAGE})`,
  },
  privacy_exports: {
    count: `SELECT count(DISTINCT r.id) AS rows FROM ${EXPORTS}`,
    sweep: '',
  },
  privacy_requests: {
    count: `SELECT count(*) AS rows FROM privacy_requests WHERE tenant = $1 AND finished_ms < $2`,
    sweep: `WITH over AS (
              SELECT tenant, id FROM privacy_requests
               WHERE tenant = $1 AND finished_ms < $2 ORDER BY request_no LIMIT ${PAGE}
            ), exports AS (
              DELETE FROM privacy_exports e USING over
               WHERE e.tenant = over.tenant AND e.request_id = over.id
            ), steps AS (
              DELETE FROM privacy_steps s USING over
               WHERE s.tenant = over.tenant AND s.request_id = over.id
            )
            DELETE FROM privacy_requests r USING over WHERE r.tenant = over.tenant AND r.id = over.id`,
  },
  legal_holds: {
    count: 'SELECT count(*) AS rows FROM legal_holds WHERE tenant = $1 AND released_ms < $2',
    sweep: `DELETE FROM legal_holds WHERE tenant = $1 AND id IN
              (SELECT id FROM legal_holds WHERE tenant = $1 AND released_ms < $2 LIMIT ${PAGE})`,
  },
};
