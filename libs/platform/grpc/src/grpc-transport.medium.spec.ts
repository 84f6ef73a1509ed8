/**
 * Goal: the transport keeps its promises on a real socket. Method: a Nest application with one method of each kind, a
 * real client beside it, and clients that know nothing of us for health and reflection.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError, SystemClock, kernelErrors } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { ServiceMetrics } from '@kiki/metrics';
import { waitFor } from '@kiki/testing';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod, Payload } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Call, type CallContext } from './call-context.js';
import { GrpcClient } from './client.js';
import { connectGrpc } from './connect-grpc.js';
import { type Echo, echo, echoService } from './echo.fixture.js';
import type { GrpcTransport } from './grpc-transport.js';

let reads = 0;
let started = 0;
const aborted: string[] = [];

@Controller()
class EchoController {
  @GrpcMethod('EchoService', 'Say')
  async say(@Payload() message: Echo, @Call() call: CallContext): Promise<Echo> {
    started += 1;
    if (message.text === 'invalid') {
      const fields = [{ field: 'text', expected: 'something kind' }];
      throw kernelErrors.invalid_request(undefined, { fields });
    }
    if (message.text === 'crash') throw new Error('secret detail');
    if (message.text === 'hang') {
      await new Promise<void>((resolve) => {
        call.signal.addEventListener('abort', () => {
          aborted.push((call.signal.reason as DomainError).code);
          resolve();
        });
      });
    }
    return { text: message.text, number: message.number + 1 };
  }

  @GrpcMethod('EchoService', 'Count')
  async *count(@Payload() message: Echo, @Call() call: CallContext): AsyncGenerator<Echo> {
    for (let i = 0; i < message.number && !call.signal.aborted; i++) {
      if (message.text === `fail at ${i}`) throw kernelErrors.not_found();
      yield { text: message.text, number: i, padding: new Uint8Array(16_384) };
    }
  }

  @GrpcStreamMethod('EchoService', 'Sum')
  async sum(@Payload() messages: AsyncIterable<Echo>): Promise<Echo> {
    let number = 0;
    for await (const message of messages) {
      reads += 1;
      if (message.text === 'slow') await new Promise((resolve) => setTimeout(resolve, 20));
      if (message.text === 'stop') throw kernelErrors.invalid_request('enough');
      number += message.number;
    }
    return { text: 'sum', number };
  }

  @GrpcStreamMethod('EchoService', 'Chat')
  async *chat(@Payload() messages: AsyncIterable<Echo>): AsyncGenerator<Echo> {
    for await (const message of messages) yield { text: message.text, number: message.number * 2 };
  }
}

class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const metadata = context.switchToRpc().getContext<{ get(key: string): unknown[] }>();
    if (metadata.get('authorization')[0] === 'Bearer good') return true;
    throw new DomainError('key_missing', 'unauthenticated', 'The call carries no API key.');
  }
}

const metadata = { authorization: 'Bearer good' };

async function serve(): Promise<{
  app: INestApplication;
  transport: GrpcTransport;
  metrics: ServiceMetrics;
}> {
  const module = await Test.createTestingModule({ controllers: [EchoController] }).compile();
  const app = module.createNestApplication(new FastifyAdapter(), { logger: false });
  const metrics = new ServiceMetrics('echo', '0');
  const transport = connectGrpc(app, {
    services: [echoService],
    port: 0,
    clock: new SystemClock(),
    logger: new SilentLogger(),
    metrics,
    limits: { drainMs: 300 },
    guards: [new TokenGuard()],
  });
  await app.startAllMicroservices();
  return { app, transport, metrics };
}

async function failure(work: Promise<unknown>): Promise<DomainError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!DomainError.is(error)) throw new Error(`expected a DomainError, got ${String(error)}`);
  return error;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('GrpcTransport', () => {
  let app: INestApplication;
  let transport: GrpcTransport;
  let metrics: ServiceMetrics;
  let client: GrpcClient;

  beforeAll(async () => {
    ({ app, transport, metrics } = await serve());
    client = new GrpcClient({ target: `127.0.0.1:${transport.port}` });
  });

  afterAll(async () => {
    client.close();
    await app.close();
  });

  it('answers all four kinds of call', async () => {
    const one = await client.unary(echo.say, { text: 'a', number: 1 }, { metadata });
    expect(one).toMatchObject({ text: 'a', number: 2 });
    const many = await collect(client.serverStream(echo.count, { number: 3 }, { metadata }));
    expect(many.map(({ number }) => number)).toEqual([0, 1, 2]);
    const sum = await client.clientStream(echo.sum, [{ number: 2 }, { number: 3 }], { metadata });
    expect(sum.number).toBe(5);
    const chat = client.bidiStream(echo.chat, [{ number: 4 }, { number: 5 }], { metadata });
    expect((await collect(chat)).map(({ number }) => number)).toEqual([8, 10]);
  });

  it('carries code, kind and fields of a refusal to the caller', async () => {
    const error = await failure(client.unary(echo.say, { text: 'invalid' }, { metadata }));
    expect(error).toMatchObject({ code: 'invalid_request', kind: 'invalid' });
    expect(error.details.fields).toEqual([{ field: 'text', expected: 'something kind' }]);
    const stream = await failure(
      collect(client.serverStream(echo.count, { text: 'fail at 2', number: 5 }, { metadata })),
    );
    expect(stream.code).toBe('not_found');
    const sent = await failure(
      client.clientStream(echo.sum, [{ number: 1 }, { text: 'stop' }, { number: 1 }], { metadata }),
    );
    expect(sent).toMatchObject({ code: 'invalid_request', message: 'enough' });
  });

  it('hides the cause of a crash', async () => {
    const error = await failure(client.unary(echo.say, { text: 'crash' }, { metadata }));
    expect(error).toMatchObject({ code: 'internal', kind: 'internal' });
    expect(error.message).not.toContain('secret');
  });

  it('runs the guards on every kind of call', async () => {
    const calls = [
      () => client.unary(echo.say, {}),
      () => collect(client.serverStream(echo.count, {})),
      () => client.clientStream(echo.sum, [{}]),
      () => collect(client.bidiStream(echo.chat, [{}])),
    ];
    for (const call of calls) {
      expect(await failure(call())).toMatchObject({ code: 'key_missing', kind: 'unauthenticated' });
    }
  });

  it('aborts the handler when the deadline passes or the caller cancels', async () => {
    aborted.length = 0;
    const late = await failure(
      client.unary(echo.say, { text: 'hang' }, { metadata, deadlineMs: 1000 }),
    );
    expect(late.code).toBe('deadline_exceeded');
    await waitFor(() => aborted.length === 1);
    const before = started;
    const controller = new AbortController();
    const call = client.unary(echo.say, { text: 'hang' }, { metadata, signal: controller.signal });
    const failed = failure(call);
    await waitFor(() => started > before);
    controller.abort();
    expect((await failed).code).toBe('cancelled');
    await waitFor(() => aborted.length === 2);
    // At the deadline the caller cancels too: the handler hears of whichever comes first.
    expect(aborted[0]).toMatch(/^(deadline_exceeded|cancelled)$/);
    expect(aborted[1]).toBe('cancelled');
  });

  it('does not start a call whose deadline has passed', async () => {
    const before = started;
    const error = await failure(
      client.unary(echo.say, { text: 'x' }, { metadata, deadlineMs: -1 }),
    );
    expect(error.code).toBe('deadline_exceeded');
    expect(started).toBe(before);
  });

  it('reads a request stream no faster than the handler', async () => {
    reads = 0;
    let sent = 0;
    const padding = new Uint8Array(65_536);
    function* endless(): Generator<Partial<Echo>> {
      for (; sent < 400; sent++) yield { text: sent < 10 ? 'slow' : '', number: 1, padding };
    }
    const sum = client.clientStream(echo.sum, endless(), { metadata });
    await new Promise((resolve) => setTimeout(resolve, 100));
    // 400 messages are 25 MiB; only what the windows and buffers hold may have left the generator.
    expect(sent).toBeLessThan(200);
    expect((await sum).number).toBe(400);
    expect(reads).toBe(400);
  });

  it('stops a server stream when the caller leaves the loop', async () => {
    const stream = client.serverStream(echo.count, { number: 1_000_000 }, { metadata });
    const seen: unknown[] = [];
    for await (const answer of stream) if (seen.push(answer) === 5) break;
    expect(seen).toHaveLength(5);
  });

  it('counts calls by method and code', async () => {
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/kiki_echo_grpc_call_duration_seconds_count\{method="Say",code="OK"\} \d/);
    expect(text).toContain('method="Say",code="INVALID_ARGUMENT"');
    expect(text).toContain('kiki_echo_grpc_calls_in_flight{method="Say"} 0');
  });

  it('refuses to start without a handler for every method', async () => {
    const module = await Test.createTestingModule({}).compile();
    const bare = module.createNestApplication(new FastifyAdapter(), { logger: false });
    const { clock, logger } = { clock: new SystemClock(), logger: new SilentLogger() };
    connectGrpc(bare, {
      services: [echoService],
      port: 0,
      clock,
      logger,
      metrics: new ServiceMetrics('bare', '0'),
    });
    await expect(bare.startAllMicroservices()).rejects.toThrow(/no handler for .*Say/);
    await bare.close();
  });
});

describe('draining', () => {
  it('finishes running calls, aborts those that hang and closes', async () => {
    const { app, transport } = await serve();
    const client = new GrpcClient({ target: `127.0.0.1:${transport.port}` });
    await client.unary(echo.say, { text: 'a' }, { metadata });
    const before = started;
    const hanging = failure(client.unary(echo.say, { text: 'hang' }, { metadata }));
    await waitFor(() => started > before);
    const began = performance.now();
    await app.close();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect((await hanging).kind).toMatch(/unavailable|cancelled/);
    const after = await failure(
      client.unary(echo.say, { text: 'b' }, { metadata, deadlineMs: 500 }),
    );
    expect(after.kind).toMatch(/unavailable|deadline/);
    client.close();
  });
});

describe('round_robin', () => {
  it('spreads calls over two servers', async () => {
    const [first, second] = [await serve(), await serve()];
    const ports = [first.transport.port, second.transport.port];
    const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`;
    const client = new GrpcClient({ target });
    await client.ready(5_000);
    await Promise.all(
      Array.from({ length: 20 }, () => client.unary(echo.say, { text: 'warm' }, { metadata })),
    );
    for (let i = 0; i < 200; i++) await client.unary(echo.say, { text: 'x' }, { metadata });
    const counts = await Promise.all(
      [first, second].map(async ({ metrics: own }) => {
        const text = await own.registry.metrics();
        return Number(
          /duration_seconds_count\{method="Say",code="OK"\} (\d+)/.exec(text)?.[1] ?? 0,
        );
      }),
    );
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(220);
    expect(Math.min(...counts)).toBeGreaterThan(80);
    client.close();
    await Promise.all([first.app.close(), second.app.close()]);
  });
});
