/**
 * Goal: a client that knows nothing of us finds the services and their health. Method: a real server; the stock health
 * and reflection protos of their packages on the client's side.
 */
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DomainError } from '@kiki/kernel';
import { GrpcClient } from './client.js';
import { echoService } from './echo.fixture.js';
import { GrpcHealth, HEALTH_PROTO_PATH, HEALTH_SERVICE } from './health.js';
import { addReflection } from './reflection.js';

type AnyMethod = MethodDefinition<object, Record<string, unknown>>;

const reflectionRoot = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/reflection')),
  '../proto/grpc/reflection/v1/reflection.proto',
);

function methodOf(file: string, service: string, name: string): AnyMethod {
  const loaded = loadSync(file, { enums: String, keepCase: true, defaults: true, oneofs: true });
  const method = Object.values(loaded[service] as ServiceDefinition).find(({ path }) =>
    path.endsWith(`/${name}`),
  );
  return method as unknown as AnyMethod;
}

const check = methodOf(HEALTH_PROTO_PATH, HEALTH_SERVICE, 'Check');
const watch = methodOf(HEALTH_PROTO_PATH, HEALTH_SERVICE, 'Watch');
const list = methodOf(HEALTH_PROTO_PATH, HEALTH_SERVICE, 'List');
const info = methodOf(
  reflectionRoot,
  'grpc.reflection.v1.ServerReflection',
  'ServerReflectionInfo',
);

describe('health and reflection', () => {
  const server = new Server();
  const health = new GrpcHealth([echoService.name]);
  let client: GrpcClient;

  beforeAll(async () => {
    health.addTo(server);
    addReflection(server, [echoService]);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    client = new GrpcClient({ target: `127.0.0.1:${port}` });
  });

  afterAll(() => {
    client.close();
    server.forceShutdown();
  });

  it('lists and describes our service beside health', async () => {
    const requests = [
      { list_services: '*' },
      { file_containing_symbol: `${echoService.name}.Say` },
    ];
    const answers: Record<string, unknown>[] = [];
    for await (const answer of client.bidiStream(info, requests)) answers.push(answer);
    const listed = answers[0]?.['list_services_response'] as { service: { name: string }[] };
    const names = listed.service.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([echoService.name, HEALTH_SERVICE]));
    const files = answers[1]?.['file_descriptor_response'] as { file_descriptor_proto: Buffer[] };
    expect(Buffer.concat(files.file_descriptor_proto).toString('latin1')).toContain('EchoService');
  });

  it('describes health so that a strict client can link it', async () => {
    const requests = [{ file_containing_symbol: HEALTH_SERVICE }];
    const answer = (await client.bidiStream(info, requests).next()).value as Record<
      string,
      unknown
    >;
    const files = answer['file_descriptor_response'] as { file_descriptor_proto: Buffer[] };
    const file = files.file_descriptor_proto.map((one) =>
      fromBinary(FileDescriptorProtoSchema, one),
    );
    const list = file[0]?.messageType.find(({ name }) => name === 'HealthListResponse');
    // A map's entry is named by its field, or protobuf's own libraries refuse the file.
    expect(list?.nestedType.map(({ name }) => name)).toEqual(['StatusesEntry']);
    expect(list?.field.map(({ typeName }) => typeName)).toEqual(['StatusesEntry']);
  });

  it('checks the server and each service, and refuses unknown ones', async () => {
    for (const service of ['', echoService.name]) {
      expect(await client.unary(check, { service })).toEqual({ status: 'SERVING' });
    }
    const error = (await client
      .unary(check, { service: 'nobody' })
      .catch((e: unknown) => e)) as DomainError;
    expect(error.kind).toBe('not_found');
    const { statuses } = (await client.unary(list, {})) as { statuses: Record<string, unknown> };
    expect(Object.keys(statuses).sort()).toEqual(['', echoService.name]);
  });

  it('pushes changes to watchers, NOT_SERVING for good once draining, and ends the watches', async () => {
    const unknown = client.serverStream(watch, { service: 'nobody' });
    expect((await unknown.next()).value).toEqual({ status: 'SERVICE_UNKNOWN' });
    const known = client.serverStream(watch, { service: echoService.name });
    expect((await known.next()).value).toEqual({ status: 'SERVING' });
    health.set(echoService.name, 'NOT_SERVING');
    expect((await known.next()).value).toEqual({ status: 'NOT_SERVING' });
    health.set(echoService.name, 'SERVING');
    expect((await known.next()).value).toEqual({ status: 'SERVING' });
    health.drain();
    expect((await known.next()).value).toEqual({ status: 'NOT_SERVING' });
    health.setAll('SERVING');
    expect(await client.unary(check, { service: '' })).toEqual({ status: 'NOT_SERVING' });
    health.endWatches();
    expect((await known.next()).done).toBe(true);
    expect((await unknown.next()).done).toBe(true);
  });
});
