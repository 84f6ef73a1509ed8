import { defineErrors } from '@kiki/kernel';

/** Codes of caches, locks, limits and the Redis connection. */
export const errors = defineErrors({
  shared_state_argument: {
    kind: 'invalid',
    title: 'A cache, lock or limit was called with a value outside its range.',
    fix: 'Correct the argument named in `fields`; this is a mistake in the calling code.',
  },
  redis_url_invalid: {
    kind: 'invalid',
    title: 'The Redis URL cannot be read.',
    fix: 'Set it like `redis://user:password@host:6379/0`, or `rediss://` for TLS.',
  },
  shared_state_unavailable: {
    kind: 'unavailable',
    title: 'The store of locks, limits and caches cannot be reached at the moment.',
    fix: 'Retry after a second; see `/ready` for the store that is down.',
  },
});
