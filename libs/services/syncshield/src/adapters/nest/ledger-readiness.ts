import type { Readiness } from '@kiki/health';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Decide } from '../../application/decide.js';

/** Says in `/ready` how many commands wait; a full queue is degraded, for it still decides. */
export class LedgerReadiness implements OnApplicationBootstrap {
  constructor(
    private readonly readiness: Readiness,
    private readonly decide: Decide,
    private readonly maxWaiting: number,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.add('ledger', () => {
      const { waiting } = this.decide;
      const isCrowded = waiting > this.maxWaiting / 2;
      const status = isCrowded ? ('degraded' as const) : ('up' as const);
      return Promise.resolve({ status, waiting, maxWaiting: this.maxWaiting });
    });
  }
}
