import { resolve } from 'node:path';
import { z } from 'zod';
import { defineConfig, variable, type ConfigOf } from './config-schema.js';
import { defaultHome } from './home.js';
import { flag, integer, url } from './variables.js';

const peer = (port: number, service: string) => ({
  schema: url(['http', 'https']).default(`http://127.0.0.1:${port}`),
  doc: `Base URL of ${service}.`,
});

const postgresUrl = () => url(['postgres', 'postgresql']).optional();
const redisUrl = () => url(['redis', 'rediss']).optional();

/** What every service shares; names carry no prefix. */
export const sharedConfig = defineConfig('platform', {
  home: variable({
    env: 'KIKI_HOME',
    schema: z
      .string()
      .optional()
      .transform((path) => (path === undefined ? defaultHome() : resolve(path))),
    doc: 'Folder of all local state; default: .kiki beside the workspace, else in the working directory.',
  }),
  secret: variable({
    env: 'KIKI_SECRET',
    schema: z.string().min(32).optional(),
    doc: 'Root secret (≥ 32 characters) for signatures; default: created once in $KIKI_HOME/secret.',
    isSecret: true,
  }),
  environment: variable({
    env: 'KIKI_ENV',
    schema: z.enum(['live', 'test']).default('live'),
    doc: 'Written into new API keys, so that a test key is told from a live one.',
  }),
  bindHost: variable({
    env: 'KIKI_BIND_HOST',
    schema: z.string().default('127.0.0.1'),
    doc: 'Address that servers listen on; 0.0.0.0 in containers.',
  }),
  replicas: variable({
    env: 'KIKI_REPLICAS',
    schema: integer({ min: 1, max: 1000, default: 1 }),
    doc: 'Number of processes per service; in-process stores refuse more than one.',
  }),
  databaseUrl: variable({
    env: 'DATABASE_URL',
    schema: postgresUrl(),
    doc: 'PostgreSQL 15 or newer; not set: an embedded PostgreSQL in KIKI_HOME.',
    isSecret: true,
  }),
  databaseDirectUrl: variable({
    env: 'DATABASE_DIRECT_URL',
    schema: postgresUrl(),
    doc: 'The same database without a pooler, for migrations, LISTEN and queues.',
    isSecret: true,
  }),
  redisUrl: variable({
    env: 'REDIS_URL',
    schema: redisUrl(),
    doc: 'Redis 7 (noeviction) for queues, locks and limits; not set: PostgreSQL does it.',
    isSecret: true,
  }),
  redisCacheUrl: variable({
    env: 'REDIS_CACHE_URL',
    schema: redisUrl(),
    doc: 'Another Redis for the cache; default: REDIS_URL.',
    isSecret: true,
  }),
  s3Endpoint: variable({
    env: 'S3_ENDPOINT',
    schema: url(['http', 'https']).optional(),
    doc: 'S3-compatible endpoint; not set with S3_BUCKET: AWS.',
  }),
  s3Bucket: variable({
    env: 'S3_BUCKET',
    schema: z.string().min(3).optional(),
    doc: 'Bucket for objects; not set: files in KIKI_HOME.',
  }),
  s3Region: variable({
    env: 'S3_REGION',
    schema: z.string().default('us-east-1'),
    doc: 'Region of the bucket.',
  }),
  s3AccessKeyId: variable({
    env: 'S3_ACCESS_KEY_ID',
    schema: z.string().optional(),
    doc: 'Access key of the bucket.',
    isSecret: true,
  }),
  s3SecretAccessKey: variable({
    env: 'S3_SECRET_ACCESS_KEY',
    schema: z.string().optional(),
    doc: 'Secret key of the bucket.',
    isSecret: true,
  }),
  s3ForcePathStyle: variable({
    env: 'S3_FORCE_PATH_STYLE',
    schema: flag(true),
    doc: 'Bucket in the path instead of the host name, as most S3-compatible stores want it.',
  }),
  logLevel: variable({
    env: 'LOG_LEVEL',
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    doc: 'Least severe line that is logged.',
  }),
  hasAccessLog: variable({
    env: 'KIKI_ACCESS_LOG',
    schema: flag(false),
    doc: 'One log line per request; the metrics count requests either way.',
  }),
  isMetricsPublic: variable({
    env: 'METRICS_PUBLIC',
    schema: flag(true),
    doc: 'Whether /metrics answers without a key; otherwise it asks for platform:read.',
  }),
  corsOrigins: variable({
    env: 'KIKI_CORS_ORIGINS',
    schema: z
      .string()
      .default('')
      .transform((text) =>
        text
          .split(',')
          .map((origin) => origin.trim())
          .filter((origin) => origin !== ''),
      ),
    doc: 'Origins, separated by commas, whose pages may call the HTTP APIs; empty: none.',
  }),
  bodyLimitBytes: variable({
    env: 'KIKI_BODY_LIMIT_BYTES',
    schema: integer({ min: 1024, max: 1_073_741_824, default: 4_194_304 }),
    doc: 'Largest request body, bytes; beyond it the answer is 413.',
  }),
  requestTimeoutMs: variable({
    env: 'KIKI_REQUEST_TIMEOUT_MS',
    schema: integer({ min: 100, max: 600_000, default: 30_000 }),
    doc: 'Longest time a request may take, milliseconds; beyond it the answer is 504.',
  }),
  drainGraceMs: variable({
    env: 'KIKI_DRAIN_GRACE_MS',
    schema: integer({ min: 0, max: 600_000, default: 20_000 }),
    doc: 'Longest time that stopping may take before the process exits anyway, milliseconds.',
  }),
  drainDelayMs: variable({
    env: 'KIKI_DRAIN_DELAY_MS',
    schema: integer({ min: 0, max: 120_000, default: 0 }),
    doc: 'Time between turning unready and closing the ports, milliseconds; 5000 behind a load balancer.',
  }),
  trustedProxies: variable({
    env: 'KIKI_TRUSTED_PROXIES',
    schema: integer({ min: 0, max: 10, default: 0 }),
    doc: 'Proxies in front whose X-Forwarded-For and -Proto (which HSTS needs) are believed.',
  }),
  syncvalueUrl: variable({
    env: 'SYNCVALUE_URL',
    schema: z
      .string()
      .default('127.0.0.1:50051')
      .transform((target) => target.replace(/^(grpc|http|https):\/\//, '').replace(/\/+$/, '')),
    doc: 'gRPC target of SyncValue: host:port or dns:///host:port.',
  }),
  syncshieldUrl: variable({
    env: 'SYNCSHIELD_URL',
    schema: url(['http', 'https'])
      .transform((base) => base.replace(/\/check$/, ''))
      .default('http://127.0.0.1:8081'),
    doc: 'Base URL of SyncShield (a trailing /check is cut).',
    aliases: ['SHIELD_URL'],
  }),
  syncflowUrl: variable({ env: 'SYNCFLOW_URL', ...peer(8082, 'SyncFlow') }),
  syncengageUrl: variable({ env: 'SYNCENGAGE_URL', ...peer(8083, 'SyncEngage') }),
  synccreateUrl: variable({ env: 'SYNCCREATE_URL', ...peer(8084, 'SyncCreate') }),
});

/** The shared settings, typed. */
export type SharedConfig = ConfigOf<typeof sharedConfig.variables>;
