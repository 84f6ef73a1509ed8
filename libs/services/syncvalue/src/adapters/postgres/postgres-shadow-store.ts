import type { Clock } from '@kiki/kernel';
import type { Database, Row } from '@kiki/postgres';
import {
  ShadowStore,
  type ShadowBatch,
  type ShadowSample,
  type ShadowVersions,
} from '../../application/shadow.js';

interface BatchRow extends Row {
  readonly id: bigint;
  readonly taken_at: Date;
  readonly champion_micros: bigint[];
  readonly challenger_micros: bigint[];
}

const MAX_PAIRS = 10_000;

/** Compared pairs on PostgreSQL, a row per batch. */
export class PostgresShadowStore extends ShadowStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async add(tenant: string, { champion, challenger, pairs }: ShadowBatch): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.execute(
        `INSERT INTO shadow_pairs
                (tenant, champion, challenger, taken_at, champion_micros, challenger_micros)
         VALUES ($1, $2, $3, $4, $5::bigint[], $6::bigint[])`,
        [
          ...[tenant, champion, challenger, this.clock.now()],
          ...[pairs.champion, pairs.challenger],
        ],
      );
      await tx.execute(
        `DELETE FROM shadow_pairs WHERE tenant = $1 AND id IN (
           SELECT id FROM (
             SELECT id, champion = $2 AND challenger = $3 AS is_asked,
                    sum(cardinality(champion_micros)) OVER (
                      PARTITION BY champion = $2 AND challenger = $3 ORDER BY id DESC
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newer
               FROM shadow_pairs WHERE tenant = $1) AS ranked
            WHERE NOT is_asked OR newer >= ${MAX_PAIRS})`,
        [tenant, champion, challenger],
      );
    });
  }

  override async newest(
    tenant: string,
    { champion, challenger }: ShadowVersions,
  ): Promise<ShadowSample | undefined> {
    const rows = await this.database.query<BatchRow>(
      `SELECT id, taken_at, champion_micros, challenger_micros FROM shadow_pairs
        WHERE tenant = $1 AND champion = $2 AND challenger = $3 ORDER BY id DESC`,
      [tenant, champion, challenger],
    );
    const [last, first] = [rows[0], rows.at(-1)];
    if (last === undefined || first === undefined) return undefined;
    const newest = (column: 'champion_micros' | 'challenger_micros'): number[] =>
      rows.flatMap((row) => row[column].map(Number)).slice(0, MAX_PAIRS);
    return {
      pairs: { champion: newest('champion_micros'), challenger: newest('challenger_micros') },
      firstAtMs: first.taken_at.getTime(),
      lastAtMs: last.taken_at.getTime(),
    };
  }
}
