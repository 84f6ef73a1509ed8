import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ConnectionOptions } from '@kiki/postgres';
import pg from 'pg';
import { hotRow, tpcB, type Script } from './holds-scripts.js';

const PLACES = [
  ...[18, 17, 16, 15].map((version) => `/usr/lib/postgresql/${version}/bin/pgbench`),
  '/usr/bin/pgbench',
  '/usr/local/bin/pgbench',
];
const SCALE = 10;
const TELLERS = 10 * SCALE;
const ACCOUNTS = 100_000 * SCALE;

/**
 * What PostgreSQL itself does on the same server: the transactions of TPC-B (scale 10) and one
 * statement per hold on one row. Driven by pgbench where it is installed, else by the same SQL
 * over our driver.
 */
export class PeerLoads {
  readonly driver: 'pgbench' | 'pg';
  private readonly pgbench = PLACES.find((path) => existsSync(path));

  constructor(
    private readonly connection: ConnectionOptions,
    private readonly directory: string,
  ) {
    this.driver = this.pgbench === undefined ? 'pg' : 'pgbench';
  }

  /** Makes the tables in a schema of their own. */
  async prepare(): Promise<void> {
    const client = new pg.Client(this.connection);
    await client.connect();
    await client.query('DROP SCHEMA IF EXISTS peer CASCADE; CREATE SCHEMA peer');
    await client.query(`SET search_path = peer; ${TABLES}`);
    await client.query('VACUUM ANALYZE peer.pgbench_accounts');
    await client.end();
    for (const { name, sql } of [tpcB, hotRow]) await writeFile(this.pathOf(name), sql);
  }

  /** Transactions a second of TPC-B, the better of 8 and 16 clients. */
  async tpcB(seconds: number): Promise<number> {
    const few = await this.run(tpcB, 8, seconds);
    return Math.max(few, await this.run(tpcB, 16, seconds));
  }

  /** Holds a second on one budget, one statement each, 32 connections. */
  hotRow(seconds: number): Promise<number> {
    return this.run(hotRow, 32, seconds);
  }

  private run(script: Script, clients: number, seconds: number): Promise<number> {
    if (this.pgbench === undefined) return this.drive(script, clients, seconds);
    return this.pgbenchRate(this.pgbench, script, clients, seconds);
  }

  private async pgbenchRate(
    program: string,
    script: Script,
    clients: number,
    seconds: number,
  ): Promise<number> {
    const { host, port, user, password, database } = this.connection;
    const [at, as] = [
      ['-h', host, '-p', String(port)],
      ['-U', user, database],
    ];
    const load = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds)];
    const sizes = ['-D', `scale=${SCALE}`];
    const { stdout } = await promisify(execFile)(
      program,
      [...load, ...sizes, '-f', this.pathOf(script.name), ...at, ...as],
      { env: { PGPASSWORD: password ?? '', PGOPTIONS: '-c search_path=peer' } },
    );
    const tps = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
    if (tps === undefined) throw new Error(`pgbench said nothing of tps:\n${stdout}`);
    return Number(tps);
  }

  private async drive(script: Script, clients: number, seconds: number): Promise<number> {
    const pool = new pg.Pool({
      ...this.connection,
      max: clients,
      options: '-c search_path=peer',
    });
    let done = 0;
    const untilMs = performance.now() + seconds * 1_000;
    const caller = async (): Promise<void> => {
      const client = await pool.connect();
      while (performance.now() < untilMs) {
        await script.run(client, SCALE);
        done++;
      }
      client.release();
    };
    await Promise.all(Array.from({ length: clients }, caller));
    await pool.end();
    return done / seconds;
  }

  private pathOf(name: string): string {
    return join(this.directory, `${name}.sql`);
  }
}

const TABLES = `
CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88)) WITH (fillfactor = 100);
CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84)) WITH (fillfactor = 100);
CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84)) WITH (fillfactor = 100);
CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
INSERT INTO pgbench_branches SELECT bid, 0, '' FROM generate_series(1, ${SCALE}) bid;
INSERT INTO pgbench_tellers SELECT tid, (tid - 1) / 10 + 1, 0, '' FROM generate_series(1, ${TELLERS}) tid;
INSERT INTO pgbench_accounts SELECT aid, (aid - 1) / 100000 + 1, 0, '' FROM generate_series(1, ${ACCOUNTS}) aid;
CREATE TABLE hot_budget (id int PRIMARY KEY, held bigint NOT NULL, spent bigint NOT NULL, max bigint NOT NULL,
  CHECK (held + spent <= max)) WITH (fillfactor = 50);
INSERT INTO hot_budget VALUES (1, 0, 0, 9000000000000000);
CREATE TABLE hot_holds (id uuid PRIMARY KEY, budget int NOT NULL, amount bigint NOT NULL, state text NOT NULL,
  decided timestamptz NOT NULL);
`;
