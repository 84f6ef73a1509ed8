import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Approvals } from '../../application/approvals.js';
import type { SpendLearning } from '../../application/spend-learning.js';
import { Periodically } from './periodically.js';

/** Closes approvals that nobody decided and lets rules learn; any number of processes may run one. */
export class ControlUpkeep extends Periodically {
  constructor(
    approvals: Approvals,
    learning: SpendLearning,
    everyMs: number,
    clock: Clock,
    logger: Logger,
  ) {
    const run = async (): Promise<boolean> => {
      await approvals.expireDue();
      return learning.learn();
    };
    super([{ name: 'upkeep of policies', everyMs, run }], clock, logger);
  }
}
