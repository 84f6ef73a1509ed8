import { isCallers, withoutNo, type Budget, type BudgetTree } from '../budget.js';
import type { CapInput } from '../caps.js';
import type { EntryRequest } from '../entry.js';
import type { Hold, HoldRequest } from '../hold.js';
import type { SettlementRequest } from '../settlement.js';
import { oneOf, type Draw } from './model-draws.js';
import type { ReferenceCommand } from './reference-command.js';

/** What a model knows when it makes up its next command. */
export interface ModelState {
  readonly tenant: string;
  readonly tree: BudgetTree;
  readonly nowMs: number;
  readonly holds: readonly Hold[];
  /** Everything that was asked so far, to be asked again. */
  readonly asked: readonly ReferenceCommand[];
}

const HOUR = 3_600_000;

/** A command of the money path: a hold, a settlement, an entry, or one that was made before. */
export function moneyCommand(draw: Draw, state: ModelState): ReferenceCommand {
  const [what = 0, pick = 0] = draw;
  const share = what % 100;
  if (share < 8 && state.asked.length > 0) return again(draw, state.asked);
  if (share < 20) return { do: 'enter', request: entryOf(draw, state) };
  const hold = state.holds[pick % Math.max(1, state.holds.length)];
  if (share < 55 && hold !== undefined) return { do: 'settle', request: settlementOf(draw, hold) };
  return { do: 'hold', request: holdOf(draw, state) };
}

/** Other limits of a budget's caps; what they count stays. */
export function otherLimits([, , factor = 0, more = 0]: Draw, budget: Budget): CapInput[] {
  return budget.caps.filter(isCallers).map((cap) => {
    const input = withoutNo(cap);
    const limit = (input.limit * BigInt(factor % 5)) / 2n;
    const burst = input.kind === 'rate' ? { burst: 1n + BigInt(more % 50) } : {};
    const flex = input.flexPercent === undefined ? {} : { flexPercent: 100 + (more % 200) };
    return { ...input, limit, ...burst, ...flex };
  });
}

/** One of the budgets of a tree. */
export function budgetOf(draw: number, { budgets }: BudgetTree): Budget {
  const [first, ...rest] = budgets;
  if (first === undefined) throw new RangeError('a tree without budgets');
  return oneOf([first, ...rest], draw);
}

function holdOf(draw: Draw, { tenant, tree, asked }: ModelState): HoldRequest {
  const [, budget = 0, amount = 0, expires = 0, grace = 0, elastic = 0, wrong = 0] = draw;
  const amountMicros = BigInt(1 + (amount % 30));
  return {
    tenant,
    id: `h${asked.length}`,
    budgetId: wrong % 50 === 0 ? 'nowhere' : budgetOf(budget, tree).id,
    amountMicros,
    currency: wrong % 50 === 1 ? 'USD' : 'EUR',
    expiresInMs: oneOf([1, 500, 60_000, 30 * HOUR], expires),
    graceMs: oneOf([0, 100, HOUR], grace),
    ...(elastic % 4 === 0 ? { elastic: elasticOf(elastic, amountMicros) } : {}),
  };
}

function elasticOf(draw: number, amountMicros: bigint): NonNullable<HoldRequest['elastic']> {
  const atLeastMicros = 1n + (BigInt(draw) % amountMicros);
  return { atLeastMicros, headroomDivisor: 1 + (draw % 7) };
}

function settlementOf(draw: Draw, hold: Hold): SettlementRequest {
  const [, , action = 0, part = 0, nth = 0, final = 0] = draw;
  const { tenant, id: holdId, amountMicros: granted } = hold;
  const share = oneOf([0n, 1n, 2n, 2n, 4n, 5n, undefined], part);
  const amount = share === undefined ? {} : { amountMicros: (granted * share) / 4n };
  const kind = oneOf(['capture', 'capture', 'capture', 'void', 'refund'], action);
  const settlementId = `${kind}${nth % 4}`;
  if (kind === 'void') return { tenant, holdId, settlementId, action: 'void' };
  if (kind === 'refund') return { tenant, holdId, settlementId, action: 'refund', ...amount };
  const isFinal = final % 2 === 0 ? {} : { isFinal: final % 4 === 1 };
  return { tenant, holdId, settlementId, action: 'capture', ...amount, ...isFinal };
}

function entryOf(draw: Draw, { tenant, tree, nowMs, asked }: ModelState): EntryRequest {
  const [, budget = 0, amount = 0, at = 0, ago = 0, source = 0, wrong = 0] = draw;
  const earlier = asked.filter((one) => one.do === 'enter').at(-1 - (ago % 4));
  const isBack = amount % 3 === 0 && earlier !== undefined;
  const size = BigInt(amount % 25);
  const agoMs = oneOf([0, 500, 20_000, 2 * HOUR, 60 * HOUR, -HOUR], ago);
  return {
    tenant,
    entryId: `e${asked.length}`,
    budgetId: isBack ? earlier.request.budgetId : budgetOf(budget, tree).id,
    amountMicros: isBack ? -size : size,
    currency: wrong % 50 === 1 ? 'USD' : 'EUR',
    source: source % 2 === 0 ? 'external' : 'correction',
    ...(isBack ? atOf(earlier.request) : at % 2 === 0 ? {} : { atMs: nowMs - agoMs }),
  };
}

function atOf({ atMs }: EntryRequest): { atMs?: number } {
  return atMs === undefined ? {} : { atMs };
}

/** The same once more, or nearly: the same id with another amount. */
function again(
  [, pick = 0, , other = 0]: Draw,
  asked: readonly ReferenceCommand[],
): ReferenceCommand {
  const command = asked[pick % asked.length];
  if (command === undefined) return { do: 'release' };
  if (other % 4 !== 0) return command;
  if (command.do === 'hold') {
    const amountMicros = command.request.amountMicros + 1n;
    return { do: 'hold', request: { ...command.request, amountMicros } };
  }
  if (command.do === 'enter') {
    return { do: 'enter', request: { ...command.request, source: 'external', amountMicros: 1n } };
  }
  return command;
}
