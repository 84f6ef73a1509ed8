/** Churn segments by P(alive); `unknown` is whoever no model has said anything about. */
export const SEGMENTS = ['active', 'at_risk', 'lost', 'unknown'] as const;

/** One of {@link SEGMENTS}. */
export type ChurnSegment = (typeof SEGMENTS)[number];

/** Segments that a journey may be about. */
export type TargetSegment = Exclude<ChurnSegment, 'unknown'>;

/** Where the segments part, in thousandths of probability; lostBelow ≤ atRiskBelow. */
export interface ChurnThresholds {
  readonly atRiskBelowMilli: number;
  readonly lostBelowMilli: number;
}

/** The segment of a probability of being alive. */
export function churnSegmentOf(
  aliveProbability: number,
  { atRiskBelowMilli, lostBelowMilli }: ChurnThresholds,
): TargetSegment {
  if (aliveProbability * 1000 < lostBelowMilli) return 'lost';
  return aliveProbability * 1000 < atRiskBelowMilli ? 'at_risk' : 'active';
}
