import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SyncValueClient, type Transaction } from '@kiki/contract-syncvalue';
import { start, type Host } from '@kiki/host';
import { DomainError } from '@kiki/kernel';
import type { ConnectionOptions } from '@kiki/postgres';
import { createTestDatabase, type TestDatabase } from '@kiki/testing';
import { syncvalueDefinition } from './syncvalue.definition.js';

/** A running SyncValue on a database of its own. */
export interface TestService {
  readonly host: Host;
  readonly db: TestDatabase;
  /** Speaks with a key that may do everything. */
  readonly client: SyncValueClient;
  /** A client with a key of these scopes, for a tenant of its own when one is named. */
  clientWith(scopes: readonly string[], tenant?: string, to?: Host): Promise<SyncValueClient>;
  /** Another process's service on the same database. */
  startAgain(): Promise<Host>;
  clientOf(host: Host): SyncValueClient;
  stop(): Promise<void>;
}

/** Starts the service through the host, as its app does, on free ports and the suites' server or another. */
export async function startService(
  options: {
    readonly connection?: ConnectionOptions;
    /** Further variables. */
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestService> {
  const home = mkdtempSync(join(tmpdir(), 'kiki-syncvalue-'));
  const { environment: more, ...place } = options;
  const db = await createTestDatabase({ schema: 'syncvalue', ...place });
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent', ...more };
  const begin = (): Promise<Host> => start([syncvalueDefinition], { environment, portBase: 0 });
  const host = await begin();
  const clients: SyncValueClient[] = [];
  const connect = (to: Host, key: string): SyncValueClient => {
    const target = to.service('syncvalue').grpcTarget ?? '';
    const headers = (): Record<string, string> => ({ authorization: `Bearer ${key}` });
    const client = new SyncValueClient({ target, headers, defaultDeadlineMs: 60_000 });
    clients.push(client);
    return client;
  };
  const firstKey = host.firstKey ?? '';
  return {
    host,
    db,
    client: connect(host, firstKey),
    clientWith: async (scopes, tenant = 'default', to = host) => {
      const { admin } = host.auth;
      const tenants = await admin.listTenants();
      if (!tenants.some((known) => known.tenant === tenant)) await admin.createTenant({ tenant });
      const { key } = await admin.createKey({ tenant, scopes: [...scopes], name: 'test' });
      return connect(to, key);
    },
    startAgain: begin,
    clientOf: (to) => connect(to, firstKey),
    stop: async () => {
      for (const client of clients) client.close();
      await host.stop();
      await db.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A row of an order log. */
export function row(
  customerId: string,
  date: string,
  amount: number,
  more: Partial<Transaction> = {},
): Transaction {
  return {
    transactionId: '',
    customerId,
    occurredAt: new Date(date.length === 10 ? `${date}T12:00:00Z` : date),
    amountMicros: BigInt(Math.round(amount * 1e6)),
    currency: 'USD',
    kind: 0,
    acquisition: undefined,
    ...more,
  };
}

/** The code of the error that a call ends with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!DomainError.is(error)) throw new Error(`expected a DomainError, got ${String(error)}`);
  return error.code;
}
