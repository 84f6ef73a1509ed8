/** Goal: every service is looked for where it is. Method: addresses for settings, own ports and a base. */
import { describe, expect, it } from '@jest/globals';
import { peerUrls } from './peer-urls.js';
import { reachable } from './ports.js';
import { probeService } from './probe.fixture.js';
import { loadSettings } from './settings.js';

const port = (number: number) => ({ port: number, release: () => Promise.resolve() });
const settingsOf = (environment: Record<string, string>) =>
  loadSettings([probeService('syncflow')], environment);

describe('peerUrls', () => {
  it('takes the default ports when nothing is said', () => {
    expect(peerUrls(settingsOf({}), new Map(), undefined)).toEqual({
      syncvalue: '127.0.0.1:50051',
      syncshield: 'http://127.0.0.1:8081',
      syncflow: 'http://127.0.0.1:8082',
      syncengage: 'http://127.0.0.1:8083',
      synccreate: 'http://127.0.0.1:8084',
    });
  });

  it('prefers the own process to a default, and what is configured to both', () => {
    const ports = new Map([
      ['syncvalue', { http: port(1), grpc: port(2) }],
      ['syncshield', { http: port(3) }],
      ['syncflow', { http: port(4) }],
    ] as const);
    const settings = settingsOf({ SHIELD_URL: 'http://shield:9/check', SYNCFLOW_URL: '' });
    expect(peerUrls(settings, ports, 0)).toMatchObject({
      syncvalue: '127.0.0.1:2',
      syncshield: 'http://shield:9',
      syncflow: 'http://127.0.0.1:4',
    });
  });

  it('looks for peers of other processes behind the same base', () => {
    expect(peerUrls(settingsOf({}), new Map(), 9000)).toMatchObject({
      syncvalue: '127.0.0.1:9000',
      syncshield: 'http://127.0.0.1:9001',
    });
  });
});

describe('reachable', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1:80'],
    ['0.0.0.0', '127.0.0.1:80'],
    ['::', '[::1]:80'],
    ['::1', '[::1]:80'],
    ['db.example.test', 'db.example.test:80'],
  ])('reaches a server on %s at %s', (host, address) => {
    expect(reachable(host, 80)).toBe(address);
  });
});
