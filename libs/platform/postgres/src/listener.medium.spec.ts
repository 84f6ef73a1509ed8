/** Goal: notifications arrive, and a gap in hearing them is told. Method: the embedded server; the connection is cut by hand. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, freePort, waitFor, type TestDatabase } from '@kiki/testing';
import { PostgresListener } from './listener.js';

describe('PostgresListener', () => {
  let store: TestDatabase;
  let listener: PostgresListener;
  let gaps = 0;

  beforeAll(async () => {
    store = await createTestDatabase({ schema: 'alpha' });
  }, 60_000);
  afterAll(() => store?.drop());
  afterEach(() => listener.close());

  function open(): PostgresListener {
    gaps = 0;
    const { connection } = store;
    listener = new PostgresListener({ connection, probeEveryMs: 50, onGap: () => gaps++ });
    return listener;
  }

  const notify = (channel: string, payload: string): Promise<unknown> =>
    store.database.query('SELECT pg_notify($1, $2)', [channel, payload]);

  it('hears its channels only, in order, until told to stop', async () => {
    const heard: string[] = [];
    const stop = await open().listen('one', (payload) => heard.push(`1 ${payload}`));
    await listener.listen('two', (payload) => heard.push(`2 ${payload}`));
    for (const [channel, payload] of [
      ['one', 'a'],
      ['other', 'b'],
      ['two', 'c'],
      ['one', 'd'],
    ] as const) {
      await notify(channel, payload);
    }
    await waitFor(() => heard.length === 3);
    expect(heard).toEqual(['1 a', '2 c', '1 d']);
    await stop();
    await notify('one', 'e');
    await notify('two', 'f');
    await waitFor(() => heard.length === 4);
    expect(heard.at(-1)).toBe('2 f');
    expect(gaps).toBe(0);
  });

  it('comes back after its connection was cut, tells of the gap, and hears again', async () => {
    const heard: string[] = [];
    await open().listen('one', (payload) => heard.push(payload));
    await store.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'kiki-listen' AND datname = current_database()`,
    );
    await waitFor(() => gaps === 1);
    await notify('one', 'after');
    await waitFor(() => heard.length === 1);
    expect(heard).toEqual(['after']);
  });

  it('refuses a channel that is no name, and says unavailable when there is no server', async () => {
    await expect(open().listen('one; drop', () => undefined)).rejects.toThrow(TypeError);
    const connection = { ...store.connection, host: '127.0.0.1', port: await freePort() };
    const alone = new PostgresListener({ connection });
    await expect(alone.listen('one', () => undefined)).rejects.toMatchObject({
      code: 'unavailable',
    });
    await alone.close();
  });
});
