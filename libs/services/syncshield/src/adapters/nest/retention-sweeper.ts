import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Retention } from '../../application/privacy/retention.js';
import { Periodically } from './periodically.js';

/** Deletes what is over its time, every now and then; two processes that do it at once do it once. */
export class RetentionSweeper extends Periodically {
  constructor(retention: Retention, everyMs: number, clock: Clock, logger: Logger) {
    const run = async (signal: AbortSignal): Promise<void> => {
      for (const tenant of await retention.tenants()) {
        if (signal.aborted) return;
        await retention.sweep(tenant, { isDryRun: false, actor: 'syncshield' });
      }
    };
    // Not at once: a start is busy enough.
    super([{ name: 'a retention sweep', everyMs, run, isLate: true }], clock, logger);
  }
}
