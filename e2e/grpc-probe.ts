import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  status,
  type ServiceError,
} from '@grpc/grpc-js';
import type { GrpcMethodInfo } from '@kiki/grpc';

const EMPTY = Buffer.alloc(0);
const bytes = (value: Buffer): Buffer => value;

/** The status with which a method answers an empty request; streams are read to their end. */
export function statusOf(
  target: string,
  method: GrpcMethodInfo,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const client = new Client(target, credentials.createInsecure());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const options = { deadline: Date.now() + 10_000 };
  return new Promise<string>((resolve) => {
    const done = (error?: Pick<ServiceError, 'code'> | null): void =>
      resolve(status[error?.code ?? status.OK]);
    const { path, requestStream, responseStream } = method;
    if (responseStream) {
      const call = requestStream
        ? client.makeBidiStreamRequest(path, bytes, bytes, metadata, options)
        : client.makeServerStreamRequest(path, bytes, bytes, EMPTY, metadata, options);
      call.on('error', done);
      call.on('data', () => undefined);
      call.on('status', done);
      if (requestStream) (call as ClientDuplexStream<Buffer, Buffer>).end();
    } else if (requestStream) {
      client.makeClientStreamRequest(path, bytes, bytes, metadata, options, done).end(EMPTY);
    } else {
      client.makeUnaryRequest(path, bytes, bytes, EMPTY, metadata, options, done);
    }
  }).finally(() => client.close());
}
