import { ACCESS_EXTENSION, SCOPE_EXTENSION } from '@kiki/auth';
import { PROBLEM_TYPE } from '../problem.js';
import type { OpenApiDocument, OpenApiOperation } from './openapi-document.js';

const TEXTS: Readonly<Record<number, readonly [name: string, text: string]>> = {
  400: ['BadRequest', 'The request is not valid; `fields` says where and what was expected.'],
  401: ['Unauthenticated', 'No usable API key; `fix` says how to get one.'],
  403: ['Forbidden', 'The key or token does not allow it.'],
  404: ['NotFound', 'There is no such thing, or it belongs to another tenant.'],
  409: ['Conflict', 'The same id with another body, or the wrong state.'],
  413: ['TooLarge', 'The body is too large.'],
  415: ['UnsupportedMediaType', 'The body is not JSON.'],
  422: ['Unprocessable', 'Well-formed, but it cannot be done as things stand.'],
  429: ['RateLimited', 'Too many requests; retry after `Retry-After` seconds.'],
  500: ['Internal', 'Something went wrong inside KIKI.'],
  503: ['Unavailable', 'A store or a peer cannot be reached; retry after `Retry-After` seconds.'],
  504: ['Timeout', 'The work did not finish in time.'],
};

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  required: ['type', 'title', 'status', 'code', 'detail', 'fix', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri', description: '`urn:kiki:error:<code>`' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable; listed in docs/errors.md.' },
    detail: { type: 'string' },
    fix: { type: 'string', description: 'What the caller can do about it.' },
    requestId: { type: 'string' },
    retryAfterMs: { type: 'integer' },
    fields: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'expected'],
        properties: { field: { type: 'string' }, expected: { type: 'string' } },
      },
    },
  },
  additionalProperties: true,
};

/** Adds the key scheme, the problem schema and every route's problem answers to a document. */
export function addProblemAnswers(document: OpenApiDocument): void {
  const components = (document.components ??= {});
  components['schemas'] = { ...components['schemas'], Problem: PROBLEM_SCHEMA };
  components['responses'] = { ...components['responses'], ...problemResponses() };
  components['securitySchemes'] = {
    apiKey: { type: 'http', scheme: 'bearer', description: '`kiki_<env>_<id>_<secret>`' },
  };
  for (const [path, item] of Object.entries(document.paths)) {
    for (const operation of Object.values(item)) complete(path, operation);
  }
}

function complete(path: string, operation: OpenApiOperation): void {
  const isPublic = operation[ACCESS_EXTENSION] === 'public';
  operation.security = operation[SCOPE_EXTENSION] === undefined ? [] : [{ apiKey: [] }];
  if (isPublic) return;
  for (const status of statusesOf(path, operation)) {
    operation.responses[status] ??= { $ref: `#/components/responses/${TEXTS[status]?.[0]}` };
  }
}

function statusesOf(path: string, operation: OpenApiOperation): number[] {
  const hasBody = operation.requestBody !== undefined;
  const hasInput = hasBody || (operation.parameters ?? []).length > 0;
  return [
    ...(hasInput ? [400] : []),
    ...(operation[SCOPE_EXTENSION] === undefined ? [403] : [401, 403, 429]),
    ...(path.includes('{') ? [404] : []),
    ...(hasBody ? [409, 413, 415, 422] : []),
    ...[500, 503, 504],
  ];
}

function problemResponses(): Record<string, unknown> {
  const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    Object.values(TEXTS).map(([name, description]) => [name, { description, content }]),
  );
}
