import type { Logger } from '@kiki/logging';
import type { OpenSettlement, Outcomes } from './outcomes.js';
import type { SpendAuthority } from './spend-authority.js';

const BATCH = 500;

/**
 * Tells SyncShield what recorded notices mean for the held money, until it has confirmed each. Settlement ids are
 * derived from the notices, so telling it twice (a crash, two processes) has one effect. What cannot be confirmed
 * now is put off, tenant by tenant: one that cannot be settled does not stop the others.
 */
export class SettleOutcomes {
  private running: Promise<number> | undefined;
  private isAgain = false;

  constructor(
    private readonly outcomes: Outcomes,
    private readonly spend: SpendAuthority,
    private readonly logger: Logger,
  ) {}

  /** Starts a run in the background unless one is on its way; a failure is logged and left to the next run. */
  soon(): void {
    this.execute().catch((error: unknown) => {
      this.logger.warn('settling outcomes failed, will retry', { error });
    });
  }

  /** Settles everything that is due; returns how many SyncShield has confirmed. */
  execute(): Promise<number> {
    if (this.running) {
      this.isAgain = true;
      return this.running;
    }
    this.running = this.drain().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Resolves when no run is under way. */
  async idle(): Promise<void> {
    await this.running?.catch(() => undefined);
  }

  private async drain(): Promise<number> {
    let confirmed = 0;
    do {
      this.isAgain = false;
      for (;;) {
        // Each round confirms or puts off everything it reads, so the rounds end.
        const due = await this.outcomes.openSettlements(BATCH);
        if (due.length === 0) break;
        for (const [tenant, settlements] of Map.groupBy(due, (one) => one.tenant)) {
          confirmed += await this.settleTenant(tenant, settlements);
        }
      }
    } while (this.isAgain);
    return confirmed;
  }

  private async settleTenant(tenant: string, due: readonly OpenSettlement[]): Promise<number> {
    const answers = await this.spend
      .settle(
        tenant,
        due.map(({ tenant: _tenant, outcomeId: _outcomeId, ...settlement }) => settlement),
      )
      .catch((error: unknown) => {
        this.logger.warn('settlements not confirmed, will retry', { tenant, error });
        return [];
      });
    const outcomeOf = new Map(answers.map(({ settlementId, outcome }) => [settlementId, outcome]));
    const settled = due.flatMap(({ outcomeId, settlementId }) => {
      const outcome = outcomeOf.get(settlementId);
      return outcome === undefined ? [] : [{ tenant, outcomeId, outcome }];
    });
    const left = due.filter(({ settlementId }) => !outcomeOf.has(settlementId));
    if (settled.length > 0) await this.outcomes.markSettled(settled);
    if (left.length > 0) await this.outcomes.postpone(left);
    return settled.length;
  }
}
