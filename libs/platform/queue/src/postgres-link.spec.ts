/** Goal: BullMQ's workers wait out an outage, however `pg` words it, and see other errors as they are. Method: a pool that fails. */
import { describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { isOutage, PostgresLink } from './postgres-link.js';

function linkOver(error: Error): PostgresLink {
  const fail = (): Promise<never> => Promise.reject(error);
  const pool = { query: fail, connect: fail, on: () => pool, end: () => Promise.resolve() };
  return new PostgresLink(pool as unknown as pg.Pool, 'syncflow_queue');
}

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

describe('PostgresLink', () => {
  it.each(['ENOENT', 'ECONNREFUSED', 'EPIPE', '57P01', '57P03', '08006', '53300', '25006'])(
    'tells an outage (%s) in the one word that BullMQ retries for ever',
    async (code) => {
      const cause = withCode(code);
      const link = linkOver(cause);
      const told = { code: 'ECONNREFUSED', cause };
      await expect(link.pool.query('SELECT 1')).rejects.toMatchObject(told);
      await expect(link.pool.connect()).rejects.toMatchObject(told);
    },
  );

  it('knows an outage that has no code by its text', () => {
    expect(isOutage(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isOutage(new Error('timeout exceeded when trying to connect'))).toBe(true);
    expect(isOutage(new Error('division by zero'))).toBe(false);
    expect(isOutage('Connection terminated')).toBe(false);
  });

  it.each(['23505', '40001', '42P01', '22P02'])(
    'leaves a wrong statement (%s) as it is',
    async (code) => {
      const error = withCode(code);
      await expect(linkOver(error).pool.query('SELECT 1')).rejects.toBe(error);
    },
  );
});
