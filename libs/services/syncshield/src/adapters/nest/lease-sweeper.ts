import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { CloseLeases } from '../../application/close-leases.js';
import { Periodically } from './periodically.js';

/** Closes the leases of silent nodes; any number of processes may run one. */
export class LeaseSweeper extends Periodically {
  constructor(leases: CloseLeases, everyMs: number, clock: Clock, logger: Logger) {
    super([{ name: 'closing leases', everyMs, run: () => leases.execute() }], clock, logger);
  }
}
