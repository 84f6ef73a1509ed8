import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock } from '@kiki/kernel';
import {
  migrate,
  PostgresDatabase,
  postgresErrors,
  type ConnectionOptions,
  type OpenedRows,
  type Queryable,
  type Row,
  type TransactionOptions,
} from '@kiki/postgres';
import { PostgresBudgets } from './postgres-budgets.js';
import { PostgresLedger } from './postgres-ledger.js';

const directory = new URL('../../../migrations/', import.meta.url);
/** The store's clock is a row that the run sets. */
const MODEL_NOW = '(SELECT now_ms FROM model_clock)';

/** What becomes of the next COMMIT: its answer is lost, or it is lost itself. */
export type CommitLoss = 'lose the answer' | 'lose the commit';

/** Its time does not pass while a batch waits. */
class StandingClock extends SystemClock {
  override monotonicMs(): number {
    return 0;
  }

  override async sleep(ms: number): Promise<void> {
    await sleep(ms);
  }
}

/** A database that loses a COMMIT when it is told to. */
class LossyDatabase extends PostgresDatabase {
  loss: CommitLoss | undefined;

  override async atomic<R extends Row>(
    ...statement: Parameters<PostgresDatabase['atomic']>
  ): Promise<R[]> {
    const { loss } = this;
    this.loss = undefined;
    if (loss === 'lose the commit') throw postgresErrors.commit_unknown();
    const rows = await super.atomic<R>(...statement);
    if (loss !== undefined) throw postgresErrors.commit_unknown();
    return rows;
  }

  override async transaction<T>(
    work: (tx: Queryable, opened: OpenedRows) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const { loss } = this;
    this.loss = undefined;
    if (loss === undefined || options?.isReadOnly === true) return super.transaction(work, options);
    const result = await super.transaction(async (tx, opened) => {
      const done = await work(tx, opened);
      if (loss === 'lose the commit') throw postgresErrors.commit_unknown();
      return done;
    }, options);
    void result;
    throw postgresErrors.commit_unknown();
  }
}

/** Two processes' ledgers on one schema of their own, with a clock that is set by hand. */
export class ModelStore {
  readonly ledgers: readonly [PostgresLedger, PostgresLedger];
  readonly budgets: PostgresBudgets;

  private constructor(private readonly databases: readonly [LossyDatabase, LossyDatabase]) {
    // The clock stands still but for the run: what is assumed of it is exact, or does not hold.
    const clock = new StandingClock();
    const options = { storeNow: MODEL_NOW, lockTimeoutMs: 60_000, maxLateMs: 0 };
    const [first, second] = databases;
    this.ledgers = [
      new PostgresLedger(first, clock, options),
      new PostgresLedger(second, clock, options),
    ];
    this.budgets = new PostgresBudgets(first, clock, options);
  }

  /** Makes the schema; it must not exist. */
  static async open(connection: ConnectionOptions, schema: string): Promise<ModelStore> {
    await migrate({ connection, schema, directory });
    const pool = { connection, schema, max: 2 };
    const store = new ModelStore([new LossyDatabase(pool), new LossyDatabase(pool)]);
    await store.databases[0].execute('CREATE TABLE model_clock (now_ms bigint NOT NULL)');
    await store.databases[0].execute('INSERT INTO model_clock VALUES (0)');
    return store;
  }

  /** For a recount. */
  get database(): PostgresDatabase {
    return this.databases[0];
  }

  async setNow(nowMs: number): Promise<void> {
    await this.databases[0].execute('UPDATE model_clock SET now_ms = $1', [nowMs]);
  }

  /** The next transaction of that ledger meets this loss. */
  lose(ledger: 0 | 1, loss: CommitLoss): void {
    this.databases[ledger].loss = loss;
  }

  async close(): Promise<void> {
    await Promise.all(this.databases.map((database) => database.close()));
  }
}
