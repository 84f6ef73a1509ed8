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
  onnx_declaration_invalid: {
    kind: 'invalid',
    title: 'The declaration of the brought model is not usable.',
    fix: 'Correct the fields named in `fields`; each says what was expected.',
  },
  onnx_graph_mismatch: {
    kind: 'invalid',
    title: 'The ONNX graph does not do what its declaration says.',
    fix: 'Correct the fields named in `fields`, or export the graph anew: its output is finite and never negative.',
  },
  onnx_graph_too_large: {
    kind: 'too_large',
    title: 'The ONNX graph is larger than this service takes.',
    fix: 'Bring a smaller graph, or raise SYNCVALUE_ONNX_MAX_MIB.',
  },
  onnx_output_invalid: {
    kind: 'unprocessable',
    title: 'The brought model gave no usable number for this customer.',
    fix: 'Have the graph clip its output to finite numbers ≥ 0, and import it anew.',
  },
  onnx_unavailable: {
    kind: 'unavailable',
    title: 'The brought model cannot be run at the moment.',
    fix: 'Retry; `/ready` shows whether onnxruntime is installed, and a promotion of another model helps at once.',
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
  acquisition_invalid: {
    kind: 'invalid',
    title: 'The attributes of an acquisition are not valid.',
    fix: 'Give up to 8 attributes: names of 1 to 32 letters, digits and _.-, a letter first; values of up to 64.',
  },
  statistics_invalid: {
    kind: 'invalid',
    title: 'The statistics of a customer are impossible.',
    fix: 'Give 0 ≤ recency_days ≤ age_days ≤ 73050, recency zero exactly without repeat purchases, spend ≥ 0.',
  },
  prediction_options_invalid: {
    kind: 'invalid',
    title: 'An option of the prediction is out of range.',
    fix: 'Correct the fields named in `fields`.',
  },
  forecast_invalid: {
    kind: 'invalid',
    title: 'Segments or horizons of a forecast are not valid.',
    fix: 'Correct the fields named in `fields`; each says what was expected.',
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
  calibration_day_invalid: {
    kind: 'invalid',
    title: 'The calibration does not end within the log or within 31 days after it.',
    fix: 'Give a day on which the log is known to be complete, or none: then it ends with the newest row.',
  },
  fit_failed: {
    kind: 'internal',
    title: 'The fit ended without a usable model.',
    fix: 'Report it with the request id; the statistics it was fitted to can be rebuilt from the log.',
  },
});
