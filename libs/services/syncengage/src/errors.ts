import { defineErrors } from '@kiki/kernel';

/** SyncEngage's error codes. */
export const errors = defineErrors({
  event_invalid: {
    kind: 'invalid',
    title: 'The event does not have the shape that Segment clients send.',
    fix: 'Send `userId` or `anonymousId`, `event` for a track, and objects as `traits` or `properties`.',
  },
  event_type_unsupported: {
    kind: 'invalid',
    title: 'Events of this type are not taken.',
    fix: 'Send `identify` or `track`.',
  },
  event_too_large: {
    kind: 'too_large',
    title: 'One event is larger than 32 KB.',
    fix: 'Leave out what no journey needs.',
  },
  batch_too_large: {
    kind: 'too_large',
    title: 'The batch carries more than one request may.',
    fix: 'Send smaller batches; the description of the call names the limit.',
  },
  timestamp_invalid: {
    kind: 'invalid',
    title: 'The time of the event is not an instant.',
    fix: 'Send RFC 3339 with a zone, e.g. 2026-01-31T12:00:00Z, from 1970 on.',
  },
  customer_id_is_email: {
    kind: 'invalid',
    title: 'A customer id must not be an e-mail address.',
    fix: 'Send your own stable id as `userId` and the address as `traits.email`; it then stays in SyncEngage.',
  },
  email_invalid: {
    kind: 'invalid',
    title: 'The e-mail address cannot be used.',
    fix: 'Send one address such as name@example.test, at most 254 characters.',
  },
  order_invalid: {
    kind: 'invalid',
    title: 'The order cannot be counted.',
    fix: 'Send `order_id`, one of `revenue`, `total` or `value` (at least 0), and `currency` (ISO 4217).',
  },
  profile_not_found: {
    kind: 'not_found',
    title: 'There is no such profile.',
    fix: 'Send an identify for the customer first, or check the tenant of your key.',
  },
  journey_not_found: {
    kind: 'not_found',
    title: 'There is no such journey.',
    fix: 'Create it with POST /v1/journeys, or check the id and the tenant of your key.',
  },
  journey_immutable_field: {
    kind: 'conflict',
    title: 'Segment, budget, currency, holdout share and salt of a journey cannot change.',
    fix: 'Create a new journey with another id: changed arms would make its measurement worthless.',
  },
  journey_paused: {
    kind: 'unprocessable',
    title: 'The journey is not active.',
    fix: 'Save it with `isActive: true` first.',
  },
  template_invalid: {
    kind: 'invalid',
    title: 'The template has a placeholder that nothing fills.',
    fix: 'Use {{customerId}}, {{offer}}, {{unsubscribeUrl}} or {{traits.name|default}}.',
  },
  run_not_found: {
    kind: 'not_found',
    title: 'There is no such run.',
    fix: 'Start one with POST /v1/journeys/{id}/run.',
  },
  refresh_not_found: {
    kind: 'not_found',
    title: 'There is no such refresh.',
    fix: 'Start one with POST /v1/segments/refresh.',
  },
  messages_in_flight: {
    kind: 'unavailable',
    title: 'Some messages of the run are not decided yet.',
    fix: 'Nothing to do: the run goes on by itself.',
  },
  smtp_unavailable: {
    kind: 'unavailable',
    title: 'The mail server cannot be reached or does not let us in.',
    fix: 'Check SYNCENGAGE_SMTP_URL and the server; the run goes on by itself.',
  },
});
