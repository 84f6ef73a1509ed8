import { addressOf, defineConfig, integer, variable, type ConfigOf } from '@kiki/config';
import { z } from 'zod';

const channelUrls = z
  .string()
  .default('')
  .transform((text, context) => {
    const urls: Record<string, string> = {};
    for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
      const [channel, url] = entry.split(/=(.*)/s).map((part) => part.trim());
      if (!channel || !url || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
        context.addIssue('channel=http(s)://host:port, separated by commas');
        return z.NEVER;
      }
      urls[channel] = url.replace(/\/+$/, '');
    }
    return urls;
  });

/** SyncFlow's own variables. */
export const syncflowConfig = defineConfig('syncflow', {
  exchangeUrls: variable({
    env: 'SYNCFLOW_EXCHANGES',
    schema: channelUrls,
    doc: 'Exchange of each channel, e.g. `social=http://127.0.0.1:9000`; channels without one stay dry.',
    // A path may hold a token.
    isSecret: true,
    shown: (urls) =>
      Object.entries(urls)
        .map(([channel, url]) => `${channel}=${addressOf(url)}`)
        .join(','),
  }),
  exchangeTimeoutMs: variable({
    env: 'SYNCFLOW_EXCHANGE_TIMEOUT_MS',
    schema: integer({ min: 10, max: 60_000, default: 5_000 }),
    doc: 'How long an exchange may take to accept bids, milliseconds.',
  }),
  bidConcurrency: variable({
    env: 'SYNCFLOW_BID_CONCURRENCY',
    schema: integer({ min: 1, max: 64, default: 4 }),
    doc: 'Bid jobs that run at a time in one process.',
  }),
  valueTimeoutMs: variable({
    env: 'SYNCFLOW_VALUE_TIMEOUT_MS',
    schema: integer({ min: 5, max: 60_000, default: 5_000 }),
    doc: 'Deadline of one batch of values at SyncValue, milliseconds.',
  }),
  valueTtlMs: variable({
    env: 'SYNCFLOW_VALUE_TTL_MS',
    schema: integer({ min: 1, max: 86_400_000, default: 60_000 }),
    doc: 'How long a customer value is good, milliseconds.',
  }),
  valueCacheEntries: variable({
    env: 'SYNCFLOW_VALUE_CACHE_ENTRIES',
    schema: integer({ min: 1, max: 10_000_000, default: 100_000 }),
    doc: 'Customer values kept in memory.',
  }),
  breakerFailures: variable({
    env: 'SYNCFLOW_BREAKER_FAILURES',
    schema: integer({ min: 1, max: 100, default: 3 }),
    doc: 'Consecutive failures of SyncValue that open the circuit.',
  }),
  breakerOpenMs: variable({
    env: 'SYNCFLOW_BREAKER_OPEN_MS',
    schema: integer({ min: 100, max: 3_600_000, default: 30_000 }),
    doc: 'How long the circuit stays open before a probe, milliseconds.',
  }),
  fallbackShareMilli: variable({
    env: 'SYNCFLOW_FALLBACK_SHARE_MILLI',
    schema: integer({ min: 0, max: 1000, default: 500 }),
    doc: "Thousandths of a new customer's expected value that stand for a value nobody can say.",
  }),
  priorConversionPpm: variable({
    env: 'SYNCFLOW_PRIOR_CONVERSION_PPM',
    schema: integer({ min: 1, max: 999_999, default: 20_000 }),
    doc: 'Conversions expected of a million impressions before there is any data; weighs 50 impressions.',
  }),
  shieldTimeoutMs: variable({
    env: 'SYNCFLOW_SHIELD_TIMEOUT_MS',
    schema: integer({ min: 10, max: 60_000, default: 10_000 }),
    doc: 'How long SyncShield may take to answer a batch, milliseconds.',
  }),
  settleIntervalMs: variable({
    env: 'SYNCFLOW_SETTLE_INTERVAL_MS',
    schema: integer({ min: 100, max: 3_600_000, default: 1_000 }),
    doc: 'How often outcomes that SyncShield has not confirmed are tried again, milliseconds.',
  }),
});

/** SyncFlow's configuration as the code sees it. */
export type SyncflowConfig = ConfigOf<typeof syncflowConfig.variables>;
