/**
 * Goal: log lines are structured, carry their request, and never a secret or an address.
 * Method: log into memory and read the lines back.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { PinoLogger, type LogLevel } from './pino-logger.js';
import { withRequestContext } from './request-context.js';

let lines: Record<string, unknown>[] = [];

function logger(level: LogLevel = 'debug'): PinoLogger {
  const destination = {
    write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>),
  };
  return PinoLogger.create({ level, destination, fields: { service: 'syncflow' } });
}

beforeEach(() => {
  lines = [];
});

describe('PinoLogger', () => {
  it('writes level, time, service, message and fields', () => {
    logger().info('a hold was settled', { holdId: 'h1', spendMicros: 12n });
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        service: 'syncflow',
        message: 'a hold was settled',
        holdId: 'h1',
        spendMicros: '12',
      },
    ]);
  });

  it('adds the context of the request, and the fields of a child', () => {
    const child = logger().child({ queue: 'bids' });
    withRequestContext({ requestId: 'r1', tenant: 'acme' }, () => child.warn('late'));
    child.warn('outside');
    expect(lines[0]).toMatchObject({ requestId: 'r1', tenant: 'acme', queue: 'bids' });
    expect(lines[1]).not.toHaveProperty('requestId');
  });

  it('writes the access log to the same place, with the fields of the logger', () => {
    logger().access('request', { requestId: 'r1', status: 200 });
    expect(lines[0]).toMatchObject({ service: 'syncflow', message: 'request', status: 200 });
  });

  it('keeps quiet below its level', () => {
    logger('warn').info('not now');
    logger('silent').error('never');
    expect(lines).toEqual([]);
  });

  const key = `kiki_${'live'}_0123456789abcdef_${'s'.repeat(36)}`;
  it.each([
    ['a member named like a secret', { password: 'hunter2', nested: { apiKey: 'hunter2' } }],
    ['an address', { email: 'hunter2@example.test', to: ['hunter2'] }],
    ['credentials in a text', { note: `Bearer hunter2 and ${key}` }],
    ['a password in a URL', { url: 'postgresql://kiki:hunter2@db/kiki' }],
    ['an address inside a text', { note: 'sent to hunter2@example.test' }],
    ['an error', { error: new Error('connect postgresql://u:hunter2@db failed') }],
    ['the cause of an error', { error: new Error('no', { cause: new Error('Bearer hunter2') }) }],
  ])('hides %s', (_what, fields) => {
    logger().error('something about hunter2@example.test', fields);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|sssss/);
    expect(lines).toHaveLength(1);
  });

  it('survives what cannot be printed: cycles, depth, functions, bytes', () => {
    const cycle: Record<string, unknown> = { bytes: new Uint8Array(5), call: () => 1 };
    cycle['self'] = cycle;
    logger().info('odd', { cycle });
    expect(lines[0]).toMatchObject({ cycle: { bytes: '[5 bytes]', self: '[nested]' } });
  });

  it('writes an error as type, code, message and stack', () => {
    const error = Object.assign(new TypeError('no'), { code: 'E1' });
    logger().error('failed', { error });
    expect(lines[0]?.['error']).toMatchObject({ type: 'TypeError', code: 'E1', message: 'no' });
  });
});
