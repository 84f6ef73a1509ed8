import { Readiness } from '@kiki/health';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { WorkerModelThread } from '../worker/worker-model-thread.js';

/** Shows in `/ready` what the model threads do; they never make the service unready. */
@Injectable()
export class ModelReadiness implements OnApplicationBootstrap {
  constructor(
    private readonly readiness: Readiness,
    private readonly thread: WorkerModelThread,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.add('models', async () => ({
      status: 'up',
      jobsRunning: this.thread.running,
    }));
  }
}
