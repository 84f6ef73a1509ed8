/** The parts of an OpenAPI 3.1 document that we touch. */
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, OpenApiOperation>>;
  components?: Record<string, Record<string, unknown>>;
  [member: string]: unknown;
}

/** One route. */
export interface OpenApiOperation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: OpenApiParameter[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
  responses: Record<string, unknown>;
  security?: unknown[];
  [extension: string]: unknown;
}

/** One parameter of a route. */
export interface OpenApiParameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: unknown;
}

/** Who is described. */
export interface ApiDescription {
  /** e.g. `SyncShield` */
  readonly title: string;
  readonly summary: string;
  readonly version: string;
}
