import { found, NOT_APPLICABLE, type Ask, type Facts, type Finding } from './finding.js';
import { measuredAt, type MaxCacRule } from './rule.js';

/**
 * What was spent in the window, is held and is asked for, is at most the limit per acquisition; those that the hold
 * itself pays for count. No division: nothing is rounded.
 */
export function findMaxCac(rule: MaxCacRule, ask: Ask, facts: Facts): Finding {
  const { request, context, path, nowMs } = ask;
  if (request.currency !== rule.currency) return NOT_APPLICABLE;
  const node = measuredAt(rule, path);
  const known = node === undefined ? undefined : facts.acquisition(rule.id, node.budgetNo);
  if (node === undefined || known === undefined) {
    return { outcome: 'denied', values: { missing: 'acquisitions' } };
  }
  const counted = Math.max(known.acquisitions + (context.acquisitions ?? 0), rule.minAcquisitions);
  const cost = known.spentMicros + known.heldMicros + request.amountMicros;
  return found(
    cost <= rule.limitMicros * BigInt(counted),
    () => ({
      spentMicros: known.spentMicros.toString(),
      heldMicros: known.heldMicros.toString(),
      amountMicros: request.amountMicros.toString(),
      acquisitions: String(known.acquisitions),
      countedAcquisitions: String(counted),
      limitMicros: rule.limitMicros.toString(),
    }),
    { window: { fromMs: known.fromMs, toMs: nowMs }, budgetId: node.id },
  );
}
