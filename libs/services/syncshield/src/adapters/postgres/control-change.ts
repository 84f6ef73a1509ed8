import type { Clock } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import type { ApprovalAction } from '../../domain/approval.js';
import { lockControlAlone } from './control-lock.js';
import { untilKnown } from './settled-outcome.js';
import { STORE_NOW, storeNowMs } from './store-time.js';

/** How controls are changed; everything has a default fit for production. */
export interface ControlOptions {
  /** Holders of the lock that are older lose their session, milliseconds. @default 150 */
  readonly patienceMs?: number;
  /** @default STORE_NOW */
  readonly storeNow?: string;
  /** Changes that need a second key. @default none */
  readonly fourEyes?: ReadonlySet<ApprovalAction>;
}

/** Old enough to be a process that hangs: a batch takes milliseconds. */
const PATIENCE_MS = 150;
const UNKNOWN_FOR_MS = 5_000;

/** Runs changes of what is in force, alone on their tenant. */
export class ControlChanges {
  readonly storeNow: string;
  private readonly patienceMs: number;
  readonly fourEyes: ReadonlySet<ApprovalAction>;

  constructor(
    readonly database: Database,
    private readonly clock: Clock,
    options: ControlOptions = {},
  ) {
    this.storeNow = options.storeNow ?? STORE_NOW;
    this.patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.fourEyes = options.fourEyes ?? new Set();
  }

  /**
   * Runs a change, again while its COMMIT was not answered: it has to find out whether it was made.
   * @throws control_busy, decision_unknown
   */
  run<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const { clock } = this;
    const once = (): Promise<T> => this.database.transaction(work);
    return untilKnown(once, { clock, unknownForMs: UNKNOWN_FOR_MS });
  }

  /** Takes the tenant's control lock; the instant is the store's, after the lock. */
  async alone(tx: Queryable, tenant: string): Promise<number> {
    await lockControlAlone(tx, tenant, this.patienceMs);
    return storeNowMs(tx, this.storeNow);
  }
}
