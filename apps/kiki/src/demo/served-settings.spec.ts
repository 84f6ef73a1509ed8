/**
 * Goal: what running services show is compared with what a demo needs, setting by setting. Method: settings written by
 * hand, first as they have to be, then each one wrong.
 */
import { describe, expect, it } from '@jest/globals';
import { unlikeSettings } from './served-settings.js';
import { standInPorts, standInSettings } from './stand-ins.js';

const settings = standInSettings(standInPorts(27_150));
const fit = { ...settings, LOG_LEVEL: 'info' };
const exchange = 'http://127.0.0.1:27151';

describe('unlikeSettings', () => {
  it('is content with services that were started as printed, whatever else they have', () => {
    const more = `tv=http://tv.test,${settings['SYNCFLOW_EXCHANGES']},audio=http://audio.test`;
    const syncflow = { ...fit, SYNCFLOW_EXCHANGES: more };
    expect(unlikeSettings(settings, { syncflow, syncengage: fit, synccreate: {} })).toEqual([]);
  });

  it.each([
    ['syncflow', 'SYNCVALUE_URL', '127.0.0.1:50051', '127.0.0.1:50051'],
    ['syncengage', 'SYNCVALUE_URL', '127.0.0.1:50051', '127.0.0.1:50051'],
    ['syncflow', 'SYNCFLOW_VALUE_TIMEOUT_MS', '5000', '5000'],
    ['syncflow', 'SYNCFLOW_BREAKER_OPEN_MS', '30000', '30000'],
    ['syncflow', 'SYNCFLOW_EXCHANGES', `social=${exchange}`, `social=${exchange}`],
    ['syncflow', 'SYNCFLOW_EXCHANGES', '', 'none'],
    ['syncflow', 'SYNCFLOW_EXCHANGES', 'tv=http://tv.test', 'none'],
    ['syncengage', 'SYNCENGAGE_SMTP_URL', 'smtp://mail.test', 'smtp://mail.test'],
    ['syncengage', 'SYNCENGAGE_SMTP_URL', '(not set)', 'none'],
  ])('tells %s of %s=%s', (service, variable, value, shown) => {
    const running = { syncflow: fit, syncengage: fit, [service]: { ...fit, [variable]: value } };
    expect(unlikeSettings(settings, running)).toEqual([
      `${service} needs ${variable}=${settings[variable]}, but has ${shown}.`,
    ]);
  });

  it('says nothing of a service that was not found', () => {
    expect(unlikeSettings(settings, { syncengage: { ...fit, SYNCENGAGE_SMTP_URL: '' } })).toEqual([
      'syncengage needs SYNCENGAGE_SMTP_URL=smtp://127.0.0.1:27152, but has none.',
    ]);
  });
});
