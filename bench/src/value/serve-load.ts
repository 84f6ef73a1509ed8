import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepPolling } from '../platform/load.js';
import { quantile } from '../harness/statistics.js';

/** What one round of unary calls showed. */
export interface CallsResult {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

/** How one round of unary calls is made. */
export interface CallsOptions {
  readonly path: string;
  /** Sent in turn. */
  readonly frames: readonly Buffer[];
  readonly seconds: number;
  readonly concurrency: number;
}

const WINDOW_BYTES = 16 * 1024 * 1024;
const SERVICE = '/kiki.syncvalue.v1.SyncValueService/';

/**
 * A gRPC client of prepared messages over one HTTP/2 connection: grpc-js's own client costs more than a
 * server does, so that it, and not the servers, would be compared. Windows are wide and answers only counted.
 */
export class FrameClient {
  private readonly session: ClientHttp2Session;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(target: URL) {
    this.session = connect(target.origin, { settings: { initialWindowSize: WINDOW_BYTES } });
    this.session.once('connect', () => this.session.setLocalWindowSize(WINDOW_BYTES));
    this.session.on('error', () => undefined);
    this.headers = {
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${target.username}`,
      'grpc-timeout': '30000m',
    };
  }

  close(): void {
    this.session.destroy();
  }

  /** A call that is open: what is written goes out, answers are only counted. */
  open(method: string): ClientHttp2Stream {
    return this.session.request({
      ...this.headers,
      [constants.HTTP2_HEADER_PATH]: `${SERVICE}${method}`,
    });
  }

  /** One call; `done` hears whether the status was OK and how many bytes came. */
  call(method: string, message: Buffer, done: (isOk: boolean, bytes: number) => void): void {
    const stream = this.open(method);
    let bytes = 0;
    let isOk = false;
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
    stream.on('trailers', (trailers) => (isOk = trailers['grpc-status'] === '0'));
    stream.on('error', () => undefined);
    stream.on('close', () => done(isOk && bytes > 0, bytes));
    stream.end(message);
  }
}

/** Calls as fast as they are answered, `concurrency` at a time; the client polls instead of sleeping. */
export async function callAll(client: FrameClient, options: CallsOptions): Promise<CallsResult> {
  const { path, frames, seconds, concurrency } = options;
  const stopPolling = keepPolling();
  const latencies: number[] = [];
  let [failures, next] = [0, 0];
  const beganMs = performance.now();
  const untilMs = beganMs + seconds * 1000;
  const caller = (resolve: () => void): void => {
    const startedMs = performance.now();
    if (startedMs >= untilMs) return resolve();
    client.call(path, frames[next++ % frames.length] ?? Buffer.alloc(0), (isOk) => {
      latencies.push(performance.now() - startedMs);
      if (!isOk) failures++;
      caller(resolve);
    });
  };
  await Promise.all(Array.from({ length: concurrency }, () => new Promise<void>(caller)));
  stopPolling();
  const elapsed = (performance.now() - beganMs) / 1000;
  return { callsPerSecond: latencies.length / elapsed, ...tailOf(latencies), failures };
}

/** Calls at a fixed rate, whether answered or not, as callers do who do not wait for each other. */
export async function callPaced(
  client: FrameClient,
  { path, frames, seconds, rate }: Omit<CallsOptions, 'concurrency'> & { readonly rate: number },
): Promise<CallsResult> {
  const latencies: number[] = [];
  let [failures, sent, open] = [0, 0, 0];
  const beganMs = performance.now();
  while (performance.now() < beganMs + seconds * 1000) {
    const due = Math.floor(((performance.now() - beganMs) / 1000) * rate);
    for (; sent < due; sent++, open++) {
      // From when the call was due, so that a client that comes late does not hide a server that does.
      const dueMs = beganMs + ((sent + 1) / rate) * 1000;
      client.call(path, frames[sent % frames.length] ?? Buffer.alloc(0), (isOk) => {
        latencies.push(performance.now() - dueMs);
        open--;
        if (!isOk) failures++;
      });
    }
    await sleep(1);
  }
  for (let waited = 0; open > 0 && waited < 10_000; waited += 10) await sleep(10);
  return { callsPerSecond: sent / seconds, ...tailOf(latencies), failures: failures + open };
}

function tailOf(latencies: readonly number[]): { readonly p50Ms: number; readonly p99Ms: number } {
  return { p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
}

/** Sends all messages of a stream as fast as they are taken; returns seconds until the last answer. */
export async function streamAll(
  client: FrameClient,
  method: string,
  frames: readonly Buffer[],
): Promise<{ readonly seconds: number; readonly isOk: boolean }> {
  const stopPolling = keepPolling();
  const beganMs = performance.now();
  const stream = client.open(method);
  const counter = new FrameCounter();
  let isOk = false;
  stream.on('data', (chunk: Buffer) => counter.add(chunk));
  stream.on('trailers', (trailers) => (isOk = trailers['grpc-status'] === '0'));
  stream.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => stream.on('close', resolve));
  for (const message of frames) {
    if (stream.write(message)) continue;
    await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), closed]);
  }
  stream.end();
  await closed;
  stopPolling();
  const seconds = (performance.now() - beganMs) / 1000;
  return { seconds, isOk: isOk && counter.count === frames.length };
}

/** Counts length-prefixed messages without keeping them. */
class FrameCounter {
  count = 0;
  private left = 0;
  private head = Buffer.alloc(0);

  add(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.left > 0) {
        const taken = Math.min(this.left, chunk.length - at);
        this.left -= taken;
        at += taken;
        if (this.left === 0) this.count++;
        continue;
      }
      const missing = 5 - this.head.length;
      this.head = Buffer.concat([this.head, chunk.subarray(at, at + missing)]);
      at = Math.min(chunk.length, at + missing);
      if (this.head.length < 5) return;
      this.left = this.head.readUInt32BE(1);
      this.head = Buffer.alloc(0);
      if (this.left === 0) this.count++;
    }
  }
}
