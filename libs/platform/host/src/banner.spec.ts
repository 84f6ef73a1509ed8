/** Goal: a person learns what runs where, or what to do. Method: the lines of a host and of failures. */
import { describe, expect, it } from '@jest/globals';
import { bannerLines, failureLines } from './banner.js';
import { errors } from './errors.js';
import type { Host } from './start.js';

describe('bannerLines', () => {
  it('says stores, addresses and the first key', () => {
    const host = {
      profile: 'laptop',
      stores: 'PostgreSQL 18.4, embedded',
      services: [
        { title: 'SyncValue', httpUrl: 'http://127.0.0.1:9464', grpcTarget: '127.0.0.1:50051' },
        { title: 'SyncShield', httpUrl: 'http://127.0.0.1:8081' },
      ],
      firstKey: 'kiki_live_x',
    } as unknown as Host;
    const text = bannerLines(host).join('\n');
    expect(text).toContain('profile laptop (PostgreSQL 18.4, embedded)');
    expect(text).toContain('SyncValue   grpc://127.0.0.1:50051  http://127.0.0.1:9464');
    expect(text).toContain('SyncShield  http://127.0.0.1:8081');
    expect(text.match(/kiki_live_x/g)).toHaveLength(1);
    const again = { ...host, firstKey: undefined } as unknown as Host;
    expect(bannerLines(again).join('\n')).not.toContain('key');
  });
});

describe('failureLines', () => {
  const fixOf = (code: string) => (code === 'port_in_use' ? 'Take another.' : undefined);

  it('explains a known fault without a stack', () => {
    const lines = failureLines(errors.port_in_use('Port 8081 is taken.'), fixOf);
    expect(lines).toEqual([
      'KIKI could not start (port_in_use).',
      'Port 8081 is taken.',
      'What to do: Take another.',
    ]);
  });

  it('shows the stack of a fault that nobody foresaw', () => {
    expect(failureLines(new Error('odd'), fixOf).join('\n')).toMatch(/odd\n\s+at /);
  });
});
