import { Readiness } from '@kiki/health';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { RefitCounts } from '../metrics/model-life-gauges.js';
import { ProcessModelJobs } from '../process/process-model-jobs.js';
import { Upkeep } from './upkeep.js';

/** Shows in `/ready` what the model processes and the upkeep do; they never make the service unready. */
@Injectable()
export class ModelReadiness implements OnApplicationBootstrap {
  constructor(
    private readonly readiness: Readiness,
    private readonly jobs: ProcessModelJobs,
    private readonly refits: RefitCounts,
    private readonly upkeep: Upkeep,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.add('models', async () => {
      const { report: upkeep } = this.upkeep;
      const { failures: failedRefits } = this.refits;
      const isBroken =
        Object.keys(failedRefits).length > 0 ||
        Object.values(upkeep).some(({ lastErrorCode }) => lastErrorCode !== undefined);
      const status = isBroken ? 'degraded' : 'up';
      return { status, jobsRunning: this.jobs.running, upkeep, failedRefits };
    });
  }
}
