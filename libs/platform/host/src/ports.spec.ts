/** Goal: free ports are really kept for whom they are meant. Method: reserve, try to take, release, take. */
import { expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import { planPorts } from './ports.js';
import { probeService } from './probe.fixture.js';
import { loadSettings } from './settings.js';

const CONFIGURED = 21_000 + (process.pid % 9000);
const environment = { SYNCFLOW_HTTP_PORT: String(CONFIGURED) };
const [service] = loadSettings([probeService('syncflow')], environment).services;

function listen(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

it('keeps a free port until it is released', async () => {
  const { http, grpc } = await planPorts(service!, 0, '127.0.0.1');
  expect(grpc).toBeUndefined();
  await expect(listen(http.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await http.release();
  const server = await listen(http.port);
  await new Promise((resolve) => server.close(resolve));
  await http.release();
});

it('takes the configured port without a base, and the place behind one with it', async () => {
  const taken = [await planPorts(service!, undefined, '127.0.0.1')];
  const base = taken[0]!.http.port + 100;
  taken.push(await planPorts(service!, base, '127.0.0.1'));
  expect(taken.map(({ http }) => http.port)).toEqual([CONFIGURED, base + 2]);
  await Promise.all(taken.map(({ http }) => http.release()));
});
