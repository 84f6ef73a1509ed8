import { Readiness } from '@kiki/health';
import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ProcessGraphs } from '../inference/process-graphs.js';

/** Shows in `/ready` what brought models do, and ends their processes with the application. */
@Injectable()
export class GraphLife implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly graphs: ProcessGraphs,
    private readonly readiness: Readiness,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.add('onnx', async () => {
      const { processCount, unusable } = this.graphs;
      const status = unusable.length > 0 ? 'degraded' : 'up';
      return { status, processes: processCount, unusable };
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.graphs.close();
  }
}
