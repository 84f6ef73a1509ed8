import type { Clock } from '@kiki/kernel';
import type { Database, Queryable, Row } from '@kiki/postgres';
import { LRUCache } from 'lru-cache';
import { Models, type NewModel, type Promotion } from '../../application/models.js';
import {
  labelsOf,
  type Labels,
  type Model,
  type ModelArtefact,
  type ModelLabel,
  type ModelReference,
} from '../../domain/model.js';
import { errors } from '../../errors.js';

type Stored = Pick<Model, 'version' | 'createdAtMs' | 'artefact'>;

interface ModelRow extends Row {
  readonly version: string;
  readonly number: number;
  readonly created_at: Date;
  readonly artefact: ModelArtefact;
}

/**
 * Models on PostgreSQL. Artefacts never change, so they are kept in memory; labels are looked up at every
 * call, so that a promotion in any process counts for the next call in every process.
 */
export class PostgresModels extends Models {
  private readonly known: LRUCache<string, Stored>;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    cacheEntries: number,
  ) {
    super();
    this.known = new LRUCache({ max: cacheEntries });
  }

  override add(tenant: string, { artefact, label, by }: NewModel): Promise<Model> {
    return this.database.transaction(async (tx) => {
      const [ledger] = await tx.query<{ model_count: number }>(
        'UPDATE ledgers SET model_count = model_count + 1 WHERE tenant = $1 RETURNING model_count',
        [tenant],
      );
      if (ledger === undefined) throw errors.no_transactions();
      const version = `v${ledger.model_count}`;
      const createdAt = this.clock.now();
      await tx.execute(
        `INSERT INTO models (tenant, version, number, created_at, artefact) VALUES ($1, $2, $3, $4, $5)`,
        [tenant, version, ledger.model_count, createdAt, JSON.stringify(artefact)],
      );
      const labels = await readLabels(tx, tenant);
      const given = label ?? (labels.champion === undefined ? 'champion' : undefined);
      if (given !== undefined) await this.move(tx, tenant, { label: given, version, by }, labels);
      const now = given === undefined ? labels : { ...labels, [given]: version };
      return {
        version,
        createdAtMs: createdAt.getTime(),
        artefact,
        labels: labelsOf(now, version),
      };
    });
  }

  override async artefact(tenant: string, version: string): Promise<Stored | undefined> {
    const key = `${tenant}\0${version}`;
    const kept = this.known.get(key);
    if (kept !== undefined) return kept;
    const [row] = await this.database.query<ModelRow>(
      'SELECT version, number, created_at, artefact FROM models WHERE tenant = $1 AND version = $2',
      [tenant, version],
    );
    if (row === undefined) return undefined;
    const stored = storedOf(row);
    this.known.set(key, stored);
    return stored;
  }

  override async get(tenant: string, reference: ModelReference): Promise<Model> {
    const labels = await readLabels(this.database, tenant);
    const version = 'version' in reference ? reference.version : labels[reference.label];
    if (version === undefined) throw errors.model_missing();
    const stored = await this.artefact(tenant, version);
    if (stored === undefined) throw errors.model_not_found();
    return { ...stored, labels: labelsOf(labels, version) };
  }

  override async list(
    tenant: string,
    { limit, beforeNumber }: { readonly limit: number; readonly beforeNumber: number | undefined },
  ): Promise<{ readonly models: readonly Model[]; readonly nextNumber: number | undefined }> {
    const rows = await this.database.query<ModelRow>(
      `SELECT version, number, created_at, artefact FROM models
        WHERE tenant = $1 AND number < $2 ORDER BY number DESC LIMIT $3`,
      [tenant, beforeNumber ?? 2_147_483_647, limit + 1],
    );
    const labels = await readLabels(this.database, tenant);
    const page = rows.slice(0, limit);
    return {
      models: page.map((row) => ({ ...storedOf(row), labels: labelsOf(labels, row.version) })),
      nextNumber: rows.length > limit ? page.at(-1)?.number : undefined,
    };
  }

  override promote(
    tenant: string,
    promotion: Promotion,
  ): Promise<{ readonly model: Model; readonly previousVersion: string | undefined }> {
    const { version, label, expectedVersion } = promotion;
    return this.database.transaction(async (tx) => {
      // The tenant's row is the lock of its labels too, so that two promotions see each other.
      await tx.query('SELECT 1 FROM ledgers WHERE tenant = $1 FOR UPDATE', [tenant]);
      const [row] = await tx.query<ModelRow>(
        'SELECT version, number, created_at, artefact FROM models WHERE tenant = $1 AND version = $2',
        [tenant, version],
      );
      if (row === undefined) throw errors.model_not_found();
      const labels = await readLabels(tx, tenant);
      const previousVersion = labels[label];
      if (expectedVersion !== undefined && previousVersion !== expectedVersion) {
        throw errors.label_moved(`${label} points to ${previousVersion ?? 'no version'}.`, {
          currentVersion: previousVersion ?? null,
        });
      }
      if (previousVersion !== version) await this.move(tx, tenant, promotion, labels);
      const now = labelsOf({ ...labels, [label]: version }, version);
      return { model: { ...storedOf(row), labels: now }, previousVersion };
    });
  }

  private async move(
    tx: Queryable,
    tenant: string,
    to: { readonly label: ModelLabel; readonly version: string; readonly by: string },
    labels: Labels,
  ): Promise<void> {
    const now = this.clock.now();
    await tx.execute(
      `INSERT INTO model_labels (tenant, label, version, moved_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (tenant, label) DO UPDATE SET version = excluded.version, moved_at = excluded.moved_at`,
      [tenant, to.label, to.version, now],
    );
    await tx.execute(
      `INSERT INTO label_moves (tenant, label, version, previous_version, moved_at, moved_by)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [tenant, to.label, to.version, labels[to.label] ?? null, now, to.by],
    );
  }
}

function storedOf({ version, created_at: createdAt, artefact }: ModelRow): Stored {
  return { version, createdAtMs: createdAt.getTime(), artefact };
}

async function readLabels(from: Queryable, tenant: string): Promise<Labels> {
  const rows = await from.query<{ label: ModelLabel; version: string }>(
    'SELECT label, version FROM model_labels WHERE tenant = $1',
    [tenant],
  );
  return Object.fromEntries(rows.map(({ label, version }) => [label, version]));
}
