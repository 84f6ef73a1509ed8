import { enforcedLimit, type Cap } from './budget.js';
import type { CapInput } from './caps.js';

/**
 * The caps that are gone, or let a hold pass that they did not: each old cap must be found again under its id,
 * counting in the same slots (so that it keeps what it counted), with no number above what it was. Errs towards
 * naming a cap. Caps that are added only deny more.
 */
export function loosenedCaps(before: readonly Cap[], after: readonly CapInput[]): string[] {
  const caps = new Map(after.map((cap) => [cap.id, cap]));
  return before
    .filter((cap) => cap.kind !== 'meter')
    .filter((cap) => {
      const now = caps.get(cap.id);
      return now === undefined || !isAsTight(cap, now);
    })
    .map(({ id }) => id);
}

function isAsTight(before: Cap, after: CapInput): boolean {
  return (
    before.kind === after.kind &&
    before.measure === after.measure &&
    before.timeZone === after.timeZone &&
    before.windowMs === after.windowMs &&
    after.limit <= before.limit &&
    // Of a flexible day and of a rate the counter is held against another number than the limit.
    enforcedLimit(after) <= enforcedLimit(before) &&
    (before.burst === undefined || (after.burst !== undefined && after.burst <= before.burst))
  );
}
