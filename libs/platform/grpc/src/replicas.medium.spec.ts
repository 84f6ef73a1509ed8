/**
 * Goal: calls spread over replicas behind one DNS name, also over those that join later, because old connections end.
 * Method: servers on two addresses of the loopback with the same port, a name whose addresses the spec decides.
 */
import dns from 'node:dns';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { ServiceMetrics } from '@kiki/metrics';
import { waitFor } from '@kiki/testing';
import { Controller, type INestApplication } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod, Payload } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { GrpcClient } from './client.js';
import { connectGrpc } from './connect-grpc.js';
import { type Echo, echo, echoService } from './echo.fixture.js';
import type { GrpcLimits } from './limits.js';

@Controller()
class EchoController {
  @GrpcMethod('EchoService', 'Say')
  say(@Payload() message: Echo): Echo {
    return message;
  }

  @GrpcMethod('EchoService', 'Count')
  async *count(@Payload() message: Echo): AsyncGenerator<Echo> {
    yield message;
  }

  @GrpcStreamMethod('EchoService', 'Sum')
  async sum(): Promise<Echo> {
    return { text: '', number: 0 };
  }

  @GrpcStreamMethod('EchoService', 'Chat')
  async *chat(@Payload() messages: AsyncIterable<Echo>): AsyncGenerator<Echo> {
    yield* messages;
  }
}

interface Replica {
  readonly app: INestApplication;
  readonly port: number;
  /** Calls answered. */
  answered(): Promise<number>;
}

async function replica(host: string, port: number, limits: GrpcLimits = {}): Promise<Replica> {
  const module = await Test.createTestingModule({ controllers: [EchoController] }).compile();
  const app = module.createNestApplication(new FastifyAdapter(), { logger: false });
  const metrics = new ServiceMetrics('echo', '0');
  const parts = { clock: new SystemClock(), logger: new SilentLogger(), metrics };
  const all = { drainMs: 300, ...limits };
  const transport = connectGrpc(app, {
    services: [echoService],
    host,
    port,
    limits: all,
    ...parts,
  });
  await app.startAllMicroservices();
  const counter = /duration_seconds_count\{method="Say",code="OK"\} (\d+)/;
  return {
    app,
    port: transport.port,
    answered: async () => Number(counter.exec(await metrics.registry.metrics())?.[1] ?? 0),
  };
}

/** Makes `replicas.test` a name of these addresses, for this process. */
function resolveTo(addresses: readonly string[]): void {
  const answer = (async () =>
    addresses.map((address) => ({ address, family: 4 }))) as unknown as typeof dns.promises.lookup;
  jest.spyOn(dns.promises, 'lookup').mockImplementation(answer);
}

describe('two replicas behind dns:///', () => {
  const replicas: Replica[] = [];

  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(replicas.splice(0).map(({ app }) => app.close()));
  });

  async function start(host: string, port: number, limits?: GrpcLimits): Promise<Replica> {
    const started = await replica(host, port, limits);
    replicas.push(started);
    return started;
  }

  it('each answer half of the calls', async () => {
    const first = await start('127.0.0.1', 0);
    const second = await start('127.0.0.2', first.port);
    resolveTo(['127.0.0.1', '127.0.0.2']);
    const client = new GrpcClient({ target: `dns:///replicas.test:${first.port}` });
    await waitFor(async () => {
      await client.unary(echo.say, { text: 'warm' });
      return (await second.answered()) > 0 && (await first.answered()) > 0;
    });
    const before = [await first.answered(), await second.answered()];
    for (let i = 0; i < 100; i++) await client.unary(echo.say, { text: 'x' });
    const after = [await first.answered(), await second.answered()];
    const shares = after.map((count, i) => count - (before[i] ?? 0));
    expect(shares).toEqual([50, 50]);
    client.close();
  });

  it('share the calls with one that joins, as soon as connections have their age', async () => {
    const limits = { maxConnectionAgeMs: 200, maxConnectionAgeGraceMs: 200 };
    const first = await start('127.0.0.1', 0, limits);
    resolveTo(['127.0.0.1']);
    const client = new GrpcClient({
      target: `dns:///replicas.test:${first.port}`,
      retryable: [{ service: 'kiki.echo.v1.EchoService', method: 'Say' }],
      channel: { 'grpc.dns_min_time_between_resolutions_ms': 50 },
    });
    for (let i = 0; i < 20; i++) await client.unary(echo.say, { text: 'x' });
    const second = await start('127.0.0.2', first.port, limits);
    expect(await second.answered()).toBe(0);
    resolveTo(['127.0.0.1', '127.0.0.2']);
    await waitFor(async () => {
      await client.unary(echo.say, { text: 'x' });
      return (await second.answered()) > 5;
    });
    client.close();
  });
});
