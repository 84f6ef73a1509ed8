import { roundHalfEven } from '@kiki/kernel';
import { errors } from './errors.js';

/** Why there is a price or none. */
export type PriceReason =
  'bid' | 'bid_capped' | 'value_not_positive' | 'below_floor' | 'floor_above_cap' | 'below_min_bid';

/** What one price is made from. */
export interface PriceInput {
  /** What the customer is expected to bring when won, micros; may be negative. */
  readonly valueMicros: bigint;
  /** Probability that a won impression converts, 0 to 1. */
  readonly conversionProbability: number;
  /** Thousandths of the expected value that a bid may cost, 1 to 1000. */
  readonly valueShareMilli: number;
  /** Lowest price the seller takes, micros. */
  readonly floorMicros: bigint;
  /** Bids below this are not worth placing, micros. */
  readonly minBidMicros: bigint;
  /** No bid is ever above this, micros. */
  readonly maxBidMicros: bigint;
}

/** A price, or none, and why. */
export interface Price {
  /** What to bid, micros; 0 when nothing is bid. */
  readonly priceMicros: bigint;
  readonly reason: PriceReason;
  /** value × probability × share before rounding and limits, micros: what an explanation holds on. */
  readonly worthMicros: number;
}

/**
 * The price of one impression: value × probability × share, rounded half-even once, never above the cap, never
 * below the floor. A price that the floor or the lowest bid forbids is no bid at all: raising it would pay more
 * than it is worth.
 * @throws bid_input_invalid
 */
export function priceBid(input: PriceInput): Price {
  check(input);
  const { floorMicros, minBidMicros, maxBidMicros } = input;
  const worthMicros =
    Number(input.valueMicros) * input.conversionProbability * (input.valueShareMilli / 1000);
  const none = (reason: PriceReason): Price => ({ priceMicros: 0n, reason, worthMicros });
  if (!(worthMicros > 0)) return none('value_not_positive');
  // Compared before rounding, so that a value of any size is safe to round.
  const isCapped = worthMicros > Number(maxBidMicros);
  const priceMicros = isCapped ? maxBidMicros : roundHalfEven(worthMicros);
  if (priceMicros < floorMicros) return none(isCapped ? 'floor_above_cap' : 'below_floor');
  if (priceMicros === 0n || priceMicros < minBidMicros) return none('below_min_bid');
  return { priceMicros, reason: isCapped ? 'bid_capped' : 'bid', worthMicros };
}

/** Whether a reason leads to a bid. */
export function isBidReason(reason: string): reason is 'bid' | 'bid_capped' {
  return reason === 'bid' || reason === 'bid_capped';
}

const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

function check(input: PriceInput): void {
  const { valueMicros, conversionProbability: p, valueShareMilli: share } = input;
  demand('conversionProbability', p >= 0 && p <= 1, 'a probability from 0 to 1');
  demand('valueShareMilli', Number.isInteger(share) && share >= 1 && share <= 1000, '1 to 1000');
  const isExact = valueMicros <= MAX_EXACT && valueMicros >= -MAX_EXACT;
  demand('valueMicros', isExact, 'micros, |x| ≤ 2^53−1');
  for (const name of ['floorMicros', 'minBidMicros', 'maxBidMicros'] as const) {
    const isAmount = input[name] >= 0n && input[name] <= MAX_EXACT;
    demand(name, isAmount, 'micros from 0 to 2^53−1');
  }
}

function demand(field: string, holds: boolean, expected: string): void {
  if (holds) return;
  throw errors.bid_input_invalid(`${field} must be ${expected}.`, {
    fields: [{ field, expected }],
  });
}
