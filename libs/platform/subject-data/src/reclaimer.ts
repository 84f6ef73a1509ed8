import type { Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import { rewriteTable, waitForOldSnapshots, type RewriteOutcome } from './rewrite-table.js';

/** What became of the files of the tables. */
export type ReclaimReport = Readonly<Record<RewriteOutcome, readonly string[]>>;

/**
 * Takes the bytes of deleted rows out of the tables' files: a row version that was deleted stays in its page until the
 * table is written anew. Calls that come while a run is under way share the next one.
 */
export class Reclaimer {
  private running: Promise<unknown> = Promise.resolve();
  private waiting: Promise<ReclaimReport> | undefined;
  private readonly wanted = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Rewrites the tables (`schema.table`) that exist, and those of the queues and of idempotency
   * keys: their rows come and go, so that the subject may be among what is gone already.
   */
  run(tables: readonly string[]): Promise<ReclaimReport> {
    for (const table of tables) this.wanted.add(table);
    this.waiting ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.waiting = undefined;
        const run = this.reclaim([...this.wanted]);
        this.wanted.clear();
        this.running = run;
        return run;
      });
    return this.waiting;
  }

  private async reclaim(tables: readonly string[]): Promise<ReclaimReport> {
    const { schema } = this.database;
    const extra = [`${schema}_queue`, `${schema}_http`];
    const rows = await this.database.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname = ANY($2::text[]) OR schemaname || '.' || tablename = ANY($1::text[])
        ORDER BY 1`,
      [tables, extra],
    );
    const isSuperuser = await this.isSuperuser();
    // Samples of the columns: ANALYZE takes new ones, but leaves those of a table that is empty now.
    if (isSuperuser) await this.dropSamples(rows.map(({ name }) => name));
    await waitForOldSnapshots(this.database, this.clock);
    const report: Record<RewriteOutcome, string[]> = { rewritten: [], vacuumed: [], deferred: [] };
    for (const { name } of rows) {
      report[await rewriteTable(this.database, this.clock, name)].push(name);
    }
    const samples = 'pg_catalog.pg_statistic';
    if (!isSuperuser) report.deferred.push(samples);
    else report[await rewriteTable(this.database, this.clock, samples)].push(samples);
    return report;
  }

  private async dropSamples(tables: readonly string[]): Promise<void> {
    await this.database.execute(
      'DELETE FROM pg_catalog.pg_statistic WHERE starelid = ANY($1::text[]::regclass[])',
      [tables],
    );
  }

  private async isSuperuser(): Promise<boolean> {
    const [row] = await this.database.query<{ is_super: boolean }>(
      'SELECT rolsuper AS is_super FROM pg_roles WHERE rolname = current_user',
    );
    return row?.is_super === true;
  }
}
