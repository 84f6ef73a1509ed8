import { Controller, Get, Header, type DynamicModule, type Type } from '@nestjs/common';
import { Metrics } from './metrics.js';

/**
 * `/metrics` of one service. The module's own controller prints the process-wide registry, so each application gets a
 * controller class of its own that prints the service's; `decorate` marks it as public or asks for a scope.
 */
export async function metricsModule(decorate: ClassDecorator): Promise<DynamicModule> {
  // CommonJS: only once Nest is loaded may it be required, and suites that start no service need not load Nest at all.
  const { PrometheusModule } = await import('@willsoto/nestjs-prometheus');
  return PrometheusModule.register({
    controller: metricsController(decorate),
    defaultMetrics: { enabled: false },
  });
}

function metricsController(decorate: ClassDecorator): Type<unknown> {
  @decorate
  @Controller()
  class MetricsController {
    constructor(private readonly metrics: Metrics) {}

    @Get()
    @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    index(): Promise<string> {
      return this.metrics.registry.metrics();
    }
  }
  return MetricsController;
}
