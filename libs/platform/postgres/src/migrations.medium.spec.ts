/**
 * Goal: migrations run once, in order, whole or not at all, and never over a history that differs.
 * Method: folders written by the spec, on the embedded server and on the machine's own PostgreSQL; racers.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  debianPostgresMissing,
  describeUnless,
  startDebianPostgres,
  type DebianPostgres,
  type TestDatabase,
} from '@kiki/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { migrate, migrationStatus } from './migrations.js';
import type { ConnectionOptions } from './pool.js';

function suite(name: string, connect: () => ConnectionOptions | undefined): void {
  describe(`migrations on ${name}`, () => {
    let store: TestDatabase;
    let folder: string;
    let schema: string;
    let serial = 0;

    beforeAll(async () => {
      const connection = connect();
      store = await createTestDatabase({ schema: 'unused', ...(connection ? { connection } : {}) });
    }, 60_000);
    afterAll(() => store?.drop());
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'kiki-migrations-'));
      schema = `beta_${serial++}`;
      write('0001-thing', 'CREATE TABLE thing (n int8);\nINSERT INTO thing VALUES (1);\n');
      write('0002-more', 'ALTER TABLE thing ADD COLUMN note text;');
    });

    const write = (file: string, sql: string): void =>
      writeFileSync(join(folder, `${file}.sql`), sql);
    const options = () => ({
      connection: store.connection,
      schema,
      directory: pathToFileURL(folder),
    });
    const states = async (): Promise<string[]> =>
      (await migrationStatus(options())).map(({ name, state }) => `${name} ${state}`);

    it('are applied in order and once, whoever races for it', async () => {
      write('0003-count', 'INSERT INTO thing SELECT count(*) FROM thing;');
      expect(await states()).toEqual([
        '0001-thing pending',
        '0002-more pending',
        '0003-count pending',
      ]);
      const racers = await Promise.all(Array.from({ length: 8 }, () => migrate(options())));
      expect(racers.flat().sort()).toEqual(['0001-thing', '0002-more', '0003-count']);
      expect(racers.filter((names) => names.length > 0)).toHaveLength(1);
      expect(await store.database.query(`SELECT n FROM ${schema}.thing`)).toEqual([
        { n: 1n },
        { n: 1n },
      ]);
      expect(await migrate(options())).toEqual([]);
      expect(await states()).toEqual([
        '0001-thing applied',
        '0002-more applied',
        '0003-count applied',
      ]);
    }, 30_000);

    it('of different schemas do not wait for each other’s names', async () => {
      const other = { ...options(), schema: `${schema}_other` };
      await Promise.all([migrate(options()), migrate(other)]);
      expect(await store.database.query(`SELECT n FROM ${schema}_other.thing`)).toHaveLength(1);
    });

    it('that fail leave nothing behind, name the file, and let the next start go on', async () => {
      write('0003-broken', 'CREATE TABLE half (n int8);\nINSERT INTO nowhere VALUES (1);');
      await expect(migrate(options())).rejects.toMatchObject({
        code: 'migration_failed',
        message: expect.stringMatching(/0003-broken.*nowhere/) as unknown,
      });
      expect(await states()).toEqual([
        '0001-thing applied',
        '0002-more applied',
        '0003-broken pending',
      ]);
      const half = await store.database.query(`SELECT to_regclass('${schema}.half') AS t`);
      expect(half).toEqual([{ t: null }]);
      write('0003-broken', 'CREATE TABLE half (n int8);');
      expect(await migrate(options())).toEqual(['0003-broken']);
    });

    it('are refused when an applied one was changed, renamed or is missing; line ends do not matter', async () => {
      await migrate(options());
      write('0001-thing', 'CREATE TABLE thing (n int8);\r\nINSERT INTO thing VALUES (1);\r\n');
      expect(await migrate(options())).toEqual([]);
      write('0001-thing', 'CREATE TABLE thing (n int4);');
      expect(await states()).toEqual(['0001-thing changed', '0002-more applied']);
      write('0003-new', 'SELECT 1;');
      await expect(migrate(options())).rejects.toMatchObject({
        code: 'migration_changed',
        message: expect.stringContaining('0001-thing') as unknown,
      });
      write('0001-thing', 'CREATE TABLE thing (n int8);\nINSERT INTO thing VALUES (1);\n');
      for (const gone of ['0002-more', '0003-new']) rmSync(join(folder, `${gone}.sql`));
      expect(await states()).toEqual(['0001-thing applied', '0002-more missing']);
      await expect(migrate(options())).rejects.toMatchObject({
        code: 'migration_missing',
        message: expect.stringContaining('0002-more') as unknown,
      });
    });

    it.each(['0004-gap', '0002-twice', 'no-number', '3-short', '0003-Upper'])(
      'with a file %p are refused before anything happens',
      async (file) => {
        write(file, 'SELECT 1;');
        await expect(migrate(options())).rejects.toMatchObject({ code: 'migration_invalid' });
        expect(await store.database.query(`SELECT to_regnamespace('${schema}') AS s`)).toEqual([
          { s: null },
        ]);
      },
    );

    it('refuse a schema whose name could be SQL', async () => {
      for (const bad of ['', 'a b', 'a;drop', 'Upper', 'pg_mine', 'a'.repeat(64)]) {
        await expect(migrate({ ...options(), schema: bad })).rejects.toMatchObject({
          code: 'schema_name_invalid',
        });
      }
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
});
