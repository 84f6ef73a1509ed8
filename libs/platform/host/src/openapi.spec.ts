/** Goal: the contract of a service is known without any store. Method: build the document of a small service. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenApiDocument } from '@kiki/http';
import { openApiDocument } from './openapi.js';
import { probeService } from './probe.fixture.js';

let document: OpenApiDocument;

beforeAll(async () => {
  document = await openApiDocument(probeService('syncflow'));
});

describe('openApiDocument', () => {
  it('has the routes of the service and of the platform, without the docs themselves', () => {
    expect(Object.keys(document.paths)).toEqual([
      '/health',
      '/metrics',
      '/ready',
      '/settings',
      '/v1/peers',
      '/v1/slow',
      '/v1/sums',
      '/v1/undeclared',
    ]);
  });

  it('says who may call each route', () => {
    const access = Object.entries(document.paths).map(([path, item]) => {
      const [operation] = Object.values(item);
      return [path, operation?.['x-kiki-scope'] ?? operation?.['x-kiki-access']];
    });
    expect(Object.fromEntries(access)).toEqual({
      '/health': 'public',
      '/metrics': 'public',
      '/ready': 'public',
      '/settings': 'platform:read',
      '/v1/peers': 'platform:read',
      '/v1/slow': 'public',
      '/v1/sums': 'shield:write',
      '/v1/undeclared': undefined,
    });
  });

  it('takes bodies and answers from the schemas that validate', () => {
    const sum = document.paths['/v1/sums']?.['post'];
    expect(sum?.requestBody?.content?.['application/json']?.schema).toMatchObject({
      required: ['a', 'b'],
      additionalProperties: false,
    });
    expect(sum?.responses['200']).toMatchObject({ description: 'The sum.' });
  });
});
