import { createServer } from 'node:net';

/** How many ports services, host and stand-ins of a demo take behind a base. */
const PORTS = 10;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A base for `--port-base` whose ports were free a moment ago, below the system's own range. */
export async function freePortBase(): Promise<number> {
  for (let base = 20_000 + (process.pid % 900) * 10; base < 32_000; base += 10) {
    const free = await Promise.all(Array.from({ length: PORTS }, (_, i) => isFree(base + i)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no ten free ports in a row');
}
