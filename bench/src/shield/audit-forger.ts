import { generateKeyPairSync } from 'node:crypto';
import type { PostgresDatabase, Queryable } from '@kiki/postgres';
import {
  checkpointText,
  leafHash,
  NoteSigner,
  parseNote,
  signNote,
  TileWriter,
  type Tile,
} from '@kiki/transparency-log';

/**
 * How well a forger covers the traces: `none`: only records; `tree`: tiles and head computed anew; `key`: the head is
 * signed by a key of the forger, too, which is entered as the newest one.
 */
export type Cover = 'none' | 'tree' | 'key';

const TABLES = ['audit_bundles', 'audit_heads', 'audit_tiles', 'audit_trees', 'audit_keys'];
const PER_BUNDLE = 100;

/** The owner of the database, who may do everything but sign with the key that is not in it. */
export class LogForger {
  private readonly signer: NoteSigner;

  constructor(
    private readonly database: PostgresDatabase,
    private readonly tenant: string,
    private readonly origin: string,
  ) {
    this.signer = new NoteSigner(origin, generateKeyPairSync('ed25519').privateKey);
  }

  /** Keeps the honest tables aside. */
  async keepOriginal(): Promise<void> {
    for (const table of TABLES) {
      await this.database.execute(`CREATE TABLE original_${table} AS TABLE ${table}`);
    }
  }

  /** Puts the honest tables back. */
  async restore(): Promise<void> {
    await this.unstopped(async (tx) => {
      for (const table of TABLES) {
        await tx.execute(`DELETE FROM ${table}`);
        await tx.execute(
          `INSERT INTO ${table} ${table === 'audit_keys' ? 'OVERRIDING SYSTEM VALUE' : ''} TABLE original_${table}`,
        );
      }
    });
  }

  async records(): Promise<string[]> {
    const rows = await this.database.query<{ records: string }>(
      'SELECT records FROM audit_bundles WHERE tenant = $1 ORDER BY first_seq',
      [this.tenant],
    );
    return rows.flatMap(({ records }) => records.split('\n'));
  }

  async note(): Promise<string> {
    const [row] = await this.database.query<{ note: string }>(
      'SELECT note FROM audit_trees WHERE tenant = $1',
      [this.tenant],
    );
    return row?.note ?? '';
  }

  async replaceNote(note: string): Promise<void> {
    await this.unstopped((tx) =>
      tx.execute('UPDATE audit_trees SET note = $2 WHERE tenant = $1', [this.tenant, note]),
    );
  }

  /** Removes whole bundles and leaves the gap. */
  async dropBundle(firstSeq: number): Promise<void> {
    await this.unstopped((tx) =>
      tx.execute('DELETE FROM audit_bundles WHERE tenant = $1 AND first_seq = $2', [
        this.tenant,
        firstSeq,
      ]),
    );
  }

  /** Makes these the records of the log. */
  async rewrite(records: readonly string[], cover: Cover): Promise<void> {
    await this.unstopped(async (tx) => {
      await this.writeBundles(tx, records);
      if (cover !== 'none') await this.writeTree(tx, records, cover);
    });
  }

  private async writeBundles(tx: Queryable, records: readonly string[]): Promise<void> {
    await tx.execute('DELETE FROM audit_bundles WHERE tenant = $1', [this.tenant]);
    for (let first = 0; first < records.length; first += PER_BUNDLE) {
      const bundle = records.slice(first, first + PER_BUNDLE);
      await tx.execute('INSERT INTO audit_bundles VALUES ($1, $2, $3, $4)', [
        ...[this.tenant, first, bundle.length, bundle.join('\n')],
      ]);
    }
    await tx.execute('UPDATE audit_heads SET next_seq = $2 WHERE tenant = $1', [
      this.tenant,
      records.length,
    ]);
  }

  private async writeTree(tx: Queryable, records: readonly string[], cover: Cover): Promise<void> {
    const writer = new TileWriter(0, () => undefined);
    for (const record of records) writer.append(leafHash(record));
    const { size, origin } = { size: records.length, origin: this.origin };
    const text = checkpointText({ origin, size, root: writer.root() });
    const old = await this.note();
    const note =
      cover === 'key'
        ? signNote(text, [this.signer])
        : text + old.slice(parseNote(old).text.length);
    await tx.execute('DELETE FROM audit_tiles WHERE tenant = $1', [this.tenant]);
    for (const tile of writer.changes()) await this.writeTile(tx, tile);
    await tx.execute(
      `UPDATE audit_trees SET size = $2, signed_size = $2, anchored_size = $2, signed_root = $3, note = $4
        WHERE tenant = $1`,
      [this.tenant, size, writer.root(), note],
    );
    if (cover !== 'key') return;
    await tx.execute('INSERT INTO audit_keys (public_key, added_ms) VALUES ($1, 0)', [
      this.signer.verifier.publicKey,
    ]);
  }

  private async writeTile(tx: Queryable, { level, index, hashes }: Tile): Promise<void> {
    const values = [this.tenant, level, index, hashes];
    await tx.execute('INSERT INTO audit_tiles VALUES ($1, $2, $3, $4)', values);
  }

  private unstopped<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.database.transaction(async (tx) => {
      await tx.execute('SET LOCAL session_replication_role = replica');
      return work(tx);
    });
  }
}
