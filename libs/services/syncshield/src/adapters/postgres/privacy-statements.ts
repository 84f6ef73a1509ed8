/** Files a request once. */
export const INSERT_REQUEST = `
  INSERT INTO privacy_requests (tenant, id, kind, regime, state, creation_digest, customer_digest,
         email_digest, sealed, verification_method, is_suppressing, created_by, received_ms, due_ms,
         verified_ms, audit_seq, next_attempt_ms)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $13)
      ON CONFLICT (tenant, id) DO NOTHING`;

/** Keeps what is known of a request that does not begin yet. */
export const KEEP_SEALED = `
  UPDATE privacy_requests SET sealed = coalesce($3, sealed) WHERE tenant = $1 AND id = $2`;

/** The person is who they say; the request begins. */
export const BEGIN_REQUEST = `
  UPDATE privacy_requests SET state = 'verified', verification_method = $3, verified_ms = $4
   WHERE tenant = $1 AND id = $2`;

/** Takes what is due, those that wait longest first; whoever takes it puts it behind the others. */
export const CLAIM_REQUESTS = `
  UPDATE privacy_requests r SET state = 'running', lease_until_ms = $1 + $2,
         next_attempt_ms = $1 + $2
    FROM (SELECT tenant, id FROM privacy_requests
           WHERE state IN ('verified', 'running') AND next_attempt_ms <= $1 AND lease_until_ms <= $1
           ORDER BY next_attempt_ms, request_no LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
   WHERE r.tenant = due.tenant AND r.id = due.id RETURNING r.*`;

/** Requests that have not ended, of all tenants. */
export const COUNT_REQUESTS = `
  SELECT count(*) AS open, count(*) FILTER (WHERE due_ms < $1) AS overdue
    FROM privacy_requests WHERE finished_ms IS NULL`;

/** Requests of a tenant, newest first. */
export const LIST_REQUESTS = `
  SELECT * FROM privacy_requests
   WHERE tenant = $1 AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR kind = $3)
     AND ($4::text IS NULL OR customer_digest = $4) AND ($5::bigint IS NULL OR request_no < $5)
   ORDER BY request_no DESC LIMIT $6`;

/** Moves a request to another state. */
export const MOVE_REQUEST = `
  UPDATE privacy_requests
     SET state = $3, reason = $4, verification_method = coalesce($5, verification_method),
         verified_ms = CASE WHEN $3 = 'verified' THEN $6 ELSE verified_ms END,
         finished_ms = $7, sealed = coalesce($8, sealed), lease_until_ms = 0
   WHERE tenant = $1 AND id = $2`;
