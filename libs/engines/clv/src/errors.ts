import { defineErrors } from '@kiki/kernel';

/** Codes of the value models. */
export const errors = defineErrors({
  clv_not_enough_data: {
    kind: 'unprocessable',
    title: 'There are too few customers or repeat purchases to fit the model.',
    fix: 'Ingest more history, or move the end of calibration to a later day.',
  },
  clv_statistics_invalid: {
    kind: 'invalid',
    title: 'A customer has impossible statistics.',
    fix: 'Give whole frequency ≥ 0 and 0 ≤ recency ≤ age, recency 0 exactly when frequency is 0.',
  },
  clv_parameter_invalid: {
    kind: 'invalid',
    title: 'A parameter or an option of a value model is not valid.',
    fix: 'Correct the field named in `fields`.',
  },
  clv_time_unit_mismatch: {
    kind: 'invalid',
    title: 'Statistics and model have different time units.',
    fix: 'Build the statistics in the time unit of the model.',
  },
});

/** The error of one bad option. */
export function invalid(field: string, expected: string): Error {
  return errors.clv_parameter_invalid(`${field}: expected ${expected}.`, {
    fields: [{ field, expected }],
  });
}
