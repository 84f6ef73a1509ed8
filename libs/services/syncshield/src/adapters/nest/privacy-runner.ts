import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { RunPrivacyRequests } from '../../application/privacy/run-privacy-requests.js';
import { Periodically } from './periodically.js';

/** Carries requests of data subjects on; any number of processes may run one. */
export class PrivacyRunner extends Periodically {
  constructor(requests: RunPrivacyRequests, everyMs: number, clock: Clock, logger: Logger) {
    const run = async (): Promise<boolean> => (await requests.execute()) > 0;
    super([{ name: 'carrying on requests of data subjects', everyMs, run }], clock, logger);
  }
}
