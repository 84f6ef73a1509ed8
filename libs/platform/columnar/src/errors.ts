import { defineErrors } from '@kiki/kernel';

/** Codes of the columnar engine. */
export const errors = defineErrors({
  columnar_not_installed: {
    kind: 'unprocessable',
    title: 'The optional columnar engine is not installed for this machine.',
    fix: 'Run `npm install @duckdb/node-api`, or give the log as a CSV file that is read without it.',
  },
  columnar_source_unreadable: {
    kind: 'unprocessable',
    title: 'The columnar engine cannot read the file, or not within its memory.',
    fix: 'Check the path, that it is CSV or Parquet by its ending, and the space on the disk; the message says more.',
  },
  columnar_column_missing: {
    kind: 'invalid',
    title: 'The log has no column of the given name.',
    fix: 'Name columns of the file; the message lists them.',
  },
  columnar_rows_invalid: {
    kind: 'unprocessable',
    title: 'The log has rows whose customer, date or amount cannot be used.',
    fix: 'Correct the rows counted in `fields`, or declare that negative amounts are refunds.',
  },
});
