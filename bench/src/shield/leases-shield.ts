import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { derivedServiceKey } from '@kiki/auth';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { DEFAULT_TENANT } from '@kiki/kernel';
import { openPostgres, PostgresDatabase } from '@kiki/postgres';
import { recount } from '@kiki/service-syncshield';
import { databaseUrl, freePort, temporaryHome } from '@kiki/testing';
import { ServiceProcess } from '../torture/service-process.js';

/** A SyncShield process of its own over the embedded PostgreSQL, for the nodes of a benchmark. */
export interface LeaseShield {
  readonly folder: string;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly client: SyncShieldClient;
  /** Ids of leases of a node that are not closed yet. */
  openLeases(nodeId: string): Promise<string[]>;
  /** Counters, holds and audit counted anew: findings, and overspend in micros. */
  recount(): Promise<{ readonly problems: number; readonly overspendMicros: bigint }>;
  close(): Promise<void>;
}

/** Starts one. */
export async function startLeaseShield(
  environment: Readonly<Record<string, string>>,
): Promise<LeaseShield> {
  const home = temporaryHome('kiki-leases-');
  mkdirSync(home.path, { mode: 0o700 });
  mkdirSync(join(home.path, 'shield'), { mode: 0o700 });
  const server = await openPostgres({ home: home.path, name: 'bench' });
  const secret = randomBytes(32).toString('hex');
  const httpPort = await freePort();
  const replica = new ServiceProcess({
    ...{ app: 'syncshield', folder: home.path, httpPort },
    environment: {
      KIKI_HOME: join(home.path, 'shield'),
      KIKI_SECRET: secret,
      DATABASE_URL: databaseUrl(server.connection),
      SYNCSHIELD_HTTP_PORT: String(httpPort),
      ...environment,
    },
  });
  await replica.start();
  const database = new PostgresDatabase({ connection: server.connection, schema: 'syncshield' });
  const headers = {
    authorization: `Bearer ${derivedServiceKey(secret, 'kiki')}`,
    'kiki-tenant': DEFAULT_TENANT,
  };
  const { baseUrl } = replica;
  return {
    folder: home.path,
    ...{ baseUrl, headers },
    client: new SyncShieldClient({ baseUrl, headers: () => headers }),
    openLeases: async (nodeId) => {
      const url = `${baseUrl}/v1/leases?nodeId=${nodeId}&state=open&limit=1000`;
      const answer = await fetch(url, { headers });
      const { items } = (await answer.json()) as { items: { id: string }[] };
      return items.map(({ id }) => id);
    },
    recount: async () => {
      const { problems, overspendMicros } = await recount(database);
      return { problems: problems.length, overspendMicros };
    },
    close: async () => {
      await replica.stop();
      await database.close();
      await server.stop();
      home.remove();
    },
  };
}
