import { defineErrors } from '@kiki/kernel';

/** Codes of order logs; those of a row are also the `code` of a {@link RowProblem}. */
export const errors = defineErrors({
  order_log_empty: {
    kind: 'invalid',
    title: 'The order log has no rows.',
    fix: 'Send a file with at least one order.',
  },
  order_log_layout_unknown: {
    kind: 'invalid',
    title: 'The layout of the order log is not known.',
    fix: 'Name the columns, e.g. `id=customer_id,date=timestamp,amount=total`, or their positions: `id=1,date=2`.',
  },
  order_log_column_missing: {
    kind: 'invalid',
    title: 'A named column is not in the header of the order log.',
    fix: 'Use a column that the header has; the message lists them.',
  },
  order_log_columns_invalid: {
    kind: 'invalid',
    title: 'The column mapping is not valid.',
    fix: 'Write `id=…,date=…` and, if there are, `amount=…`, `transactionId=…`, `currency=…`.',
  },
  order_row_malformed: {
    kind: 'invalid',
    title: 'A row of the order log cannot be split into its fields.',
    fix: 'Correct the line named in the message: number of fields, closing quotes, at most 64 KiB.',
  },
  customer_id_invalid: {
    kind: 'invalid',
    title: 'A row of the order log has no usable customer id.',
    fix: 'Give 1 to 128 characters of valid UTF-8 without control characters.',
  },
  transaction_id_invalid: {
    kind: 'invalid',
    title: 'A row of the order log has no usable transaction id.',
    fix: 'Give 1 to 128 characters of valid UTF-8 without control characters.',
  },
  transaction_id_missing: {
    kind: 'invalid',
    title: 'A row without an id came too late in its log to be given one.',
    fix: 'Give ids of your own, or sort the rows by time: beyond a million of them only the newest are compared.',
  },
  date_invalid: {
    kind: 'invalid',
    title: 'A date of the order log cannot be read.',
    fix: 'Write YYYYMMDD, YYYY-MM-DD, YYYY-MM-DD HH:MM:SS or RFC 3339; never a day that may be a month.',
  },
  amount_invalid: {
    kind: 'invalid',
    title: 'An amount of the order log is not a decimal number.',
    fix: 'Write e.g. 1234.50: a decimal point, at most six decimals, no thousands signs, no currency signs.',
  },
  amount_negative: {
    kind: 'invalid',
    title: 'An amount is negative and refunds were not declared.',
    fix: 'Declare that negative amounts of this source are refunds, or remove them.',
  },
  order_currency_invalid: {
    kind: 'invalid',
    title: 'A row of the order log has another or no valid currency.',
    fix: 'Write three capital letters (ISO 4217), one currency per import.',
  },
});
