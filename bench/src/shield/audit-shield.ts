import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { PostgresDatabase, type ConnectionOptions } from '@kiki/postgres';
import { readSigningKeys, syncshieldDefinition } from '@kiki/service-syncshield';
import { NoteVerifier, publicKeyOf } from '@kiki/transparency-log';
import { readCheckpoints } from '@kiki/audit-verifier';

/** Whose log is tampered with. */
export const TENANT = 'default';
const ORIGIN = `syncshield.kiki/${TENANT}`;

/** Where a SyncShield keeps what it has. */
export interface ShieldPlace {
  readonly home: string;
  readonly connection: ConnectionOptions;
  /** The same as `postgresql://…`; undefined: the embedded server of `home`. */
  readonly url?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A started SyncShield with the hands of everybody who touches its log. */
export class AuditedShield {
  private constructor(
    private readonly place: ShieldPlace,
    private readonly host: Host,
    /** As the superuser whom nothing stops. */
    readonly database: PostgresDatabase,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  static async start(place: ShieldPlace): Promise<AuditedShield> {
    const { home, url, connection } = place;
    const environment = {
      KIKI_HOME: home,
      LOG_LEVEL: 'silent',
      ...(url === undefined ? {} : { DATABASE_URL: url }),
      ...place.environment,
    };
    const host = await start([syncshieldDefinition], { environment, portBase: 0 });
    const scopes = ['shield:admin'];
    const made = await host.auth.admin.createKey({ tenant: TENANT, name: 'audit bench', scopes });
    const database = new PostgresDatabase({ connection, schema: 'syncshield', max: 2 });
    return new AuditedShield(place, host, database, { authorization: `Bearer ${made.key}` });
  }

  async stop(): Promise<void> {
    await this.database.close();
    await this.host.stop();
  }

  client(): SyncShieldClient {
    const baseUrl = this.host.service('syncshield').httpUrl;
    return new SyncShieldClient({ baseUrl, headers: () => this.headers, timeoutMs: 60_000 });
  }

  get(path: string): Promise<Response> {
    const { httpUrl } = this.host.service('syncshield');
    return fetch(`${httpUrl}${path}`, { headers: this.headers });
  }

  /** What lies outside the database: the anchored checkpoints. */
  anchors(): readonly string[] {
    const path = join(this.place.home, 'syncshield-audit-anchors.ndjson');
    return readCheckpoints(readFileSync(path, 'utf8'), TENANT).notes;
  }

  /** The public key as its owner hands it out, from the file of the private one. */
  async pinnedKey(): Promise<string> {
    const keys = await readSigningKeys(join(this.place.home, 'syncshield-audit.pem'));
    const [key] = keys ?? [];
    if (key === undefined) throw new Error('SyncShield made no signing key');
    return new NoteVerifier(ORIGIN, publicKeyOf(key)).text;
  }

  /** Waits until every record is signed; returns how many there are. */
  async signed(): Promise<number> {
    for (;;) {
      const [row] = await this.database.query<{ next: bigint; anchored: bigint }>(
        `SELECT h.next_seq AS next, t.anchored_size AS anchored
           FROM audit_heads h JOIN audit_trees t USING (tenant) WHERE tenant = $1`,
        [TENANT],
      );
      if (row !== undefined && row.next === row.anchored) return Number(row.next);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
