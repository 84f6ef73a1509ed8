/**
 * Goal: what running services show is compared with what a demo needs, setting by setting. Method: reports written by
 * hand, first as they have to be, then each one wrong.
 */
import { describe, expect, it } from '@jest/globals';
import { unlikeSettings, type ReadyChecks } from './served-settings.js';
import { standInPorts, standInSettings } from './stand-ins.js';

const settings = standInSettings(standInPorts(27_150));
const BOTH = ['syncflow', 'syncengage'] as const;

const exchange = '127.0.0.1:27151';
const fit: ReadyChecks = {
  syncvalue: { target: '127.0.0.1:27150', timeoutMs: 30_000, breakerOpenMs: 1_000 },
  exchanges: { channels: { tv: 'tv.test', display: exchange, social: exchange, search: exchange } },
  mail: { server: '127.0.0.1:27152' },
};

describe('unlikeSettings', () => {
  it('is content with services that were started as printed, whatever else they have', () => {
    expect(unlikeSettings(settings, fit, BOTH)).toEqual([]);
  });

  it.each([
    ['SYNCVALUE_URL', { syncvalue: { ...fit.syncvalue, target: '127.0.0.1:50051' } }],
    ['SYNCFLOW_VALUE_TIMEOUT_MS', { syncvalue: { ...fit.syncvalue, timeoutMs: 5_000 } }],
    ['SYNCFLOW_BREAKER_OPEN_MS', { syncvalue: { ...fit.syncvalue, breakerOpenMs: 30_000 } }],
    ['SYNCFLOW_EXCHANGES', { exchanges: { channels: { social: exchange, search: exchange } } }],
    ['SYNCFLOW_EXCHANGES', { exchanges: {} }],
    ['SYNCENGAGE_SMTP_URL', { mail: { server: 'mail.test:587' } }],
    ['SYNCENGAGE_SMTP_URL', { mail: { server: 'not set' } }],
  ])('names %s', (variable, change) => {
    const [problem, ...others] = unlikeSettings(settings, { ...fit, ...change }, BOTH);
    expect(problem).toContain(`needs ${variable}=${settings[variable]}, but has `);
    expect(others).toEqual([]);
  });

  it('says nothing of a service that was not found', () => {
    expect(unlikeSettings(settings, {}, ['syncengage'])).toEqual([
      'syncengage needs SYNCENGAGE_SMTP_URL=smtp://127.0.0.1:27152, but has none.',
    ]);
  });
});
