/**
 * Goal: what is in force is never forgotten between its read and its answer.
 * Method: a store whose answers are held back, while another caller makes the cache start anew.
 */
import { describe, expect, it } from '@jest/globals';
import type { Queryable, Row } from '@kiki/postgres';
import { ControlCache } from './controls.js';

/** More tenants than a cache keeps. */
const MANY = 10_001;
const headOf = (tenant: string) => ({ tenant, version: 1n, policy_version: 0 });

/** Every tenant has a kill switch; what comes after the heads waits for `until`. */
function storeThat(until: Promise<unknown>): Queryable {
  const query = async (sql: string, [tenants]: [readonly string[]]): Promise<Row[]> => {
    await until;
    if (!sql.includes('kill_switches')) return [];
    return tenants.map((tenant) => ({ tenant, switch_no: 1n, budget_id: null, set_ms: 1n }));
  };
  return { query } as unknown as Queryable;
}

describe('the cache of what is in force', () => {
  it('answers by what it has found, whoever empties it meanwhile', async () => {
    const cache = new ControlCache();
    const store = storeThat(Promise.resolve());
    const heads = Array.from({ length: MANY - 1 }, (_, n) => headOf(`t${n}`));
    await cache.ofHeads(store, heads);
    const slow = Promise.withResolvers<void>();
    const asked = cache.ofHeads(storeThat(slow.promise), [headOf('t0'), headOf('slow')]);
    await cache.ofHeads(store, [headOf('one too many')]);
    await cache.ofHeads(store, [headOf('after it')]);
    slow.resolve();
    const known = await asked;
    expect([...known.keys()]).toEqual(['t0', 'slow']);
    for (const { kills } of known.values()) expect(kills).toHaveLength(1);
  });
});
