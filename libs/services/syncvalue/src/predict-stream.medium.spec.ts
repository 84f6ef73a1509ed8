/**
 * Goal: a stream of predictions neither outruns its reader nor its caller's patience. Method: the service as its app
 * starts it, a bare HTTP/2 client that stops reading, hangs up or has a deadline; progress is read from the metrics.
 */
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ModelKind, PredictStreamRequest, type CustomerQuery } from '@kiki/contract-syncvalue';
import { waitFor } from '@kiki/testing';
import { row, startService, type TestService } from './service.fixture.js';

const CHUNK = 1_000;
const CHUNKS = 150;

let service: TestService;
let session: ClientHttp2Session;

beforeAll(async () => {
  service = await startService();
  const rows = Array.from({ length: 40 }, (_, i) =>
    row(`c${i % 12}`, `2025-0${1 + (i % 8)}-1${i % 10}`, 5 + i),
  );
  await service.client.ingest(rows);
  await service.client.fitModel({ kind: ModelKind.BGNBD });
}, 120_000);
afterAll(() => service?.stop());

beforeEach(() => {
  session = connect(`http://${service.host.service('syncvalue').grpcTarget ?? ''}`);
});
afterEach(() => session.destroy());

/** One chunk, framed; every eleventh customer is impossible. */
function chunk(): Buffer {
  const customers = Array.from({ length: CHUNK }, (_, i): CustomerQuery => {
    const ageDays = i % 11 === 0 ? -1 : 100 + (i % 300);
    const value = { repeatPurchases: 2, recencyDays: 50, ageDays };
    return { subject: { $case: 'statistics', value }, acquisition: undefined };
  });
  const message = PredictStreamRequest.encode({ customers, options: undefined }).finish();
  const framed = Buffer.alloc(message.length + 5);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

function open(headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
  return session.request({
    ':method': 'POST',
    ':path': '/kiki.syncvalue.v1.SyncValueService/PredictStream',
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${service.host.firstKey ?? ''}`,
    ...headers,
  });
}

/** Sends the chunks as fast as the connection takes them. */
async function send(stream: ClientHttp2Stream, chunks: number): Promise<void> {
  const message = chunk();
  for (let i = 0; i < chunks && !stream.destroyed; i++) {
    if (stream.write(message)) continue;
    await new Promise((resolve) => {
      stream.once('drain', resolve);
      stream.once('close', resolve);
    });
  }
  if (!stream.destroyed) stream.end();
}

async function metric(pattern: RegExp): Promise<number> {
  const { httpUrl } = service.host.service('syncvalue');
  const headers = { authorization: `Bearer ${service.host.firstKey ?? ''}` };
  const page = await (await fetch(`${httpUrl}/metrics`, { headers })).text();
  return [...page.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}

const predicted = (): Promise<number> => metric(/predictions_total\{source="\w+"\} (\d+)/g);
const running = (): Promise<number> => metric(/calls_in_flight\{method="PredictStream"\} (\d+)/g);

/** The count once it no longer changes. */
async function standstill(): Promise<number> {
  let last = -1;
  await waitFor(
    async () => {
      const now = await predicted();
      const isStill = now === last;
      last = now;
      return isStill;
    },
    { everyMs: 300 },
  );
  return last;
}

describe('PredictStream', () => {
  it('waits for a reader who does not read, and answers everything once they do', async () => {
    const before = await predicted();
    const stream = open();
    stream.pause();
    const sent = send(stream, CHUNKS);
    await waitFor(async () => (await predicted()) > before);
    // A window of 64 KiB is less than an answer; some more are in buffers on both sides.
    expect((await standstill()) - before).toBeLessThan(20 * CHUNK);
    let bytes = 0;
    let status: unknown;
    stream.on('data', (part: Buffer) => (bytes += part.length));
    stream.on('trailers', (trailers) => (status = trailers['grpc-status']));
    stream.resume();
    await new Promise((resolve) => stream.once('close', resolve));
    await sent;
    expect(status).toBe('0');
    expect((await predicted()) - before).toBe(CHUNKS * CHUNK);
    expect(bytes).toBeGreaterThan(CHUNKS * CHUNK * 30);
  });

  it('ends when the caller hangs up', async () => {
    const before = await predicted();
    const stream = open();
    stream.on('error', () => undefined);
    void send(stream, CHUNKS);
    await waitFor(async () => (await predicted()) > before);
    stream.close(8);
    await waitFor(async () => (await running()) === 0);
    expect((await standstill()) - before).toBeLessThan(CHUNKS * CHUNK);
  });

  it('ends at its deadline, whether anybody reads or not', async () => {
    const before = await predicted();
    const stream = open({ 'grpc-timeout': '300m' });
    stream.on('error', () => undefined);
    stream.pause();
    void send(stream, CHUNKS);
    await waitFor(async () => (await predicted()) > before);
    await waitFor(async () => (await running()) === 0);
    expect((await standstill()) - before).toBeLessThan(20 * CHUNK);
  });
});
