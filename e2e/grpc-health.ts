import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';

interface HealthClient {
  check(
    request: { service: string },
    options: { deadline: number },
    done: (error: Error | null, answer?: { status: string }) => void,
  ): void;
  close(): void;
}

const Client = makeGenericClientConstructor(service, 'Health');

/** What `grpc.health.v1` says of a service: `SERVING`, `NOT_SERVING`. @throws when nobody answers */
export function grpcHealth(target: string, name = ''): Promise<string> {
  const client = new Client(target, credentials.createInsecure()) as unknown as HealthClient;
  return new Promise<string>((resolve, reject) => {
    client.check({ service: name }, { deadline: Date.now() + 5000 }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer?.status ?? '');
    });
  }).finally(() => client.close());
}
