/** Goal: DATABASE_URL is read as libpq would, or refused with what is missing. Method: a table. */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import fc from 'fast-check';
import { backoffMs } from './backoff.js';
import { parseDatabaseUrl } from './open-postgres.js';

describe('parseDatabaseUrl', () => {
  it.each([
    ['postgresql://u:p@h/d', { host: 'h', port: 5432, user: 'u', password: 'p', database: 'd' }],
    ['postgres://u@h:6000/d', { host: 'h', port: 6000, user: 'u', database: 'd' }],
    [
      'postgresql://u%40x:p%2F@[::1]:1/d%20e',
      { host: '::1', port: 1, user: 'u@x', password: 'p/', database: 'd e' },
    ],
    [
      'postgresql://u@localhost/d?host=%2Fvar%2Frun',
      { host: '/var/run', port: 5432, user: 'u', database: 'd' },
    ],
    ['postgresql://u@h/d?sslmode=disable', { host: 'h', port: 5432, user: 'u', database: 'd' }],
    [
      'postgresql://u@h/d?sslmode=verify-full',
      { host: 'h', port: 5432, user: 'u', database: 'd', ssl: { rejectUnauthorized: true } },
    ],
  ])('reads %s', (text, expected) => {
    expect(parseDatabaseUrl(text)).toEqual(expected);
  });

  it.each([
    ['nothing', 'a URL'],
    ['mysql://u@h/d', 'postgresql://'],
    ['postgresql://u@h', 'database'],
    ['postgresql://h/d', 'a user'],
    ['postgresql://u@h/d?sslmode=often', 'sslmode'],
  ])('refuses %s for want of %s', (text, wanted) => {
    expect(() => parseDatabaseUrl(text)).toThrow(
      expect.objectContaining({
        code: 'database_url_invalid',
        message: expect.stringContaining(wanted) as unknown,
      }),
    );
  });

  it('never shows the password in a refusal', () => {
    expect(() => parseDatabaseUrl('postgresql://u:hunter2@h')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as unknown }),
    );
  });
});

describe('backoff between attempts', () => {
  it('is random below a ceiling that doubles up to half a second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.integer(), (attempt, seed) => {
        const ms = backoffMs(attempt, new SeededRandom(seed));
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThan(Math.min(500, 5 * 2 ** (attempt - 2)) + 1e-9);
      }),
    );
  });
});
