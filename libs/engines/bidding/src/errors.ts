import { defineErrors } from '@kiki/kernel';

/** Codes of the bidding engine. */
export const errors = defineErrors({
  bid_input_invalid: {
    kind: 'invalid',
    title: 'A price cannot be made from these numbers.',
    fix: 'Give a probability from 0 to 1, a share from 1 to 1000 thousandths and amounts that are not negative.',
  },
  conversion_counts_invalid: {
    kind: 'invalid',
    title: 'Conversion probabilities cannot be learned from these counts.',
    fix: 'Count whole impressions and conversions, conversions at most impressions, one row per segment.',
  },
});
