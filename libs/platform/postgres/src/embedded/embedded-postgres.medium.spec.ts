/**
 * Goal: the embedded server is one per home, outlives whoever started it as long as somebody uses it, loses nothing that was
 * committed, and is gone when nobody uses it, however its users ended.
 * Method: real processes over homes of their own, ended by SIGTERM and by kill -9 of user, guard, postmaster or all.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  describeUnless,
  SourceProcess,
  temporaryHome,
  waitFor,
  type TemporaryHome,
} from '@kiki/testing';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openPostgres, type PostgresServer } from '../open-postgres.js';
import type { EmbeddedOptions } from './embedded-postgres.js';
import { installedBinaries, programPath } from './binaries.js';
import { resolveLayout } from './layout.js';
import { isAlive } from './processes.js';

const script = new URL('./embedded-user.fixture.ts', import.meta.url);
const isRoot = process.getuid?.() === 0;
const folders: string[] = [];
const homes: TemporaryHome[] = [];
const users: SourceProcess[] = [];
const servers: PostgresServer[] = [];

function newHome(name?: string): string {
  const home = temporaryHome('kiki-home-', name);
  homes.push(home);
  return home.path;
}

function start(
  home: string,
  options: Partial<EmbeddedOptions> = {},
  runAs?: { uid: number; gid: number },
): SourceProcess {
  const user = new SourceProcess(
    script,
    [JSON.stringify({ home, ...options })],
    runAs ? { runAs } : {},
  );
  users.push(user);
  return user;
}

async function open(home: string, options: Partial<EmbeddedOptions> = {}): Promise<PostgresServer> {
  const server = await openPostgres({ home, name: 'spec', lingerMs: 200, ...options });
  servers.push(server);
  return server;
}

async function ask(server: PostgresServer, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(server.connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const witnesses = async (server: PostgresServer): Promise<number[]> =>
  (await ask(server, 'SELECT pid FROM witness')).map(({ pid }) => Number(pid));

const postmasterOf = async (server: PostgresServer): Promise<number> => {
  const [row] = await ask(
    server,
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1) AS pid`,
  );
  return Number(row?.['pid']);
};

/** The guard is the process whose arguments name the home's socket. */
function guardOf(home: string): number {
  const { guardSocket } = resolveLayout(home);
  const found = spawnSync('pgrep', ['-f', `guard-main.*${guardSocket}`], { encoding: 'utf8' });
  return Number(found.stdout.trim().split('\n')[0]);
}

const gone = (pid: number): Promise<boolean> =>
  waitFor(() => !isAlive(pid), { timeoutMs: 20_000, what: `process ${pid} to be gone` });

