import type { Row } from '@kiki/postgres';
import type { Lease, LeaseEnd } from '../../domain/lease.js';

/** A row of `leases`. */
export interface LeaseRow extends Row {
  tenant: string;
  id: string;
  lease_no: bigint;
  budget_id: string;
  node_id: string;
  epoch: bigint;
  slice_no: bigint;
  currency: string;
  asked_micros: bigint;
  at_least_micros: bigint;
  headroom_divisor: number;
  unreported_percent: number;
  ttl_ms: bigint;
  grace_ms: bigint;
  asked_ms: bigint;
  revoked_ms: bigint | null;
  presumed_micros: bigint;
  closed_as: LeaseEnd | null;
}

/** Selects leases as `toLease` reads them. */
export const LEASE_COLUMNS = `tenant, id, lease_no, budget_id, node_id, epoch, slice_no, currency, asked_micros,
  at_least_micros, headroom_divisor, unreported_percent, ttl_ms, grace_ms, asked_ms, revoked_ms, presumed_micros,
  closed_as`;

// The row of the node serialises its starts: once an epoch is known, no earlier one gets a row.
/** Registers a lease: the epoch that is known afterwards, and no row when it is a later one. */
export const OPEN_LEASE = `
  WITH node AS (
    INSERT INTO lease_nodes (tenant, budget_id, node_id, epoch, slices)
    VALUES ($1::text, $3::text, $4::text, $5::bigint, 1)
    ON CONFLICT (tenant, budget_id, node_id) DO UPDATE
       SET epoch = greatest(lease_nodes.epoch, excluded.epoch), slices = lease_nodes.slices + 1
    RETURNING epoch, slices
  ), opened AS (
    INSERT INTO leases (tenant, id, budget_id, node_id, epoch, slice_no, currency, asked_micros,
                        at_least_micros, headroom_divisor, unreported_percent, ttl_ms, grace_ms,
                        asked_ms, closes_ms)
    SELECT $1::text, $2::text, $3::text, $4::text, $5::bigint, node.slices, $6::text, $7::bigint, $8::bigint,
           $9::int, $10::int, $11::bigint, $12::bigint, $13::bigint,
           $13::bigint + $11::bigint + $12::bigint
      FROM node WHERE node.epoch = $5::bigint
    ON CONFLICT (tenant, id) DO NOTHING
    RETURNING id
  )
  SELECT node.epoch, opened.id FROM node LEFT JOIN opened ON true`;

/** A lease as it is stored. */
export function toLease(row: LeaseRow): Lease {
  return {
    tenant: row.tenant,
    id: row.id,
    budgetId: row.budget_id,
    nodeId: row.node_id,
    epoch: Number(row.epoch),
    sliceNo: Number(row.slice_no),
    currency: row.currency,
    askedMicros: row.asked_micros,
    atLeastMicros: row.at_least_micros,
    headroomDivisor: row.headroom_divisor,
    unreportedPercent: row.unreported_percent,
    ttlMs: Number(row.ttl_ms),
    graceMs: Number(row.grace_ms),
    askedMs: Number(row.asked_ms),
    presumedMicros: row.presumed_micros,
    ...(row.revoked_ms === null ? {} : { revokedMs: Number(row.revoked_ms) }),
    ...(row.closed_as === null ? {} : { closedAs: row.closed_as }),
  };
}
