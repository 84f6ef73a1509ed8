// Goal: every customer gets exactly one reason or none, in a fixed order of importance. Method: all
// combinations.
import { describe, expect, it } from '@jest/globals';
import { churnSegmentOf } from './churn.js';
import { planReason, type Subscription } from './suppression.js';

describe('planReason', () => {
  it('names the first thing that stands in the way, consent first', () => {
    for (const subscription of ['unknown', 'subscribed', 'unsubscribed'] as Subscription[]) {
      for (const isOptInRequired of [false, true]) {
        for (const hasAddress of [false, true]) {
          for (const recentMessages of [0, 1, 2]) {
            for (const isLive of [false, true]) {
              const reason = planReason(
                {
                  subscription,
                  hasAddress,
                  recentMessages,
                  isInSegment: true,
                  isAddressTaken: false,
                },
                { isOptInRequired, isLive, isActive: true, cap: { maxMessages: 1, windowMs: 1 } },
              );
              const expected =
                subscription === 'unsubscribed'
                  ? 'unsubscribed'
                  : isOptInRequired && subscription !== 'subscribed'
                    ? 'not_subscribed'
                    : !hasAddress
                      ? 'no_address'
                      : recentMessages >= 1
                        ? 'frequency_cap'
                        : isLive
                          ? undefined
                          : 'dry_run';
              expect(reason).toBe(expected);
            }
          }
        }
      }
    }
  });
});

it('leaves alone who is no longer at risk, and everybody while the journey is paused', () => {
  const customer = {
    subscription: 'unknown' as const,
    hasAddress: true,
    recentMessages: 0,
    isAddressTaken: false,
  };
  const rules = { isOptInRequired: false, isLive: true, cap: { maxMessages: 1, windowMs: 1 } };
  const reasons = [true, false].flatMap((isActive) =>
    [true, false].map((isInSegment) =>
      planReason({ ...customer, isInSegment }, { ...rules, isActive }),
    ),
  );
  expect(reasons).toEqual([undefined, 'left_segment', 'journey_paused', 'journey_paused']);
});

describe('churnSegmentOf', () => {
  const thresholds = { atRiskBelowMilli: 500, lostBelowMilli: 50 };
  it.each([
    [0, 'lost'],
    [0.0499, 'lost'],
    [0.05, 'at_risk'],
    [0.4999, 'at_risk'],
    [0.5, 'active'],
    [1, 'active'],
  ])('%p is %s', (probability, segment) => {
    expect(churnSegmentOf(probability, thresholds)).toBe(segment);
  });
});