afterEach(async () => {
  for (const user of users.splice(0)) await user.end('SIGTERM');
  for (const server of servers.splice(0)) await server.stop();
  for (const home of homes.splice(0)) home.remove();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('the embedded server', () => {
  it('is started once, whoever races for it, and joined by all others', async () => {
    const home = newHome();
    const racers = Array.from({ length: 4 }, () => start(home));
    const pids = await Promise.all(racers.map((racer) => racer.said('serving ', 60_000)));
    expect(new Set(pids).size).toBe(1);
    const server = await open(home);
    expect(String(await postmasterOf(server))).toBe(pids[0]);
    expect((await witnesses(server)).sort()).toEqual(racers.map(({ pid }) => pid).sort());
    for (const racer of racers) expect(await racer.end('SIGTERM')).toBe(0);
    expect(isAlive(Number(pids[0]))).toBe(true);
    await servers.pop()!.stop();
    expect(isAlive(Number(pids[0]))).toBe(false);
    expect(existsSync(join(home, 'postgres', 'server.json'))).toBe(false);
  }, 90_000);

  it('of two homes is two servers, let in by their own passwords alone, also where a path is longer than a socket’s may be', async () => {
    const homes = [newHome(), newHome('x'.repeat(150))];
    const opened = await Promise.all(homes.map((home) => open(home)));
    const [first, second] = await Promise.all(opened.map(postmasterOf));
    expect(first).not.toBe(second);
    for (const pid of [first!, second!]) {
      // PostgreSQL refuses root, which therefore steps down.
      if (isRoot) expect(statSync(`/proc/${pid}`).uid).toBe(65534);
    }
    for (const home of homes) {
      expect(statSync(join(home, 'postgres', 'password')).mode & 0o777).toBe(0o600);
      expect(statSync(join(home, 'postgres')).mode & 0o777).toBe(0o700);
    }
    const { password } = opened[1]!.connection;
    const client = new pg.Client({ ...opened[0]!.connection, ...(password ? { password } : {}) });
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
  }, 60_000);

  it('refuses a second start of the same home, by name and pid, and lets join', async () => {
    const home = newHome();
    const first = start(home, { name: 'kiki up' });
    await first.said('serving ', 60_000);
    const second = start(home, { name: 'another', mustBeFirst: true });
    const refusal = await second.said('refused postgres_in_use: ');
    expect(refusal).toContain(`kiki up (pid ${first.pid})`);
    await start(home, { name: 'joins' }).said('serving ');
  }, 60_000);

  it('lives on when its starter is killed, is adopted, and stops when its last user is gone', async () => {
    const home = newHome();
    const starter = start(home, { lingerMs: 30_000 });
    const pid = Number(await starter.said('serving ', 60_000));
    await starter.end('SIGKILL');
    expect(isAlive(pid)).toBe(true);
    const server = await open(home);
    expect(await postmasterOf(server)).toBe(pid);
    expect(await witnesses(server)).toEqual([starter.pid]);
    await servers.pop()!.stop();
    await gone(pid);
  }, 60_000);

  it('is stopped by its guard when its last user was killed', async () => {
    const home = newHome();
    const users = [start(home, { lingerMs: 100 }), start(home, { lingerMs: 100 })];
    const [pid] = await Promise.all(
      users.map(async (user) => Number(await user.said('serving ', 60_000))),
    );
    const guard = guardOf(home);
    expect(isAlive(guard)).toBe(true);
    await users[0]!.end('SIGKILL');
    await sleep(400);
    expect(isAlive(pid!)).toBe(true);
    await users[1]!.end('SIGKILL');
    await gone(pid!);
    await gone(guard);
    const { dataDir } = resolveLayout(home);
    expect(existsSync(join(dataDir, 'postmaster.pid'))).toBe(false);
  }, 60_000);

  it('is adopted, and guarded again, when its guard was killed with its user', async () => {
    const home = newHome();
    const starter = start(home);
    const pid = Number(await starter.said('serving ', 60_000));
    process.kill(guardOf(home), 'SIGKILL');
    await starter.end('SIGKILL');
    await sleep(300);
    expect(isAlive(pid)).toBe(true);
    const next = start(home, { lingerMs: 100 });
    expect(Number(await next.said('serving '))).toBe(pid);
    await next.end('SIGKILL');
    await gone(pid);
  }, 60_000);

  it('is brought back by its users when the postmaster is killed under them, with all that was committed', async () => {
    const home = newHome();
    const server = await open(home);
    await ask(server, 'CREATE TABLE kept AS SELECT 7 AS n');
    const before = await postmasterOf(server);
    process.kill(before, 'SIGKILL');
    const rows = await waitFor(() => ask(server, 'SELECT n FROM kept'), { timeoutMs: 30_000 });
    expect(rows).toEqual([{ n: 7 }]);
    await waitFor(async () => (await postmasterOf(server)) !== before);
  }, 60_000);

  it('is brought back, too, when it died before its guard had seen it', async () => {
    const home = newHome();
    const { passwordFile } = resolveLayout(home);
    const opening = open(home);
    // Written between the guard's welcome and the server's start.
    await waitFor(() => existsSync(passwordFile), { timeoutMs: 30_000, everyMs: 1 });
    const guard = guardOf(home);
    process.kill(guard, 'SIGSTOP');
    const server = await opening;
    const before = await postmasterOf(server);
    process.kill(before, 'SIGKILL');
    await gone(before);
    process.kill(guard, 'SIGCONT');
    const after = await waitFor(() => postmasterOf(server), { timeoutMs: 30_000 });
    expect(after).not.toBe(before);
  }, 90_000);

  it('recovers when user, guard and postmaster were killed at once, at any moment', async () => {
    const home = newHome();
    const killed: number[] = [];
    for (const delayMs of [0, 40]) {
      const user = start(home);
      const pid = Number(await user.said('serving ', 60_000));
      await sleep(delayMs);
      process.kill(guardOf(home), 'SIGKILL');
      process.kill(pid, 'SIGKILL');
      await user.end('SIGKILL');
      killed.push(user.pid);
    }
    expect((await witnesses(await open(home))).sort()).toEqual(killed.sort());
  }, 90_000);

  it('lets nobody join any more once it is being stopped', async () => {
    const home = newHome();
    const user = start(home, { lingerMs: 0 });
    const pid = Number(await user.said('serving ', 60_000));
    const { guardSocket } = resolveLayout(home);
    const late = connect(guardSocket);
    const heard: string[] = [];
    late.on('data', (data) => heard.push(data.toString()));
    const hungUp = new Promise((resolve) => late.once('close', resolve));
    await new Promise((resolve) => late.once('connect', resolve));
    // It cannot obey, so that the guard goes on waiting for its end.
    process.kill(pid, 'SIGSTOP');
    await user.end('SIGKILL');
    await waitFor(() => !existsSync(guardSocket));
    late.write(
      `${JSON.stringify({ kind: 'join', user: { pid: 1, name: 'late' }, lingerMs: 0 })}\n`,
    );
    await hungUp;
    expect(heard).toEqual([]);
    process.kill(pid, 'SIGCONT');
    await gone(pid);
  }, 60_000);

  it('is there when the backend of a killed start still creates its database', async () => {
    const home = newHome();
    const { connection } = await open(home);
    const client = new pg.Client({ ...connection, database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    for (let i = 0; i < 5; i++) {
      await client.query('DROP DATABASE kiki');
      const [server] = await Promise.all([open(home), client.query('CREATE DATABASE kiki')]);
      expect(await ask(server, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    }
    await client.end();
  }, 60_000);

  it('is complete or not there when its very first start is killed', async () => {
    const home = newHome();
    for (const delayMs of [300, 500, 800, 1300]) {
      const user = start(home, { lingerMs: 100 });
      await sleep(delayMs);
      await user.end('SIGKILL');
    }
    const server = await open(home);
    expect(await ask(server, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  }, 90_000);
});

describe('a home that was used before', () => {
  const { path: home, remove } = temporaryHome();
  beforeAll(async () => {
    await (await open(home)).stop();
  }, 60_000);
  afterAll(remove);

  it('refuses a data directory that a foreign server serves, by its pid', async () => {
    const { dataDir, runAs } = resolveLayout(home);
    const elsewhere = mkdtempSync(join(tmpdir(), 'kiki-foreign-'));
    folders.push(elsewhere);
    if (runAs !== undefined) chownSync(elsewhere, runAs.uid, runAs.gid);
    // As the server's user runs it: with root only from where that user can reach it.
    const root = runAs === undefined ? installedBinaries().root : copyOf(dataDir);
    const program = programPath({ root, version: '' }, 'postgres');
    const foreign = spawn(program, ['-D', dataDir, '-k', elsewhere, '-c', 'listen_addresses='], {
      ...runAs,
      stdio: 'ignore',
    });
    try {
      await waitFor(() => readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').includes('ready'));
      await expect(openPostgres({ home })).rejects.toMatchObject({
        code: 'postgres_in_use',
        details: { pid: foreign.pid },
        message: expect.stringContaining(`pid ${foreign.pid}`) as unknown,
      });
    } finally {
      foreign.kill('SIGINT');
      await gone(foreign.pid!);
    }
  }, 60_000);

  it('starts over a pid file that names a living process which is no server', async () => {
    const { dataDir, runAs } = resolveLayout(home);
    // Of the server's own user: any other PostgreSQL would know for a stranger by itself.
    const bystander = spawn('/bin/sleep', ['60'], { ...runAs, stdio: 'ignore' });
    const file = join(dataDir, 'postmaster.pid');
    writeFileSync(file, `${bystander.pid}\n${dataDir}\n0\n5432\n/nowhere\n\n0 0\nready\n`);
    if (runAs !== undefined) chownSync(file, runAs.uid, runAs.gid);
    try {
      expect(await ask(await open(home), 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    } finally {
      bystander.kill('SIGKILL');
    }
  }, 60_000);

  it('cannot be made to forget by its settings file, and listens on no network', async () => {
    const { dataDir } = resolveLayout(home);
    const file = join(dataDir, 'postgresql.conf');
    const text = readFileSync(file, 'utf8');
    const spoilt =
      "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nlisten_addresses = '*'";
    writeFileSync(file, `${text}\n${spoilt}\n`);
    const server = await open(home);
    const settings = await ask(
      server,
      `SELECT name, setting FROM pg_settings WHERE name IN
         ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'data_checksums') ORDER BY name`,
    );
    expect(settings.map(({ name, setting }) => `${String(name)}=${String(setting)}`)).toEqual([
      ...[
        'data_checksums=on',
        'fsync=on',
        'full_page_writes=on',
        'listen_addresses=',
        'synchronous_commit=on',
      ],
    ]);
  }, 60_000);

  it('says why a home cannot hold it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kiki-home-'));
    folders.push(folder);
    writeFileSync(join(folder, 'file'), '');
    await expect(openPostgres({ home: join(folder, 'file', 'home') })).rejects.toMatchObject({
      code: 'postgres_home_unusable',
    });
    writeFileSync(join(resolveLayout(home).dataDir, 'PG_VERSION'), '12\n');
    await expect(openPostgres({ home })).rejects.toMatchObject({
      code: 'postgres_home_unusable',
      message: expect.stringMatching(/PostgreSQL 12.*PostgreSQL 18/) as unknown,
    });
  }, 60_000);
});

function copyOf(dataDir: string): string {
  const { version } = installedBinaries();
  return join(dataDir, '..', '..', `server-${version}`, 'native');
}

/** An account of every Unix that owns nothing; initdb asks for one that has a name. */
const somebody = { uid: 1, gid: 1 };

function whyNotSomebody(): string | undefined {
  if (!isRoot) return 'this process is an ordinary user itself: every other test here shows it';
  const files = [process.execPath, fileURLToPath(script), installedBinaries().root];
  const tried = spawnSync(
    '/usr/bin/test',
    files.flatMap((file, i) => [...(i ? ['-a'] : []), '-r', file]),
    somebody,
  );
  return tried.status === 0 ? undefined : `user ${somebody.uid} cannot read this checkout`;
}

describeUnless(
  whyNotSomebody(),
  'as an ordinary user under a home that nobody else may enter',
  () => {
    it('the server is the user’s own, and is joined, adopted and stopped like any other', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'kiki-user-'));
      folders.push(folder);
      chmodSync(folder, 0o711);
      const own = join(folder, 'somebody');
      mkdirSync(own, { mode: 0o700 });
      chownSync(own, somebody.uid, somebody.gid);
      const home = join(own, '.kiki');
      const first = start(home, { lingerMs: 100 }, somebody);
      const pid = Number(await first.said('serving ', 60_000));
      expect(statSync(`/proc/${pid}`).uid).toBe(somebody.uid);
      expect(statSync(own).mode & 0o777).toBe(0o700);
      const second = start(home, { lingerMs: 100 }, somebody);
      expect(Number(await second.said('serving '))).toBe(pid);
      await first.end('SIGKILL');
      await second.end('SIGKILL');
      await gone(pid);
    }, 60_000);
  },
);
