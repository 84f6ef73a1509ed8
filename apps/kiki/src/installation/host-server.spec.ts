/**
 * Goal: one port shows all services, and says unready when one of them is. Method: a host of two stand-ins behind real
 * sockets, one of which changes its mind.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Host } from '@kiki/host';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HostServer } from './host-server.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function standIn(name: string, readyStatus: () => number): Promise<object> {
  const server = createServer((request, response) => {
    if (request.url === '/metrics') return void response.end(`kiki_${name}_build_info 1`);
    response.writeHead(readyStatus()).end(JSON.stringify({ service: name }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return { name, httpUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function hostOf(services: object[]): Promise<{ url: string; server: HostServer }> {
  const server = new HostServer({ services, profile: 'laptop' } as unknown as Host);
  closing.push(() => server.stop());
  return { url: await server.start(0, '127.0.0.1'), server };
}

describe('HostServer', () => {
  it('joins readiness and metrics of all services', async () => {
    let status = 200;
    const services = [
      await standIn('syncflow', () => 200),
      await standIn('syncshield', () => status),
    ];
    const { url } = await hostOf(services);
    const ready = await fetch(`${url}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { status: 'ready', profile: 'laptop', services: { syncflow: { service: 'syncflow' } } },
    ]);
    expect(await (await fetch(`${url}/metrics`)).text()).toBe(
      'kiki_syncflow_build_info 1\nkiki_syncshield_build_info 1',
    );
    status = 503;
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/secret`)).status).toBe(404);
    expect((await fetch(`${url}/health`, { method: 'POST' })).status).toBe(404);
  });

  it('is unready when a service is gone, and names a port that is taken', async () => {
    const { url } = await hostOf([{ name: 'syncflow', httpUrl: 'http://127.0.0.1:1' }]);
    const ready = await fetch(`${url}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { services: { syncflow: { status: 'unreachable' } } },
    ]);
    const other = new HostServer({ services: [] } as unknown as Host);
    await expect(other.start(Number(new URL(url).port), '127.0.0.1')).rejects.toMatchObject({
      code: 'port_in_use',
    });
  });
});
