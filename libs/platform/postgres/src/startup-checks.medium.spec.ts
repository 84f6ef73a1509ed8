/**
 * Goal: KIKI runs on no server that could lose what it acknowledged, and through no pooler that breaks sessions.
 * Method: the machine's own PostgreSQL with each setting spoilt, a real PgBouncer where there is one, and the pure rules.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  debianPostgresMissing,
  describeUnless,
  freePort,
  startDebianPostgres,
  testServer,
  waitFor,
  type DebianPostgres,
} from '@kiki/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { mapError } from './pg-errors.js';
import { checkServer, faultsOf, inspectServer, type ServerFacts } from './startup-checks.js';

const good: ServerFacts = {
  ...{ versionNumber: 150_000, version: '15.0', fsync: 'on', fullPageWrites: 'on' },
  ...{ synchronousCommit: 'on', isStandby: false, isPooled: false },
};
const codes = (facts: Partial<ServerFacts>): string[] =>
  faultsOf({ ...good, ...facts }).map(({ code }) => code);

describe('the rules', () => {
  it('find every fault of a server', () => {
    expect(codes({})).toEqual([]);
    expect(codes({ synchronousCommit: 'local' })).toEqual([]);
    expect(codes({ versionNumber: 149_999 })).toEqual(['postgres_too_old']);
    expect(codes({ isStandby: true })).toEqual(['postgres_standby']);
    expect(codes({ fsync: 'off', isPooled: true })).toEqual([
      'postgres_pooled_url',
      'postgres_not_durable',
    ]);
    const [fault] = faultsOf({ ...good, fsync: 'off', synchronousCommit: 'off' });
    expect(fault?.message).toContain('fsync = off, synchronous_commit = off');
  });

  it('know a pooler by what it says to startup parameters', () => {
    const said = new Error('unsupported startup parameter: statement_timeout');
    expect(mapError(Object.assign(said, { code: '08P01' }))).toMatchObject({
      code: 'postgres_pooled_url',
      message: expect.stringContaining('DATABASE_DIRECT_URL') as unknown,
    });
  });
});

describe('the embedded server', () => {
  it('has no fault', async () => {
    const { connection } = await testServer();
    const inspection = await checkServer(connection);
    expect(inspection.faults).toEqual([]);
    expect(inspection.version).toMatch(/^18\./);
  }, 60_000);
});

describe('a server that is away', () => {
  it('is unavailable', async () => {
    const connection = { host: '127.0.0.1', port: await freePort(), user: 'x', database: 'x' };
    await expect(inspectServer(connection)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describeUnless(debianPostgresMissing(), 'the machine’s PostgreSQL', () => {
  describe('as it comes', () => {
    let server: DebianPostgres;
    beforeAll(async () => {
      server = (await startDebianPostgres())!;
    }, 60_000);
    afterAll(() => server?.stop());

    it('is accepted, unless the role or the database gave durability up', async () => {
      expect((await checkServer(server.connection)).version).toMatch(/^\d+\.\d+/);
      const admin = new pg.Client(server.connection);
      await admin.connect();
      await admin.query('ALTER DATABASE postgres SET synchronous_commit = off');
      await expect(checkServer(server.connection)).rejects.toMatchObject({
        code: 'postgres_not_durable',
      });
      await admin.query('ALTER DATABASE postgres RESET synchronous_commit');
      await admin.end();
    });

    it.each(['fsync', 'full_page_writes', 'synchronous_commit'])(
      'with %s = off is refused by name',
      async (setting) => {
        const admin = new pg.Client(server.connection);
        await admin.connect();
        const isOff = async (): Promise<boolean> => {
          const { rows } = await admin.query<{ off: boolean }>(
            `SELECT current_setting($1) = 'off' AS off`,
            [setting],
          );
          return rows[0]!.off;
        };
        try {
          await admin.query(`ALTER SYSTEM SET ${setting} = off`);
          await admin.query('SELECT pg_reload_conf()');
          await waitFor(isOff);
          await expect(checkServer(server.connection)).rejects.toMatchObject({
            code: 'postgres_not_durable',
            details: { settings: [setting] },
            message: expect.stringContaining(`${setting} = off`) as unknown,
          });
        } finally {
          await admin.query(`ALTER SYSTEM RESET ${setting}`);
          await admin.query('SELECT pg_reload_conf()');
          await waitFor(async () => !(await isOff()));
          await admin.end();
        }
      },
    );

    const pgbouncer = '/usr/sbin/pgbouncer';
    const missing = existsSync(pgbouncer) ? undefined : `there is no ${pgbouncer}`;
    describeUnless(missing, 'through PgBouncer', () => {
      it.each([
        ['transaction', ['postgres_pooled_url']],
        ['session', []],
      ])('in %s mode has the faults %j', async (mode, expected) => {
        const folder = mkdtempSync(join(tmpdir(), 'kiki-bouncer-'));
        const port = await freePort();
        writeFileSync(
          join(folder, 'bouncer.ini'),
          [
            '[databases]',
            `postgres = host=${server.connection.host} port=5432 user=kiki`,
            '[pgbouncer]',
            `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`,
            `pool_mode = ${mode}\nauth_type = any\ndefault_pool_size = 2`,
          ].join('\n'),
        );
        const isRoot = process.getuid?.() === 0;
        const runAs = isRoot ? { uid: 65534, gid: 65534 } : {};
        if (isRoot)
          for (const path of [folder, join(folder, 'bouncer.ini')]) chownSync(path, 65534, 65534);
        const child: ChildProcess = spawn(pgbouncer, [join(folder, 'bouncer.ini')], {
          ...runAs,
          stdio: 'ignore',
        });
        try {
          const connection = { host: '127.0.0.1', port, user: 'kiki', database: 'postgres' };
          const { faults } = await waitFor(() => inspectServer(connection));
          expect(faults.map(({ code }) => code)).toEqual(expected);
        } finally {
          child.kill('SIGKILL');
          rmSync(folder, { recursive: true, force: true });
        }
      });
    });
  });
});
