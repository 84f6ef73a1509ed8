import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  openPostgres,
  PostgresDatabase,
  type ConnectionOptions,
  type PostgresServer,
} from '@kiki/postgres';
import { databaseUrl, freePort } from '@kiki/testing';
import { postmasterPid, killPostmaster } from '../postmaster.js';
import { ServiceProcess } from '../service-process.js';
import { CommitProxy } from './commit-proxy.js';

/** Several SyncShield processes over one PostgreSQL, each behind a proxy of its own. */
export class ShieldCluster {
  private constructor(
    private readonly home: string,
    private readonly server: PostgresServer,
    readonly secret: string,
    readonly replicas: readonly ServiceProcess[],
    readonly proxies: readonly CommitProxy[],
    readonly database: PostgresDatabase,
  ) {}

  /** Starts everything. */
  static async start(
    home: string,
    count: number,
    nodeOptions: readonly string[] = [],
  ): Promise<ShieldCluster> {
    const server = await openPostgres({ home, name: 'torture' });
    const secret = randomBytes(32).toString('hex');
    const proxies = Array.from({ length: count }, () => new CommitProxy(server.connection));
    const replicas: ServiceProcess[] = [];
    for (const [i, proxy] of proxies.entries()) {
      const name = `shield-${i}`;
      mkdirSync(join(home, name), { mode: 0o700 });
      const httpPort = await freePort();
      const environment = {
        KIKI_HOME: join(home, name),
        KIKI_SECRET: secret,
        DATABASE_URL: databaseUrl(await proxy.open()),
        SYNCSHIELD_HTTP_PORT: String(httpPort),
      };
      const app = { app: 'syncshield', name, folder: home, httpPort };
      replicas.push(new ServiceProcess({ ...app, environment, nodeOptions }));
    }
    for (const replica of replicas) await replica.start();
    const database = new PostgresDatabase({ connection: server.connection, schema: 'syncshield' });
    return new ShieldCluster(home, server, secret, replicas, proxies, database);
  }

  /** How to reach PostgreSQL past the proxies. */
  get connection(): ConnectionOptions {
    return this.server.connection;
  }

  get baseUrls(): string[] {
    return this.replicas.map(({ baseUrl }) => baseUrl);
  }

  /** Makes a tenant; the replicas know it at once. */
  async createTenant(tenant: string): Promise<void> {
    await this.database.execute(
      `INSERT INTO kiki_auth.tenants (tenant, name, created_at) VALUES ($1, $1, now())
       ON CONFLICT DO NOTHING`,
      [tenant],
    );
  }

  /**
   * Ends PostgreSQL without a checkpoint: its own immediate stop, or SIGKILL for the postmaster and every backend.
   * Whoever uses it brings it back.
   */
  stopServer(how: 'immediate' | 'kill'): boolean {
    if (how === 'kill') return killPostmaster(this.home);
    const pid = postmasterPid(this.home);
    if (pid === undefined) return false;
    process.kill(pid, 'SIGQUIT');
    return true;
  }

  async close(): Promise<void> {
    for (const replica of this.replicas) await replica.kill();
    await this.database.close();
    for (const proxy of this.proxies) await proxy.close();
    await this.server.stop();
  }
}
