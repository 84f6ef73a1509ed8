import type { FormatId, Strategy } from '@kiki/studio';
import type { JobStatus, JobWork } from '../domain/job.js';

/** Told what happens, for the metrics. */
export abstract class Observer {
  abstract creativeMade(made: {
    readonly strategy: Strategy;
    readonly platform: FormatId;
    readonly isPassed: boolean;
    readonly seconds: number;
  }): void;
  abstract jobEnded(kind: JobWork['kind'], status: JobStatus): void;
  /** `unreachable`: SyncShield gave no answer, and nothing was made. */
  abstract holdDecided(decision: 'approved' | 'denied' | 'unreachable'): void;
}
