import type { Redis } from 'ioredis';

/** Something about a Redis server that KIKI cannot live with, or not well. */
export interface RedisFinding {
  readonly check: 'version' | 'eviction' | 'persistence';
  readonly severity: 'error' | 'warning';
  readonly problem: string;
  /** What to change on the server. */
  readonly fix: string;
}

/** The oldest major version that BullMQ and our scripts are used with. */
const OLDEST_MAJOR = 7;

/**
 * Looks at a server for the doctor: version, eviction, persistence.
 * @param use a `queue` server must neither evict nor forget; a `cache` server may do both
 */
export async function inspectRedis(redis: Redis, use: 'queue' | 'cache'): Promise<RedisFinding[]> {
  const info = parseInfo(await redis.info());
  const findings = [versionOf(info)];
  if (use === 'queue') findings.push(evictionOf(info), persistenceOf(info));
  return findings.filter((finding) => finding !== undefined);
}

type Info = ReadonlyMap<string, string>;

function parseInfo(text: string): Info {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

function versionOf(info: Info): RedisFinding | undefined {
  const version = info.get('redis_version') ?? 'unknown';
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return undefined;
  return {
    check: 'version',
    severity: 'error',
    problem: `Redis ${version} is older than ${OLDEST_MAJOR}.`,
    fix: `Upgrade to Redis ${OLDEST_MAJOR} or Valkey 8.`,
  };
}

function evictionOf(info: Info): RedisFinding | undefined {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') return undefined;
  return {
    check: 'eviction',
    severity: 'error',
    problem: `maxmemory-policy is ${policy}: a full Redis would drop jobs silently.`,
    fix: 'CONFIG SET maxmemory-policy noeviction (and in redis.conf); put caches on REDIS_CACHE_URL.',
  };
}

function persistenceOf(info: Info): RedisFinding | undefined {
  if (info.get('aof_enabled') === '1') return undefined;
  return {
    check: 'persistence',
    severity: 'warning',
    problem: 'appendonly is off: a restart loses the jobs since the last snapshot.',
    fix: 'Set appendonly yes (appendfsync everysec loses at most a second, always loses nothing).',
  };
}
