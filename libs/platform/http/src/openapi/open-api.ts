import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import type { ApiDescription, OpenApiDocument } from './openapi-document.js';
import { addProblemAnswers } from './problem-answers.js';

/** The OpenAPI 3.1 document of an application, from the same schemas that validate. */
export function openApiOf(app: INestApplication, about: ApiDescription): OpenApiDocument {
  const { title, version, summary: description } = about;
  const document = SwaggerModule.createDocument(
    app,
    { openapi: '3.1.0', info: { title, version, description } },
    { operationIdFactory: operationId, standardSchemaConverter: convert },
  ) as unknown as OpenApiDocument;
  addProblemAnswers(document);
  document.paths = Object.fromEntries(
    Object.entries(document.paths).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return JSON.parse(JSON.stringify(document)) as OpenApiDocument;
}

/** `HoldsController.place` becomes `placeHolds`-like names in clients; a class prefix keeps them unique. */
function operationId(controller: string, method: string): string {
  const area = controller.replace(/Controller$/, '');
  return `${area.charAt(0).toLowerCase()}${area.slice(1)}_${method}`;
}

function convert(
  schema: unknown,
  { schemaType }: { schemaType: 'input' | 'output' },
): { schema: unknown; components?: Record<string, unknown> } | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  const json = z.toJSONSchema(schema, { io: schemaType, unrepresentable: 'any', override: dates });
  const { $defs: components, ...rest } = json;
  delete rest.$schema;
  delete rest.id;
  return { schema: rest, ...(components === undefined ? {} : { components }) };
}

/** A Date in an answer's schema is an RFC 3339 text on the wire. */
function dates(context: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  if (context.zodSchema._zod.def.type !== 'date') return;
  context.jsonSchema.type = 'string';
  context.jsonSchema.format = 'date-time';
}
