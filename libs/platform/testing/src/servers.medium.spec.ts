/** Goal: the private servers start, answer, survive a crash and go away. Method: use each once. */
import { describe, expect, it } from '@jest/globals';
import { debianPostgresMissing, startDebianPostgres } from './debian-postgres.js';
import { describeUnless } from './describe-unless.js';
import { redisMissing, startRedis } from './redis.js';
import { createTestDatabase } from './test-database.js';

describeUnless(debianPostgresMissing(), 'startDebianPostgres', () => {
  it('keeps what was committed over kill -9', async () => {
    const server = await startDebianPostgres();
    if (server === undefined) throw new Error('expected a server');
    try {
      const suite = await createTestDatabase({ schema: 'alpha', connection: server.connection });
      await suite.database.execute('CREATE TABLE thing AS SELECT 7 AS n');
      await server.crashAndRestart();
      expect(await suite.database.query('SELECT n FROM thing')).toEqual([{ n: 7 }]);
      await suite.drop();
    } finally {
      await server.stop();
    }
  }, 60_000);
});

describeUnless(redisMissing(), 'startRedis', () => {
  it('starts, crashes, starts again on the same port and stops', async () => {
    const redis = await startRedis();
    if (redis === undefined) throw new Error('expected a server');
    await redis.crashAndRestart();
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
    await redis.stop();
  });
});

describe('describeUnless', () => {
  describeUnless('to show what a reason looks like', 'a skipped block', () => {
    it('never runs', () => {
      throw new Error('ran');
    });
  });
  it('leaves other blocks alone', () => {
    expect(true).toBe(true);
  });
});
