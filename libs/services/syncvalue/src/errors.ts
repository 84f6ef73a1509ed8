import { defineErrors } from '@kiki/kernel';

/** SyncValue's error codes; those of a row or an item are also its `code`. */
export const errors = defineErrors({
  model_missing: {
    kind: 'unprocessable',
    title: 'There is no model to predict with.',
    fix: 'Ingest an order log and call FitModel; the first model becomes champion by itself.',
  },
  model_not_found: {
    kind: 'not_found',
    title: 'There is no model of this version.',
    fix: 'List the models, or check the tenant of your key.',
  },
  model_kind_unsupported: {
    kind: 'unprocessable',
    title: 'This kind of model cannot be fitted yet.',
    fix: 'Ask for BGNBD, MBGNBD, PARETONBD, NBD, AUTO or ENSEMBLE; spend for GAMMA_GAMMA or MEAN.',
  },
  label_moved: {
    kind: 'unprocessable',
    title: 'The label does not point to the version that was expected.',
    fix: 'Look at the label anew and decide again.',
  },
  promotion_refused: {
    kind: 'unprocessable',
    title: 'The model fails a gate before the champion’s place.',
    fix: 'Look at `failedGates` (gate, value, bound); fit a better model, or overrule with is_forced and a reason.',
  },
  promotion_reason_invalid: {
    kind: 'invalid',
    title: 'The reason of a promotion is missing or too long.',
    fix: 'Give up to 500 characters; is_forced needs at least one.',
  },
  previous_version_missing: {
    kind: 'unprocessable',
    title: 'The label has no version to go back to.',
    fix: 'Look at ListLabelMoves; promote a version by its name instead.',
  },
  scores_missing: {
    kind: 'unprocessable',
    title: 'There is no table of values yet.',
    fix: 'Fit a champion and wait for the background pass; `/ready` shows when it last ran.',
  },
  scores_refreshed: {
    kind: 'unprocessable',
    title: 'The table of values that this listing began with is gone.',
    fix: 'List again from the first page.',
  },
  no_transactions: {
    kind: 'unprocessable',
    title: 'The tenant has no transactions.',
    fix: 'Ingest an order log first.',
  },
  customer_not_found: {
    kind: 'not_found',
    title: 'The customer has no transactions.',
    fix: 'Check the id and the tenant of your key.',
  },
  customer_query_invalid: {
    kind: 'invalid',
    title: 'A customer query names no customer.',
    fix: 'Give customer_id (1 to 128 characters) or statistics.',
  },
  statistics_invalid: {
    kind: 'invalid',
    title: 'The statistics of a customer are impossible.',
    fix: 'Give finite 0 ≤ recency_days ≤ age_days, recency zero exactly without repeat purchases, spend ≥ 0.',
  },
  prediction_options_invalid: {
    kind: 'invalid',
    title: 'An option of the prediction is out of range.',
    fix: 'Correct the fields named in `fields`.',
  },
  batch_too_large: {
    kind: 'too_large',
    title: 'The batch carries more than one request may.',
    fix: 'Send smaller batches; the description of the call names the limit.',
  },
  time_zone_invalid: {
    kind: 'invalid',
    title: 'The time zone is not known.',
    fix: 'Give an IANA name such as Europe/Berlin, or nothing for UTC.',
  },
  time_zone_fixed: {
    kind: 'unprocessable',
    title: 'The calendar days of this tenant are those of another time zone.',
    fix: 'Use the time zone named in the message; it was fixed by the first rows.',
  },
  date_in_future: {
    kind: 'invalid',
    title: 'A transaction lies in the future.',
    fix: 'Correct its time; one such row would move the end of observation of every customer.',
  },
  transaction_conflict: {
    kind: 'conflict',
    title: 'The transaction id is known with other contents.',
    fix: 'Give the row an id of its own; what was stored first stays.',
  },
  backtest_window_invalid: {
    kind: 'invalid',
    title: 'The windows of the back-test do not lie within the log.',
    fix: 'Move calibration_end, holdout_end, horizon_days or origin_count as the message says.',
  },
  fit_failed: {
    kind: 'internal',
    title: 'The fit ended without a usable model.',
    fix: 'Report it with the request id; the statistics it was fitted to can be rebuilt from the log.',
  },
});
