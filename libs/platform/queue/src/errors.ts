import { defineErrors } from '@kiki/kernel';

/** Codes of queues and their jobs. */
export const errors = defineErrors({
  job_payload_invalid: {
    kind: 'invalid',
    title: 'The payload of a job is not the documented envelope.',
    fix: 'Send a JSON object `{v: 1, tenant, …, keyId, sig}`; `fields` names what is wrong.',
  },
  job_too_large: {
    kind: 'too_large',
    title: 'The payload of a job is too large.',
    fix: 'Split it into several jobs, or store the bulk as an object and queue its name.',
  },
  job_options_invalid: {
    kind: 'invalid',
    title: 'A job was queued with an option outside its range.',
    fix: 'Correct the option named in `fields`.',
  },
  job_lost_too_often: {
    kind: 'internal',
    title: 'The job took its worker down, or lost it, too many times.',
    fix: 'Look for crashes of the worker at the times of its attempts, then replay the job.',
  },
  dead_letter_not_found: {
    kind: 'not_found',
    title: 'There is no dead letter of this id.',
    fix: 'List the dead letters of the queue; it may have been replayed or have aged out.',
  },
  queue_store_unfit: {
    kind: 'unprocessable',
    title: 'The Redis server is not one that may hold queues.',
    fix: 'Use Redis 7 or newer with `maxmemory-policy noeviction`; put caches on REDIS_CACHE_URL.',
  },
  queue_name_invalid: {
    kind: 'invalid',
    title: 'The name of a queue is not valid.',
    fix: 'Use lower-case letters, digits and dashes, at most 40, beginning with a letter.',
  },
});
