import type { Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import type { LedgerCommand } from '../../application/ledger.js';
import { hasMoved, writeAssumed, type Assumptions, type BatchRows } from './batch-rows.js';
import type { BudgetAlerts } from './budget-alerts.js';
import type { Judges, LoadedJudge } from './judges.js';
import type { KeptCounters } from './kept-counters.js';
import {
  LedgerTransaction,
  NotInOneStatement,
  type TransactionReport,
} from './ledger-transaction.js';
import { orShardBusy } from './shard-rows.js';

/** What batches are decided with. */
export interface AssumedBatchesOptions {
  readonly clock: Clock;
  /** SQL expression of the store's clock. */
  readonly storeNow: string;
  readonly lockTimeoutMs: number;
  /** A batch that comes later than this after its instant is decided anew, milliseconds. */
  readonly maxLateMs: number;
  readonly alerts: BudgetAlerts;
  readonly judges?: Judges;
}

/** A batch of holds, and what this process has kept of their shards. */
export interface AssumedOrder {
  readonly commands: readonly LedgerCommand[];
  readonly shardNos: readonly number[];
  readonly counters: KeptCounters;
  readonly shardNoOf: (tenant: string, budgetId: string) => number | undefined;
  /** The ids of holds are taken to be new; see TransactionOrder. */
  readonly isAllNew: boolean;
}

/** Everything a batch is decided on. */
export interface AssumedBatch extends AssumedOrder {
  readonly assumptions: Assumptions;
  readonly judge: LoadedJudge | undefined;
}

/** Batches that are decided on what is read after one whose assumptions did not hold. */
const DISTRUSTFUL_BATCHES = 4;
/** For how long the store's clock is known once it was read, milliseconds: two clocks drift apart. */
const CLOCK_KNOWN_MS = 5_000;
const NO_CONTROLS: Assumptions['controls'] = new Map();

/**
 * Batches that go to the store as one statement. While a process alone writes to its shards, it knows how they stand
 * and what is in force: it decides on that, and the statement takes the locks, checks all that was assumed, writes and
 * commits, or does nothing. No lock ever waits for the process.
 */
export class AssumedBatches {
  private distrustful = 0;
  private readAtMs = -Infinity;
  private storeNowMs = 0;

  constructor(
    private readonly database: Database,
    private readonly options: AssumedBatchesOptions,
  ) {}

  /** The store's clock was read a moment ago. */
  noteNow(storeNowMs: number): void {
    this.storeNowMs = storeNowMs;
    this.readAtMs = this.options.clock.monotonicMs();
  }

  /** What the batch may be decided on; undefined when something has to be read first. */
  of(order: AssumedOrder): AssumedBatch | undefined {
    const { clock, judges, maxLateMs, lockTimeoutMs } = this.options;
    if (this.distrustful > 0) {
      this.distrustful--;
      return undefined;
    }
    const elapsedMs = clock.monotonicMs() - this.readAtMs;
    if (elapsedMs > CLOCK_KNOWN_MS || order.shardNos.length === 0) return undefined;
    const nowMs = this.storeNowMs + Math.floor(elapsedMs);
    const shards = order.counters.assumed(order.shardNos, nowMs);
    const known = judges?.assumed(order.commands);
    if (shards === undefined || (judges !== undefined && known === undefined)) return undefined;
    const controls = known?.versions ?? NO_CONTROLS;
    const assumptions = { shards, controls, nowMs, maxLateMs, lockTimeoutMs };
    return { ...order, assumptions, judge: known?.judge };
  }

  /**
   * Decides and writes; undefined when the batch has to be decided on what is read.
   * @throws commit_unknown, shard_busy, ledger_inconsistent
   */
  async decide(batch: AssumedBatch): Promise<TransactionReport | undefined> {
    const { commands, shardNoOf, counters, isAllNew, assumptions, judge } = batch;
    const { alerts } = this.options;
    try {
      return await LedgerTransaction.run(this.database, {
        ...{ commands, shards: assumptions.shards, shardNoOf, counters: counters.book, isAllNew },
        ...(judge === undefined ? {} : { judge }),
        ...{ alerts, maxReleases: 0, writeAlone: (rows) => this.write(rows, assumptions) },
      }).catch(orShardBusy);
    } catch (error) {
      if (hasMoved(error)) this.distrustful = DISTRUSTFUL_BATCHES;
      else if (!(error instanceof NotInOneStatement)) throw error;
      return undefined;
    }
  }

  private async write(rows: BatchRows, assumptions: Assumptions): Promise<void> {
    this.noteNow(await writeAssumed(this.database, rows, this.options.storeNow, assumptions));
  }
}
