/** Goal: readiness waits for nobody and tells no secrets. Method: checks that succeed, fail, hang. */
import { describe, expect, it } from '@jest/globals';
import { ServiceReadiness } from './service-readiness.js';

describe('ServiceReadiness', () => {
  it('is ready while nothing is down', async () => {
    const readiness = new ServiceReadiness();
    readiness.add('database', () => Promise.resolve({ status: 'up', mode: 'embedded' }));
    readiness.add('cache', () => Promise.resolve({ status: 'degraded' }));
    expect(await readiness.report()).toEqual({
      isReady: true,
      checks: { database: { status: 'up', mode: 'embedded' }, cache: { status: 'degraded' } },
    });
  });

  it('shows the code of a failure, never its message', async () => {
    const readiness = new ServiceReadiness();
    const withCode = Object.assign(new Error('password of db.internal'), { code: 'unavailable' });
    readiness.add('a', () => Promise.reject(withCode));
    readiness.add('b', () => Promise.reject(new Error('password of db.internal')));
    const { isReady, checks } = await readiness.report();
    expect(isReady).toBe(false);
    expect(checks).toEqual({
      a: { status: 'down', reason: 'unavailable' },
      b: { status: 'down', reason: 'the check failed' },
    });
  });

  it('gives up a check that hangs, and reports the others all the same', async () => {
    const readiness = new ServiceReadiness(20);
    readiness.add('hangs', () => new Promise(() => undefined));
    readiness.add('works', () => Promise.resolve({ status: 'up' }));
    expect((await readiness.report()).checks).toEqual({
      hangs: { status: 'down', reason: 'no answer within 20 ms' },
      works: { status: 'up' },
    });
  });

  it('says no for good once the service drains', async () => {
    const readiness = new ServiceReadiness();
    readiness.startDraining();
    expect(await readiness.report()).toMatchObject({
      isReady: false,
      checks: { drain: { status: 'down' } },
    });
  });

  it('refuses a second check of the same name', () => {
    const readiness = new ServiceReadiness();
    readiness.add('database', () => Promise.resolve({ status: 'up' }));
    expect(() => readiness.add('database', () => Promise.resolve({ status: 'up' }))).toThrow();
  });
});
