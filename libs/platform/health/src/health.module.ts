import {
  Controller,
  Get,
  Header,
  Res,
  ServiceUnavailableException,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Readiness, type ReadinessReport } from './readiness.js';
import { ServiceInfo } from './service-info.js';

/** The body of `/ready`. */
export interface ReadyAnswer {
  readonly status: 'ready' | 'degraded' | 'unready';
  readonly service: string;
  readonly version: string;
  readonly profile: string;
  readonly checks: Record<string, ReadinessReport>;
}

interface StatusReply {
  status(code: number): unknown;
}

/** `/health` and `/ready` of one service; `decorate` marks them as public. Needs Readiness and ServiceInfo. */
export function healthModule(decorate: ClassDecorator): DynamicModule {
  return {
    module: class HealthModule {},
    imports: [TerminusModule.forRoot({ logger: false })],
    controllers: [healthController(decorate)],
  };
}

function healthController(decorate: ClassDecorator): Type<unknown> {
  @decorate
  @Controller()
  class HealthController {
    constructor(
      private readonly info: ServiceInfo,
      private readonly readiness: Readiness,
      private readonly terminus: HealthCheckService,
    ) {}

    /** Liveness: the event loop turns; touches no store. */
    @Get('health')
    @Header('cache-control', 'no-store')
    health(): object {
      const { service, version } = this.info;
      return { status: 'ok', service, version, uptimeSeconds: Math.floor(process.uptime()) };
    }

    /** Readiness: 503 when anything the service cannot do without is down. */
    @Get('ready')
    @Header('cache-control', 'no-store')
    async ready(@Res({ passthrough: true }) reply: StatusReply): Promise<ReadyAnswer> {
      const { checks } = await this.readiness.report();
      const status = await this.verdict(checks);
      if (status === 'unready') reply.status(503);
      const { service, version, profile } = this.info;
      return { status, service, version, profile, checks };
    }

    private async verdict(checks: Record<string, ReadinessReport>): Promise<ReadyAnswer['status']> {
      try {
        const result = await this.terminus.check([() => Promise.resolve(checks)]);
        return result.status === 'degraded' ? 'degraded' : 'ready';
      } catch (error) {
        if (error instanceof ServiceUnavailableException) return 'unready';
        throw error;
      }
    }
  }
  return HealthController;
}
