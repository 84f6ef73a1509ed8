import { errors } from './errors.js';

/** The named sets of stores. */
export type Profile = 'laptop' | 'standard' | 'one-store';

/** Which stores the settings ask for. @throws config_invalid for Redis without PostgreSQL, or replicas on a laptop */
export function profileOf(config: {
  readonly databaseUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
  readonly replicas: number;
}): Profile {
  if (config.databaseUrl !== undefined)
    return config.redisUrl === undefined ? 'one-store' : 'standard';
  if (config.redisUrl !== undefined)
    throw refusal('DATABASE_URL', 'to be set, because REDIS_URL is');
  if (config.replicas > 1) {
    throw refusal(
      'KIKI_REPLICAS',
      '1, because the laptop profile keeps its cache in the process; or set DATABASE_URL',
    );
  }
  return 'laptop';
}

function refusal(field: string, expected: string): Error {
  return errors.config_invalid(`${field}: expected ${expected}.`, {
    fields: [{ field, expected }],
  });
}
