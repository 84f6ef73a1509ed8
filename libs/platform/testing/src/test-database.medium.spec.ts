/** Goal: each suite gets a database of its own on one shared, durable server. Method: create two, look, drop. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from './test-database.js';
import type { TestDatabase } from './test-database.js';

describe('createTestDatabase', () => {
  let one: TestDatabase;
  let two: TestDatabase;
  beforeAll(async () => {
    [one, two] = await Promise.all([
      createTestDatabase({ schema: 'alpha' }),
      createTestDatabase({ schema: 'alpha' }),
    ]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([one.drop(), two.drop()]);
  });

  it('keeps suites apart', async () => {
    await one.database.execute('CREATE TABLE thing (id int8 PRIMARY KEY)');
    await one.database.execute('INSERT INTO thing VALUES ($1)', [2n ** 62n]);
    expect(await one.database.query('SELECT id FROM alpha.thing')).toEqual([{ id: 2n ** 62n }]);
    await expect(two.database.query('SELECT id FROM thing')).rejects.toMatchObject({
      code: '42P01',
    });
  });
});
