import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { GrpcService } from './definition.js';

const PROTO = `
syntax = "proto3";
package kiki.echo.v1;
service EchoService {
  rpc Say(EchoMessage) returns (EchoMessage);
  rpc Count(EchoMessage) returns (stream EchoMessage);
  rpc Sum(stream EchoMessage) returns (EchoMessage);
  rpc Chat(stream EchoMessage) returns (stream EchoMessage);
}
message EchoMessage { string text = 1; int32 number = 2; bytes padding = 3; }
`;

/** The message of every method of the echo service. */
export interface Echo {
  readonly text: string;
  readonly number: number;
  readonly padding?: Uint8Array;
}

type Method = MethodDefinition<Partial<Echo>, Echo>;

/** A FileDescriptorSet is its files, each as field 1 with a length. */
function descriptorSet(files: readonly Uint8Array[]): Buffer {
  const parts = files.flatMap((file) => {
    const header = [0x0a];
    let length = file.length;
    for (; length > 127; length >>>= 7) header.push((length & 127) | 128);
    return [Buffer.from([...header, length]), Buffer.from(file)];
  });
  return Buffer.concat(parts);
}

function load(): GrpcService {
  const dir = mkdtempSync(join(tmpdir(), 'kiki-echo-'));
  try {
    writeFileSync(join(dir, 'echo.proto'), PROTO);
    const loaded = loadSync('echo.proto', { includeDirs: [dir], defaults: true, keepCase: true });
    const service = loaded['kiki.echo.v1.EchoService'] as unknown as ServiceDefinition;
    const message = loaded['kiki.echo.v1.EchoMessage'] as { fileDescriptorProtos: Buffer[] };
    return {
      name: 'kiki.echo.v1.EchoService',
      definition: service,
      fileDescriptorSet: descriptorSet(message.fileDescriptorProtos),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** A service with one method of each kind, for the specs of this package. */
export const echoService = load();

function method(name: string): Method {
  const found = Object.values(echoService.definition).find(({ path }) => path.endsWith(`/${name}`));
  if (!found) throw new Error(`no method ${name}`);
  return found as Method;
}

/** The methods of the echo service, typed. */
export const echo = {
  say: method('Say'),
  count: method('Count'),
  sum: method('Sum'),
  chat: method('Chat'),
};
