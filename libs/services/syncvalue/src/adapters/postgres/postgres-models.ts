import type { Clock } from '@kiki/kernel';
import type { Database, Queryable, Row } from '@kiki/postgres';
import { LRUCache } from 'lru-cache';
import type { DriftBoard } from '../../application/drift-board.js';
import {
  Models,
  type LabelMove,
  type Moved,
  type NewModel,
  type Promotion,
  type Rollback,
  type StoredModel,
} from '../../application/models.js';
import { artefactFrom, artefactText } from '../../domain/artefact-text.js';
import type { DriftReport } from '../../domain/drift.js';
import {
  labelsOf,
  type Model,
  type ModelArtefact,
  type ModelReference,
} from '../../domain/model.js';
import { errors } from '../../errors.js';
import {
  checkLabel,
  moveLabel,
  readLabels,
  readMoves,
  versionToGoBackTo,
  type LabelStep,
} from './labels.js';
import { insertGraph } from './onnx-graphs.js';

interface ModelRow extends Row {
  readonly version: string;
  readonly number: number;
  readonly created_at: Date;
  readonly artefact: unknown;
}

/**
 * Models on PostgreSQL. Artefacts never change, so they are kept in memory; labels are looked up at every
 * call. Predictions read them with the ledger's view, for which `SeenModels` lets their moves wait.
 */
