/**
 * Goal: what the Database port says about transactions, retries, values and outages is so on a real server.
 * Method: the embedded server and the machine's own PostgreSQL; collisions are provoked by barriers, lost answers by a proxy.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  debianPostgresMissing,
  describeUnless,
  startDebianPostgres,
  waitFor,
  type DebianPostgres,
  type TestDatabase,
} from '@kiki/testing';
import type { Queryable } from './database.js';
import { LossyProxy, SAYS_COMMIT } from './lossy-proxy.fixture.js';
import type { ConnectionOptions } from './pool.js';
import { PostgresDatabase, type PostgresDatabaseOptions } from './postgres-database.js';

/** Lets `count` parties wait for each other once; who comes later passes. */
function barrier(count: number): () => Promise<void> {
  let missing = count;
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return () => {
    if (--missing <= 0) open();
    return opened;
  };
}

function suite(name: string, connect: () => ConnectionOptions | undefined): void {
  describe(`PostgresDatabase on ${name}`, () => {
    let store: TestDatabase;
    let database: PostgresDatabase;
    const extra: PostgresDatabase[] = [];
    const proxies: LossyProxy[] = [];

    function open(options: Partial<PostgresDatabaseOptions> = {}): PostgresDatabase {
      const made = new PostgresDatabase({
        connection: store.connection,
        schema: 'alpha',
        ...options,
      });
      extra.push(made);
      return made;
    }

    beforeAll(async () => {
      const connection = connect();
      store = await createTestDatabase({ schema: 'alpha', ...(connection ? { connection } : {}) });
      database = store.database;
      await database.execute('CREATE TABLE account (id text PRIMARY KEY, micros int8 NOT NULL)');
    }, 60_000);
    beforeEach(async () => {
      await database.execute('TRUNCATE account');
      await database.execute(`INSERT INTO account VALUES ('a', 100), ('b', 100)`);
    });
    afterEach(async () => {
      for (const proxy of proxies.splice(0)) await proxy.close();
      for (const made of extra.splice(0)) await made.close();
    });
    afterAll(() => store?.drop());

    const micros = async (id: string): Promise<unknown> =>
      (await database.query('SELECT micros FROM account WHERE id = $1', [id]))[0]?.['micros'];

    it('gives values without loss: int8 as bigint, days as text, instants as UTC', async () => {
      const [row] = await database.query(`
        SELECT 9223372036854775807::int8 AS most, (-9223372036854775808)::int8 AS least,
               '{1,NULL,9007199254740993}'::int8[] AS list, count(*) AS n, 0.1::numeric AS exact,
               '2026-03-29'::date AS day, '2026-03-29 02:30:00'::timestamp AS local,
               '2026-03-29 02:30:00.123+05:45'::timestamptz AS instant, '{"a": [1]}'::jsonb AS json,
               current_schema AS schema, current_setting('TimeZone') AS zone
        FROM generate_series(1, 3)`);
      expect(row).toEqual({
        most: 9223372036854775807n,
        least: -9223372036854775808n,
        list: [1n, null, 9007199254740993n],
        n: 3n,
        exact: '0.1',
        day: '2026-03-29',
        local: new Date('2026-03-29T02:30:00Z'),
        instant: new Date('2026-03-28T20:45:00.123Z'),
        json: { a: [1] },
        schema: 'alpha',
        zone: 'UTC',
      });
    });

    it('takes values without loss', async () => {
      const [row] = await database.query(
        `SELECT $1::int8 AS big, $2::bytea AS bytes, $3::text[] AS list, $4::timestamptz AS instant,
                $5::jsonb AS json, $6::int8[] AS bigs, $7::text AS nothing`,
        [
          2n ** 62n,
          Buffer.from([0, 255]),
          ['a', `b'"\\`],
          new Date('2026-01-01T00:00:00.001Z'),
          { a: 1 },
          [2n ** 53n + 1n, null],
          null,
        ],
      );
      expect(row).toEqual({
        big: 2n ** 62n,
        bytes: Buffer.from([0, 255]),
        list: ['a', `b'"\\`],
        instant: new Date('2026-01-01T00:00:00.001Z'),
        json: { a: 1 },
        bigs: [2n ** 53n + 1n, null],
        nothing: null,
      });
      expect(await database.query('SELECT $1::int8 + 1 AS n', [1], { name: 'plus' })).toEqual([
        { n: 2n },
      ]);
      expect(await database.query('SELECT $1::int8 + 1 AS n', [2], { name: 'plus' })).toEqual([
        { n: 3n },
      ]);
    });

    it('commits what a transaction did, or nothing of it', async () => {
      await database.transaction(async (tx) => {
        expect(await tx.execute(`UPDATE account SET micros = micros - 10 WHERE id = 'a'`)).toBe(1);
        await tx.execute(`UPDATE account SET micros = micros + 10 WHERE id = 'b'`);
      });
      expect([await micros('a'), await micros('b')]).toEqual([90n, 110n]);
      const refusal = database.transaction(async (tx) => {
        await tx.execute(`UPDATE account SET micros = 0`);
        throw new Error('changed my mind');
      });
      await expect(refusal).rejects.toThrow('changed my mind');
      expect([await micros('a'), await micros('b')]).toEqual([90n, 110n]);
    });

    it('sends statements together that are not waited for one by one, in their order', async () => {
      const balances = await database.transaction(async (tx) => {
        const [, before, changed, after] = await Promise.all([
          tx.execute(`UPDATE account SET micros = 1 WHERE id = 'a'`),
          tx.query<{ micros: bigint }>(`SELECT micros FROM account WHERE id = 'a'`),
          tx.execute(`UPDATE account SET micros = micros + $1`, [5n]),
          tx.query<{ micros: bigint }>(`SELECT micros FROM account ORDER BY id`),
        ]);
        return [before[0]?.micros, changed, ...after.map(({ micros }) => micros)];
      });
      expect(balances).toEqual([1n, 2, 6n, 105n]);
    });

    it('fails with the first of the statements that were sent together, and keeps nothing of them', async () => {
      const work = database.transaction((tx) =>
        Promise.all([
          tx.execute(`UPDATE account SET micros = 0`),
          tx.execute(`INSERT INTO account VALUES ('a', 1)`),
          tx.query('SELECT 1'),
        ]),
      );
      await expect(work).rejects.toMatchObject({ code: '23505' });
      const [row] = await database.query(`SELECT sum(micros)::int8 AS sum FROM account`);
      expect(row).toEqual({ sum: 200n });
    });

    it('says what failed first, whichever statement is waited for', async () => {
      const work = database.transaction(async (tx) => {
        const first = tx.execute(`INSERT INTO account VALUES ('a', 1), ('a', 2)`);
        first.catch(() => undefined);
        await tx.execute('SELECT 1');
      });
      await expect(work).rejects.toMatchObject({ code: '23505' });
    });

    it('sends statements with BEGIN, each on a snapshot of its own, and gives their rows', async () => {
      const opening = ['SELECT 1 AS one, 2::int8 AS two', `SELECT id FROM account ORDER BY id`];
      const settings = { lock_timeout: '100ms' };
      const rows = await database.transaction((_tx, opened) => Promise.resolve(opened), {
        ...{ settings, opening },
      });
      expect(rows).toEqual([[{ one: 1, two: 2n }], [{ id: 'a' }, { id: 'b' }]]);
      await database.transaction(async (tx) => {
        await tx.execute('SELECT pg_advisory_xact_lock(7)');
        const waiting = ['SELECT pg_advisory_xact_lock(7)', `UPDATE account SET micros = 0`];
        const other = database.transaction(() => Promise.resolve(), { settings, opening: waiting });
        await expect(other).rejects.toMatchObject({ cause: { code: '55P03' } });
      });
      const [row] = await database.query(`SELECT sum(micros)::int8 AS sum FROM account`);
      expect(row).toEqual({ sum: 200n });
    });

    it('has settings of a transaction, and of no other', async () => {
      const shown = async (of: Queryable): Promise<unknown> =>
        (await of.query(`SHOW lock_timeout`))[0]?.['lock_timeout'];
      const one = open({ max: 1 });
      const settings = { lock_timeout: '1234ms', idle_in_transaction_session_timeout: '2s' };
      expect(await one.transaction(shown, { settings })).toBe('1234ms');
      expect(await shown(one)).toBe('0');
    });

    it('never reports a commit when a swallowed error made the server roll back', async () => {
      const work = async (tx: Queryable): Promise<void> => {
        await tx.execute(`UPDATE account SET micros = 0`);
        await tx.query('SELECT 1/0').catch(() => undefined);
      };
      await expect(database.transaction(work)).rejects.toMatchObject({
        code: 'transaction_aborted',
      });
      expect(await micros('a')).toBe(100n);
    });

    it('leaves constraint violations to the caller, with their SQLSTATE', async () => {
      await expect(database.execute(`INSERT INTO account VALUES ('a', 1)`)).rejects.toMatchObject({
        code: '23505',
        constraint: 'account_pkey',
      });
      const readOnly = database.transaction((tx) => tx.execute('DELETE FROM account'), {
        isReadOnly: true,
      });
      await expect(readOnly).rejects.toMatchObject({ code: '25006' });
    });

    it('runs a transaction again after a serialization failure (40001), until both have their turn', async () => {
      const meet = barrier(2);
      let runs = 0;
      // Write skew: each empties one account if both together have enough; only one may.
      const take = (id: string) =>
        database.transaction(
          async (tx) => {
            runs++;
            const [row] = await tx.query<{ sum: string }>('SELECT sum(micros) AS sum FROM account');
            await meet();
            if (Number(row?.sum) < 200) return false;
            await tx.execute('UPDATE account SET micros = 0 WHERE id = $1', [id]);
            return true;
          },
          { isolation: 'serializable' },
        );
      const answers = await Promise.all([take('a'), take('b')]);
      expect(answers.sort()).toEqual([false, true]);
      expect(runs).toBeGreaterThanOrEqual(3);
    });

    it('runs a transaction again after a deadlock (40P01)', async () => {
      const meet = barrier(2);
      let runs = 0;
      const move = (from: string, to: string) =>
        database.transaction(async (tx) => {
          runs++;
          await tx.execute('UPDATE account SET micros = micros - 1 WHERE id = $1', [from]);
          await meet();
          await tx.execute('UPDATE account SET micros = micros + 1 WHERE id = $1', [to]);
        });
      await Promise.all([move('a', 'b'), move('b', 'a')]);
      expect(runs).toBeGreaterThanOrEqual(3);
      expect([await micros('a'), await micros('b')]).toEqual([100n, 100n]);
    }, 20_000);

    it('gives up after the attempts it was given, retryably', async () => {
      let runs = 0;
      const always = database.transaction(
        async (tx) => {
          runs++;
          await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`);
        },
        { attempts: 3 },
      );
      await expect(always).rejects.toMatchObject({
        code: 'serialization_failed',
        isRetryable: true,
      });
      expect(runs).toBe(3);
    });

    it.each([
      [
        'COMMIT',
        (of: PostgresDatabase) =>
          of.transaction((tx) => tx.execute(`UPDATE account SET micros = 111 WHERE id = 'a'`)),
      ],
      [
        'a statement that commits by itself',
        (of: PostgresDatabase) =>
          of.atomic(`UPDATE account SET micros = 111 WHERE id = 'a' RETURNING 1 ${SAYS_COMMIT}`),
      ],
    ])(
      'says commit_unknown when the answer to %s is lost, and does not run it again',
      async (_, work) => {
        const proxy = new LossyProxy(store.connection);
        proxies.push(proxy);
        const through = open({ connection: await proxy.open() });
        for (const [fate, committed] of [
          ['lose the answer', 111n],
          ['lose the commit', 100n],
        ] as const) {
          await through.ping();
          proxy.next = fate;
          await expect(work(through)).rejects.toMatchObject({
            code: 'commit_unknown',
            isRetryable: true,
          });
          // Run again it would have passed the proxy, which loses one.
          await waitFor(async () => (await micros('a')) === committed);
          await database.execute('UPDATE account SET micros = 100');
        }
        expect(await through.query('SELECT 1::int8 AS n')).toEqual([{ n: 1n }]);
      },
    );

    it('keeps the connection when a statement that commits by itself fails', async () => {
      await expect(database.atomic('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
      expect(await database.atomic('SELECT 1::int8 AS n')).toEqual([{ n: 1n }]);
    });

    it('survives that the server drops its connections', async () => {
      const own = open({ max: 3, applicationName: 'to be dropped' });
      const drop = (): Promise<unknown> =>
        database.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be dropped'`,
        );
      await Promise.all([own.ping(), own.ping(), own.ping()]);
      await drop();
      await own.transaction((tx) => tx.query('SELECT 1'));
      const mid = own.transaction(async (tx) => {
        await tx.query('SELECT 1');
        await drop();
        await tx.query('SELECT 1');
      });
      await expect(mid).rejects.toMatchObject({ code: 'unavailable' });
      await own.ping();
    });

    it('cancels a statement that runs too long, and says so', async () => {
      const own = open({ statementTimeoutMs: 100 });
      const slow = own.query('SELECT pg_sleep(20)');
      await expect(slow).rejects.toMatchObject({ code: 'deadline_exceeded', isRetryable: true });
      await own.ping();
    });

    it('does not wait for ever for a free connection', async () => {
      const own = open({ max: 1, connectTimeoutMs: 100 });
      let leave = (): void => undefined;
      const staying = own.transaction(() => new Promise<void>((resolve) => (leave = resolve)));
      await expect(own.ping()).rejects.toMatchObject({ code: 'unavailable' });
      leave();
      await staying;
      await own.ping();
      await own.close();
      await own.close();
    });
  });
}

suite('the embedded server', () => undefined);

describeUnless(debianPostgresMissing(), 'the machine’s PostgreSQL', () => {
  let server: DebianPostgres;
  beforeAll(async () => {
    server = (await startDebianPostgres())!;
  }, 60_000);
  afterAll(() => server?.stop());

  suite('the machine’s PostgreSQL', () => server.connection);

  it('a pool says unavailable while the server is down and works again when it is back, with all it acknowledged', async () => {
    const store = await createTestDatabase({ schema: 'alpha', connection: server.connection });
    await store.database.execute('CREATE TABLE thing AS SELECT 1::int8 AS n');
    await server.crash();
    // The children of a killed server go on answering until they notice.
    const isDown = (): Promise<boolean> =>
      store.database.ping().then(
        () => false,
        () => true,
      );
    await waitFor(isDown);
    await expect(store.database.ping()).rejects.toMatchObject({ code: 'unavailable' });
    const work = store.database.transaction((tx) => tx.query('SELECT 1'));
    await expect(work).rejects.toMatchObject({ code: 'unavailable' });
    await server.start();
    expect(await store.database.query('SELECT n FROM thing')).toEqual([{ n: 1n }]);
    await store.drop();
  }, 60_000);
});
