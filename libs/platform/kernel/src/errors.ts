import { defineErrors } from './error-catalogue.js';

/** Codes that every service may answer with. */
export const errors = defineErrors({
  invalid_request: {
    kind: 'invalid',
    title: 'The request is not valid.',
    fix: 'Correct the fields named in `fields`; each says what was expected.',
  },
  unknown_field: {
    kind: 'invalid',
    title: 'The request has a field that this route does not know.',
    fix: 'Remove the field or correct its spelling.',
  },
  not_found: {
    kind: 'not_found',
    title: 'There is no such thing, or it belongs to another tenant.',
    fix: 'Check the id and the tenant of your key.',
  },
  money_out_of_range: {
    kind: 'invalid',
    title: 'The amount of money cannot be carried exactly.',
    fix: 'Send an integer number of micros between -9007199254740991 and 9007199254740991.',
  },
  money_not_integer: {
    kind: 'invalid',
    title: 'Money must be an integer number of micros.',
    fix: 'Send micros (1e-6 of the currency unit) as a whole number, e.g. 11770000 for 11.77.',
  },
  currency_invalid: {
    kind: 'invalid',
    title: 'The currency is not an ISO 4217 code.',
    fix: 'Send three capital letters such as EUR or USD.',
  },
  currency_mismatch: {
    kind: 'unprocessable',
    title: 'Two amounts are in different currencies.',
    fix: 'Use the currency of the budget or model named in the message.',
  },
  idempotency_conflict: {
    kind: 'conflict',
    title: 'The same id was used before with another body.',
    fix: 'Repeat the first body, or choose a new id.',
  },
  unavailable: {
    kind: 'unavailable',
    title: 'A store or a peer cannot be reached at the moment.',
    fix: 'Retry after the time in `Retry-After`.',
  },
  deadline_exceeded: {
    kind: 'deadline',
    title: 'The work did not finish before its deadline.',
    fix: 'Retry, or allow more time.',
  },
  cancelled: {
    kind: 'cancelled',
    title: 'The caller cancelled the request.',
    fix: 'Nothing to do.',
  },
  internal: {
    kind: 'internal',
    title: 'Something went wrong inside KIKI.',
    fix: 'Look up the request id in the log and report it.',
  },
});
