import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP port that was free on loopback a moment ago; prefer listening on port 0 where the code under test can. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
