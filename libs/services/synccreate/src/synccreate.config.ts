import { defineConfig, integer, listOf, origins, variable, type ConfigOf } from '@kiki/config';
import { z } from 'zod';

const providers = z
  .string()
  .default('cuda,webgpu,cpu')
  .transform(listOf)
  .pipe(
    z.array(z.enum(['cuda', 'webgpu', 'cpu']), 'cuda, webgpu and cpu, separated by commas').min(1),
  );

/** SyncCreate's own variables. */
export const synccreateConfig = defineConfig('synccreate', {
  variantCostMicros: variable({
    env: 'SYNCCREATE_VARIANT_COST_MICROS',
    schema: integer({ min: 0, max: Number.MAX_SAFE_INTEGER, default: 20_000 }),
    doc: "Price of one creative, micros of the budget's own currency; asked for when a request names a budget.",
  }),
  holdMs: variable({
    env: 'SYNCCREATE_HOLD_MS',
    schema: integer({ min: 1_000, max: 86_400_000, default: 900_000 }),
    doc: 'How long the money of a job stays reserved, milliseconds.',
  }),
  shieldTimeoutMs: variable({
    env: 'SYNCCREATE_SHIELD_TIMEOUT_MS',
    schema: integer({ min: 50, max: 60_000, default: 3_000 }),
    doc: 'Longest time of one call to SyncShield, milliseconds.',
  }),
  jobConcurrency: variable({
    env: 'SYNCCREATE_JOB_CONCURRENCY',
    schema: integer({ min: 1, max: 64, default: 2 }),
    doc: 'Jobs that run at a time in one process.',
  }),
  jobTimeoutMs: variable({
    env: 'SYNCCREATE_JOB_TIMEOUT_MS',
    schema: integer({ min: 1_000, max: 3_600_000, default: 120_000 }),
    doc: 'Longest time of one attempt at a job, milliseconds.',
  }),
  jobRetentionDays: variable({
    env: 'SYNCCREATE_JOB_RETENTION_DAYS',
    schema: integer({ min: 1, max: 3_650, default: 90 }),
    doc: 'How long ended jobs are kept, days; creatives and their files stay.',
  }),
  tendIntervalMs: variable({
    env: 'SYNCCREATE_TEND_INTERVAL_MS',
    schema: integer({ min: 100, max: 3_600_000, default: 5_000 }),
    doc: 'How often open settlements and lost jobs are looked after, milliseconds.',
  }),
  fetchMaxBytes: variable({
    env: 'SYNCCREATE_FETCH_MAX_BYTES',
    schema: integer({ min: 1_024, max: 1_073_741_824, default: 15_728_640 }),
    doc: 'Largest picture that is loaded from an address, bytes.',
  }),
  fetchTimeoutMs: variable({
    env: 'SYNCCREATE_FETCH_TIMEOUT_MS',
    schema: integer({ min: 100, max: 120_000, default: 5_000 }),
    doc: 'Longest time to load a picture, redirects included, milliseconds.',
  }),
  fetchMaxRedirects: variable({
    env: 'SYNCCREATE_FETCH_MAX_REDIRECTS',
    schema: integer({ min: 0, max: 10, default: 3 }),
    doc: 'Most redirects on the way to a picture; each is checked like the first address.',
  }),
  trustedOrigins: variable({
    env: 'SYNCCREATE_TRUSTED_ORIGINS',
    schema: origins(),
    doc: 'Origins of pictures that may lie on a private network or speak plain http, separated by commas.',
  }),
  prohibitedTerms: variable({
    env: 'SYNCCREATE_PROHIBITED_TERMS',
    schema: z.string().default('').transform(listOf),
    doc: 'Words that no creative may say, besides the built-in rules, separated by commas.',
  }),
  providers: variable({
    env: 'SYNCCREATE_PROVIDERS',
    schema: providers,
    doc: 'Where the saliency model may run, in order of preference: cuda, webgpu, cpu.',
  }),
  inferenceTimeoutMs: variable({
    env: 'SYNCCREATE_INFERENCE_TIMEOUT_MS',
    schema: integer({ min: 100, max: 600_000, default: 10_000 }),
    doc: 'A run of the model that takes longer is killed, milliseconds.',
  }),
});

/** SyncCreate's configuration as the code sees it. */
export type SynccreateConfig = ConfigOf<typeof synccreateConfig.variables>;
