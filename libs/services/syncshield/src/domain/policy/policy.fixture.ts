import type { Budget } from '../budget.js';
import type { HoldContext } from '../hold-context.js';
import type { Ask, Facts } from './finding.js';
import type { Rule } from './rule.js';

const node = (budgetNo: bigint, id: string, parentNo?: bigint): Budget => ({
  ...{ budgetNo, id, parentNo, depth: 0, name: id, currency: 'EUR', isPaused: false, caps: [] },
  pausesOnExternal: false,
});

/** A leaf `ads` below `root`. */
export const PATH = [node(2n, 'ads', 1n), node(1n, 'root')] as const;

/** Facts of which nothing is known. */
export const NOTHING: Facts = {
  approvedMicros: () => 0n,
  profile: () => undefined,
  acquisition: () => undefined,
  trialMicros: () => 0n,
  consent: () => undefined,
};

/** A hold of 10 EUR from `ads`. */
export function askOf(
  context: HoldContext = {},
  over: { nowMs?: number; amountMicros?: bigint; currency?: string; path?: Ask['path'] } = {},
): Ask {
  const { nowMs = 0, amountMicros = 10n, currency = 'EUR', path = PATH } = over;
  return {
    ...{ context, nowMs, path },
    request: {
      ...{ tenant: 't', id: 'h', budgetId: path[0]?.id ?? 'ads', amountMicros, currency },
      ...{ expiresInMs: 1, graceMs: 0, context },
    },
  };
}

/** A rule with the members that every rule has. */
export function ruleOf(
  rule: { readonly kind: Rule['kind'] } & Readonly<Record<string, unknown>>,
): Rule {
  return { id: 'r', scope: {}, exemptions: [], ...rule } as unknown as Rule;
}
