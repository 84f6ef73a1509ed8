import type { Database, Row } from '@kiki/postgres';

interface DueRow extends Row {
  shard_no: number;
  next_release_ms: bigint;
}

const START = [-1n, -1] as const;

/** Shards with money to give back, some at a time, the longest due first. */
export class DueShards {
  private after: readonly [releaseMs: bigint, shardNo: number] = START;

  constructor(
    private readonly database: Database,
    private readonly storeNow: string,
  ) {}

  /**
   * At most `limit` of them, behind those of the last full answer: shards on which nothing comes of it do not hide
   * others. After an answer that is not full it begins anew.
   */
  async next(limit: number): Promise<number[]> {
    const due = await this.database.query<DueRow>(
      `SELECT shard_no, next_release_ms FROM shards
        WHERE next_release_ms <= ${this.storeNow} AND (next_release_ms, shard_no) > ($2, $3)
        ORDER BY next_release_ms, shard_no LIMIT $1`,
      [limit, ...this.after],
    );
    const last = due.length === limit ? due.at(-1) : undefined;
    this.after = last === undefined ? START : [last.next_release_ms, last.shard_no];
    return due.map(({ shard_no: shardNo }) => shardNo);
  }
}
