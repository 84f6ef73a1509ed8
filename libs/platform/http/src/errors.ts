import { defineErrors } from '@kiki/kernel';

/** Codes of the HTTP edge. */
export const errors = defineErrors({
  json_invalid: {
    kind: 'invalid',
    title: 'The body is not valid JSON.',
    fix: 'Send one JSON value in UTF-8 with `Content-Type: application/json`; NaN and Infinity do not exist in JSON.',
  },
  media_type_unsupported: {
    kind: 'invalid',
    title: 'The body has a media type that this route does not read.',
    fix: 'Send `Content-Type: application/json`.',
  },
  body_too_large: {
    kind: 'too_large',
    title: 'The body is larger than allowed.',
    fix: 'Send smaller batches, or raise KIKI_BODY_LIMIT_BYTES.',
  },
  route_not_found: {
    kind: 'not_found',
    title: 'There is no such route.',
    fix: 'See /docs for the routes of this service.',
  },
  request_timeout: {
    kind: 'deadline',
    title: 'The request took longer than the service allows.',
    fix: 'Retry with a smaller request, or raise KIKI_REQUEST_TIMEOUT_MS.',
  },
  cursor_invalid: {
    kind: 'invalid',
    title: 'The cursor was not made by this list.',
    fix: 'Pass `nextCursor` of the previous page unchanged, or leave `cursor` out to start again.',
  },
  idempotency_key_invalid: {
    kind: 'invalid',
    title: 'The Idempotency-Key header is not usable.',
    fix: 'Send 1 to 255 visible ASCII characters, a new UUID for each new request.',
  },
  idempotency_in_flight: {
    kind: 'conflict',
    title: 'The first request with this Idempotency-Key is still running.',
    fix: 'Retry after the time in `Retry-After`; the answer will be the first one.',
  },
});
