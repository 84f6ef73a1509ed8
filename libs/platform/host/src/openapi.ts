import { loadConfig } from '@kiki/config';
import { openApiOfModule, type OpenApiDocument } from '@kiki/http';
import type { PlatformParts } from './platform.module.js';
import type { AnyServiceDefinition } from './service-definition.js';
import { serviceModule } from './service-module.js';
import { VERSION } from './version.js';

/** The OpenAPI document of a service with its default settings, made without any store: for the committed contract. */
export async function openApiDocument(definition: AnyServiceDefinition): Promise<OpenApiDocument> {
  const [config] = loadConfig([definition.config], {}) as readonly unknown[];
  const { title, summary } = definition;
  const module = serviceModule(definition, withoutParts(config), {
    isMetricsPublic: true,
    isDocsPublic: false,
  });
  return openApiOfModule(module, { title, summary, version: VERSION });
}

/** Parts that are never used: in a preview nothing is made of them. */
function withoutParts(config: unknown): PlatformParts {
  const get = (_target: object, name: string | symbol): unknown =>
    name === 'config' ? config : {};
  return new Proxy({}, { get }) as PlatformParts;
}
