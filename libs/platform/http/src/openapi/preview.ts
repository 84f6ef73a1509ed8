import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { openApiOf } from './open-api.js';
import type { ApiDescription, OpenApiDocument } from './openapi-document.js';

/** The document of a module whose providers are never made: needs no store and no configuration. */
export async function openApiOfModule(
  module: DynamicModule,
  about: ApiDescription,
): Promise<OpenApiDocument> {
  const app = await NestFactory.create(module, new FastifyAdapter(), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  return openApiOf(app, about);
}
