import type { IntakeStatus, Outcome } from '../domain/outcome.js';
import type { Outcomes } from './outcomes.js';
import type { SettleOutcomes } from './settle-outcomes.js';

/** What became of one notice. */
export interface OutcomeReceipt {
  readonly id: string;
  readonly status: IntakeStatus;
}

/** Takes notices in: stored first, settled at once where SyncShield answers, otherwise by the sweeper. */
export class RecordOutcomes {
  constructor(
    private readonly outcomes: Outcomes,
    private readonly settle: SettleOutcomes,
  ) {}

  async execute(tenant: string, outcomes: readonly Outcome[]): Promise<OutcomeReceipt[]> {
    const statuses = await this.outcomes.record(tenant, outcomes);
    this.settle.soon();
    return outcomes.map(({ id }, i) => ({ id, status: statuses[i] ?? 'recorded' }));
  }
}
