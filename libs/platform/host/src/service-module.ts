import type { DynamicModule } from '@nestjs/common';
import { PublicRoute, RequireScope, type ScopeArea } from '@kiki/auth';
import { healthModule } from '@kiki/health';
import { docsModule } from '@kiki/http';
import { metricsModule } from '@kiki/metrics';
import { platformModule, type PlatformParts } from './platform.module.js';
import { settingsModule } from './settings.controller.js';
import type { AnyServiceDefinition } from './service-definition.js';

/** Which of the platform's own routes answer without a key. */
export interface OpenRoutes {
  readonly isMetricsPublic: boolean;
  readonly isDocsPublic: boolean;
}

/**
 * The whole application of a service: its own module, the platform's parts, health, metrics, settings and, for HTTP
 * APIs, docs.
 */
export function serviceModule(
  definition: AnyServiceDefinition,
  parts: PlatformParts,
  open: OpenRoutes,
): DynamicModule {
  const area = definition.name.replace(/^sync/, '') as ScopeArea;
  const metricsAccess = open.isMetricsPublic ? PublicRoute() : RequireScope('platform:read');
  const docsAccess = open.isDocsPublic ? PublicRoute() : RequireScope(`${area}:read`);
  const docs = definition.endpoints.grpc === undefined ? [docsModule(docsAccess)] : [];
  return {
    module: class ServiceModule {},
    imports: [
      platformModule(parts),
      healthModule(PublicRoute()),
      metricsModule(metricsAccess),
      settingsModule(parts.settings),
      ...docs,
      definition.module(parts.config as never),
    ],
  };
}