export class PostgresModels extends Models {
  private readonly known: LRUCache<string, StoredModel>;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly drifts: DriftBoard,
    cacheEntries: number,
  ) {
    super();
    this.known = new LRUCache({ max: cacheEntries });
  }

  override add(
    tenant: string,
    { artefact, label, judgedBeside, move, brought }: NewModel,
  ): Promise<Model> {
    return this.database.transaction(async (tx) => {
      if (brought !== undefined) {
        await lockLabels(tx, tenant);
        const known = await this.importedBy(tx, tenant, brought.importSha256);
        if (known !== undefined) return known;
      }
      const [ledger] = await tx.query<{ model_count: number }>(
        'UPDATE ledgers SET model_count = model_count + 1 WHERE tenant = $1 RETURNING model_count',
        [tenant],
      );
      if (ledger === undefined) throw errors.no_transactions();
      const version = `v${ledger.model_count}`;
      const createdAt = this.clock.now();
      await tx.execute(
        `INSERT INTO models (tenant, version, number, created_at, artefact, import_sha256)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [
          ...[tenant, version, ledger.model_count, createdAt, artefactText(artefact)],
          brought?.importSha256 ?? null,
        ],
      );
      if (artefact.onnx !== undefined && brought !== undefined) {
        await insertGraph(tx, tenant, artefact.onnx.graphSha256, brought.file);
      }
      const labels = await readLabels(tx, tenant);
      const isOvertaken = label === 'champion' && (labels.champion ?? null) !== judgedBeside;
      const wanted = isOvertaken ? undefined : label;
      const given = wanted ?? (labels.champion === undefined ? 'champion' : undefined);
      if (given !== undefined) {
        const previousVersion = labels[given];
        const isFirst = given === 'champion' && previousVersion === undefined;
        const facts = isFirst ? { ...move, kind: 'first' as const } : move;
        await moveLabel(tx, tenant, {
          label: given,
          version,
          previousVersion,
          at: createdAt,
          facts,
        });
      }
      const now = given === undefined ? labels : { ...labels, [given]: version };
      return {
        version,
        createdAtMs: createdAt.getTime(),
        artefact,
        labels: labelsOf(now, version),
      };
    });
  }

  override imported(tenant: string, importSha256: string): Promise<Model | undefined> {
    return this.importedBy(this.database, tenant, importSha256);
  }

  override async artefact(tenant: string, version: string): Promise<StoredModel | undefined> {
    const key = `${tenant}\0${version}`;
    const kept = this.known.get(key);
    if (kept !== undefined) return kept;
    const [row] = await this.database.query<ModelRow>(
      'SELECT version, number, created_at, artefact FROM models WHERE tenant = $1 AND version = $2',
      [tenant, version],
    );
    if (row === undefined) return undefined;
    const stored = this.storedOf(tenant, row);
    this.known.set(key, stored);
    return stored;
  }

  override async get(tenant: string, reference: ModelReference): Promise<Model> {
    const labels = await readLabels(this.database, tenant);
    const version = 'version' in reference ? reference.version : labels[reference.label];
    if (version === undefined) throw errors.model_missing();
    const stored = await this.artefact(tenant, version);
    if (stored === undefined) throw errors.model_not_found();
    return { ...stored, drift: stored.drift, labels: labelsOf(labels, version) };
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
      models: page.map((row) => {
        const stored = this.storedOf(tenant, row);
        return { ...stored, drift: stored.drift, labels: labelsOf(labels, row.version) };
      }),
      nextNumber: rows.length > limit ? page.at(-1)?.number : undefined,
    };
  }

  override promote(
    tenant: string,
    { version, label, expectedVersion, move }: Promotion,
  ): Promise<Moved> {
    return this.database.transaction(async (tx) => {
      await lockLabels(tx, tenant);
      const model = await this.rowOf(tx, tenant, version);
      const labels = await readLabels(tx, tenant);
      checkLabel(label, labels[label], expectedVersion);
      return this.move(tx, tenant, { model, label, previousVersion: labels[label], facts: move });
    });
  }

  override rollback(
    tenant: string,
    { label, expectedVersion, by, reason }: Rollback,
  ): Promise<Moved> {
    return this.database.transaction(async (tx) => {
      await lockLabels(tx, tenant);
      const labels = await readLabels(tx, tenant);
      checkLabel(label, labels[label], expectedVersion);
      const version = await versionToGoBackTo(tx, tenant, label);
      const model = await this.rowOf(tx, tenant, version);
      const facts = { by, reason, kind: 'rollback', isForced: false, gates: undefined } as const;
      return this.move(tx, tenant, { model, label, previousVersion: labels[label], facts });
    });
  }

  override moves(
    tenant: string,
    page: { readonly limit: number; readonly beforeId: number | undefined },
  ): Promise<LabelMove[]> {
    return readMoves(this.database, tenant, page);
  }

  private async move(
    tx: Queryable,
    tenant: string,
    {
      model,
      ...step
    }: Pick<LabelStep, 'label' | 'previousVersion' | 'facts'> & {
      readonly model: ModelRow;
    },
  ): Promise<Moved> {
    const { version } = model;
    const { label, previousVersion } = step;
    if (previousVersion !== version) {
      await moveLabel(tx, tenant, { ...step, version, at: this.clock.now() });
    }
    const labels = { ...(await readLabels(tx, tenant)), [label]: version };
    const stored = this.storedOf(tenant, model);
    const now = labelsOf(labels, version);
    return { model: { ...stored, drift: stored.drift, labels: now }, previousVersion };
  }

  private async rowOf(tx: Queryable, tenant: string, version: string): Promise<ModelRow> {
    const [row] = await tx.query<ModelRow>(
      'SELECT version, number, created_at, artefact FROM models WHERE tenant = $1 AND version = $2',
      [tenant, version],
    );
    if (row === undefined) throw errors.model_not_found();
    return row;
  }

  private async importedBy(
    from: Queryable,
    tenant: string,
    importSha256: string,
  ): Promise<Model | undefined> {
    const [row] = await from.query<ModelRow>(
      `SELECT version, number, created_at, artefact FROM models
        WHERE tenant = $1 AND import_sha256 = $2`,
      [tenant, importSha256],
    );
    if (row === undefined) return undefined;
    const stored = this.storedOf(tenant, row);
    const labels = labelsOf(await readLabels(from, tenant), row.version);
    return { ...stored, drift: stored.drift, labels };
  }

  private storedOf(tenant: string, row: ModelRow): StoredModel {
    return new KeptModel(row, () => this.drifts.of(tenant, row.version));
  }
}

/** One object per cached model, whose drift is always the newest that is known. */
class KeptModel implements StoredModel {
  readonly version: string;
  readonly createdAtMs: number;
  readonly artefact: ModelArtefact;
  readonly #newestDrift: () => DriftReport | undefined;

  constructor(row: ModelRow, newestDrift: () => DriftReport | undefined) {
    this.#newestDrift = newestDrift;
    this.version = row.version;
    this.createdAtMs = row.created_at.getTime();
    this.artefact = artefactFrom(row.artefact);
  }

  get drift(): DriftReport | undefined {
    return this.#newestDrift();
  }
}

/** The tenant's row is the lock of its labels too, so that two promotions see each other. */
async function lockLabels(tx: Queryable, tenant: string): Promise<void> {
  await tx.query('SELECT 1 FROM ledgers WHERE tenant = $1 FOR UPDATE', [tenant]);
}
