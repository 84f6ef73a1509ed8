import type { Random } from '@kiki/kernel';
import { errors } from './errors.js';

/** Something that the simulated exchange sells; its hidden side lies in the exchange. */
export interface SimulatedOpportunity {
  /** Begins with `sim-` unless another prefix was asked for. */
  readonly id: string;
  /** Absent for a stranger. */
  readonly customerId?: string;
  readonly channel: string;
  readonly segment: string;
  readonly floorMicros: bigint;
  readonly currency: string;
}

/** A kind of audience or placement. */
export interface SimulatedSegment {
  readonly name: string;
  /** How often it comes, relative to the others. */
  readonly weight: number;
  /** Half of the floors lie below this, micros. */
  readonly medianFloorMicros: bigint;
}

/** What is to be offered. */
export interface OpportunityPlan {
  readonly count: number;
  /** Known customers; each opportunity draws one, or a stranger. */
  readonly customerIds: readonly string[];
  /** Share of opportunities whose visitor nobody knows, 0 to 1. @default 0.2 */
  readonly strangerShare?: number;
  readonly channel: string;
  readonly currency: string;
  readonly segments: readonly SimulatedSegment[];
  /** Ids are this and a number. @default 'sim-' */
  readonly idPrefix?: string;
  /**
   * Every customer is drawn once before any is drawn twice, so that plans over disjoint lists never share one.
   * @default false
   */
  readonly isWithoutRepeats?: boolean;
}

/** Makes opportunities out of a customer list; the same plan and seed give the same ones. @throws simulation_invalid */
export function simulateOpportunities(
  plan: OpportunityPlan,
  random: Random,
): SimulatedOpportunity[] {
  const { customerIds, strangerShare = 0.2, idPrefix = 'sim-', segments } = plan;
  check(plan, strangerShare);
  const totalWeight = segments.reduce((total, { weight }) => total + weight, 0);
  const deck = plan.isWithoutRepeats ? shuffled(customerIds, random) : customerIds;
  const width = String(Math.max(plan.count - 1, 0)).length;
  let drawn = 0;
  return Array.from({ length: plan.count }, (_, i) => {
    const isStranger = customerIds.length === 0 || random.nextDouble() < strangerShare;
    const segment = pickSegment(segments, random.nextDouble() * totalWeight);
    // Floors spread from a quarter to four times the median, evenly in the logarithm.
    const spread = 4 ** (2 * random.nextDouble() - 1);
    const at = plan.isWithoutRepeats
      ? drawn % deck.length
      : random.nextInt(Math.max(deck.length, 1));
    if (!isStranger) drawn++;
    const customerId = isStranger ? undefined : deck[at];
    return {
      id: `${idPrefix}${String(i).padStart(width, '0')}`,
      ...(customerId === undefined ? {} : { customerId }),
      channel: plan.channel,
      segment: segment.name,
      floorMicros: BigInt(Math.round(Number(segment.medianFloorMicros) * spread)),
      currency: plan.currency,
    };
  });
}

function pickSegment(segments: readonly SimulatedSegment[], at: number): SimulatedSegment {
  let left = at;
  for (const segment of segments) {
    left -= segment.weight;
    if (left < 0) return segment;
  }
  return segments.at(-1) as SimulatedSegment;
}

/** Fisher and Yates. */
function shuffled(items: readonly string[], random: Random): string[] {
  const deck = [...items];
  for (let i = deck.length - 1; i > 0; i--) {
    const j = random.nextInt(i + 1);
    [deck[i], deck[j]] = [deck[j] as string, deck[i] as string];
  }
  return deck;
}

function check(plan: OpportunityPlan, strangerShare: number): void {
  const problems = [
    !(Number.isSafeInteger(plan.count) && plan.count >= 0) && 'count must be a whole number from 0',
    !(strangerShare >= 0 && strangerShare <= 1) && 'strangerShare must be from 0 to 1',
    plan.segments.length === 0 && 'at least one segment is needed',
    plan.segments.some(({ weight }) => !(weight > 0)) && 'weights must be above 0',
    plan.segments.some((segment) => segment.medianFloorMicros < 0n) &&
      'floors must not be negative',
  ];
  const problem = problems.find((text) => text !== false);
  if (problem !== undefined) throw errors.simulation_invalid(`Opportunities: ${problem}.`);
}
