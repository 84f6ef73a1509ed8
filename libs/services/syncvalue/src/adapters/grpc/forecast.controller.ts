import { RequireScope, Tenant } from '@kiki/auth';
import type * as wire from '@kiki/contract-syncvalue';
import { CallSignal } from '@kiki/grpc';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { ForecastSegments } from '../../application/forecast-segments.js';
import { withProgress } from '../../application/progress.js';
import { forecastAnswer, forecastQuestionOf } from './forecast-answer.js';

/** What segments of customers do together. */
@Controller()
export class ForecastController {
  constructor(private readonly forecasts: ForecastSegments) {}

  @GrpcMethod('SyncValueService', 'Forecast')
  @RequireScope('value:read')
  async *forecast(
    @Payload() request: wire.ForecastRequest,
    @Tenant() tenant: string,
    @CallSignal() outer: AbortSignal,
  ): AsyncGenerator<wire.ForecastResponse> {
    const question = forecastQuestionOf(request);
    const updates = withProgress<wire.ForecastProgress, wire.ForecastReport>(
      outer,
      async (report, signal) => {
        const onProgress = (stage: string, fraction: number): void => report({ stage, fraction });
        return forecastAnswer(
          await this.forecasts.execute(tenant, question, { signal, onProgress }),
        );
      },
    );
    for await (const update of updates) {
      yield {
        update:
          update.kind === 'progress'
            ? { $case: 'progress', value: update.progress }
            : { $case: 'report', value: update.result },
      };
    }
  }
}
