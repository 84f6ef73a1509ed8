import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Readiness } from '@kiki/health';
import type { OnnxSaliency } from './onnx-saliency.js';

/** Ties the model to the application: loaded while it starts, shown in `/ready`, ended last. */
export class ModelLife implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly saliency: OnnxSaliency,
    readiness: Readiness,
  ) {
    readiness.add('inference', () => this.saliency.report());
  }

  onApplicationBootstrap(): void {
    // Not awaited: nothing that is served needs the model.
    void this.saliency.warmUp();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.saliency.close();
  }
}
