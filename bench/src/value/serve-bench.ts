import { setTimeout as sleep } from 'node:timers/promises';
import { ModelKind, SyncValueClient } from '@kiki/contract-syncvalue';
import { temporaryHome } from '@kiki/testing';
import { mkdirSync } from 'node:fs';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { ratios } from '../harness/statistics.js';
import { startChild, type ChildServer } from '../platform/child.js';
import { callAll, callPaced, FrameClient, streamAll } from './serve-load.js';
import {
  batchFrame,
  predictFrames,
  queryByStatistics,
  simulate,
  streamFrames,
  transactionsOf,
  withOwnAge,
} from './serve-messages.js';
import { hotSwap } from './serve-swap.js';

const CUSTOMERS = 30_000;
const BATCH = 10_000;
const CHUNK = 1_000;
const CONCURRENCY = 16;
const ROUND_SECONDS = 2;
const WARM_UP_SECONDS = 8;
/** Unary calls a second while a fit runs beside them, and while none does. */
const PACED_RATE = 500;
/** What is fitted beside calls, in turn: the cheapest model and the dearest. */
const FITTED = [ModelKind.BGNBD, ModelKind.ENSEMBLE];
/** Prefix of the figures that were taken while an ensemble answered, not BG/NBD. */
const ENSEMBLE = 'ensemble: ';
/** What is a ratio of ours to the bare server's. */
const COMPARED = [
  ...['unary', 'unary p99', 'unary by id', 'unary by id p99'],
  ...['batch of 10,000', 'batch, no age twice', 'chunked stream'],
];

/** SyncValue's answers, beside a bare grpc-js server that answers the same messages without looking at them. */
export const serveBench: Benchmark = {
  name: 'value.serve',
  about: 'unary, batch and stream predictions against a bare grpc-js server of the same messages',
  targets: [
    { figure: 'unary, ours / bare', relation: '>=', bound: 0.7 },
    { figure: 'unary by id, ours / bare', relation: '>=', bound: 0.7 },
    { figure: 'unary p99, ours / bare', relation: '<=', bound: 2 },
    { figure: 'batch of 10,000, ours / bare', relation: '>=', bound: 0.6 },
    { figure: 'chunked stream, ours / bare', relation: '>=', bound: 0.6 },
    { figure: 'chunked / one a message', relation: '>=', bound: 10 },
    { figure: 'unary p99 during a fit / idle', relation: '<=', bound: 2 },
    { figure: 'fits meanwhile', relation: '>=', bound: 1 },
    { figure: `${ENSEMBLE}unary, ours / bare`, relation: '>=', bound: 0.7 },
    { figure: `${ENSEMBLE}batch of 10,000, ours / bare`, relation: '>=', bound: 0.6 },
    { figure: `${ENSEMBLE}chunked stream, ours / bare`, relation: '>=', bound: 0.6 },
    { figure: 'swap: promotions', relation: '>=', bound: 10 },
    { figure: 'swap: failed calls', relation: '<=', bound: 0 },
    { figure: 'swap: answers of no champion', relation: '<=', bound: 0 },
    { figure: 'failed calls', relation: '<=', bound: 0 },
  ],
  run: async (options) => {
    const home = temporaryHome('kiki-bench-');
    mkdirSync(home.path, { mode: 0o700 });
    const bare = await startChild('../value/serve-bare-main.js');
    const ours = await startChild('../value/serve-ours-main.js', { KIKI_HOME: home.path });
    try {
      return await new ServeRun(bare, ours, options).figures();
    } finally {
      await Promise.all([bare.stop(), ours.stop()]);
      await sleep(3000);
      home.remove();
    }
  },
};

/** One run against two servers; samples are kept by the name of their figure. */
class ServeRun {
  private readonly samples = new Map<string, { unit: string; samples: number[] }>();
  private readonly customers = simulate(CUSTOMERS, 1);
  private readonly queries = this.customers.map(queryByStatistics);
  private readonly peers: { readonly ours: FrameClient; readonly bare: FrameClient };
  private readonly client: SyncValueClient;
  private failures = 0;
  private prefix = '';

  constructor(
    bare: ChildServer,
    ours: ChildServer,
    private readonly options: BenchOptions,
  ) {
    const url = new URL(ours.url);
    this.peers = { ours: new FrameClient(url), bare: new FrameClient(new URL(bare.url)) };
    const headers = (): Record<string, string> => ({ authorization: `Bearer ${url.username}` });
    this.client = new SyncValueClient({ target: url.host, headers });
  }

  async figures(): Promise<Figure[]> {
    await this.prepare();
    await this.serve('');
    await this.duringFits();
    await this.swap();
    await this.makeChampion(ModelKind.ENSEMBLE);
    await this.serve(ENSEMBLE);
    this.peers.ours.close();
    this.peers.bare.close();
    this.client.close();
    return this.summary();
  }

  private async prepare(): Promise<void> {
    const report = await this.client.ingest(transactionsOf(this.customers));
    this.options.note(`${report.storedCount} transactions of ${CUSTOMERS} customers stored`);
    await this.makeChampion(ModelKind.BGNBD);
  }

  /** Fits and, whatever the gates say, promotes. */
  private async makeChampion(kind: ModelKind): Promise<void> {
    const { modelVersion } = await this.client.fitModel({ kind });
    await this.client.promoteModel({ modelVersion, isForced: true, reason: 'bench' });
  }

  private async serve(prefix: string): Promise<void> {
    this.prefix = 'warm-up: ';
    // Some ten thousand calls each, until both servers run what the compiler made of them last.
    for (let i = 0; i < 2; i++) {
      await this.unary(WARM_UP_SECONDS / 2);
      await this.batches(5);
    }
    for (const name of this.samples.keys()) {
      if (name.startsWith(this.prefix)) this.samples.delete(name);
    }
    this.prefix = prefix;
    for (let round = 0; round < this.options.rounds; round++) {
      await this.unary();
      await this.batches();
      await this.streams();
      this.options.note(`${prefix}round ${round + 1} of ${this.options.rounds} done`);
    }
    this.prefix = '';
  }

  private async unary(seconds = ROUND_SECONDS): Promise<void> {
    const known = predictFrames(this.queries.slice(0, 5_000));
    const named = predictFrames(
      this.customers.slice(0, 5_000).map(({ id }) => {
        return { subject: { $case: 'customerId', value: id }, acquisition: undefined };
      }),
    );
    const options = { path: 'Predict', seconds, concurrency: CONCURRENCY };
    const add = async (name: string, peer: 'ours' | 'bare', frames: Buffer[]): Promise<void> => {
      const result = await callAll(this.peers[peer], { ...options, frames });
      this.failures += result.failures;
      this.add(`${name}, ${peer}`, 'calls/s', result.callsPerSecond);
      this.add(`${name} p50, ${peer}`, 'ms', result.p50Ms);
      this.add(`${name} p99, ${peer}`, 'ms', result.p99Ms);
    };
    await add('unary', 'bare', known);
    await add('unary', 'ours', known);
    await add('unary by id', 'ours', named);
    await add('unary by id', 'bare', named);
  }

  private async batches(calls = 15): Promise<void> {
    const whole = this.queries.slice(0, BATCH);
    await this.batch('batch of 10,000', () => batchFrame(whole), calls);
    let i = 0;
    const fresh = (): Buffer => batchFrame(whole.map((query) => withOwnAge(query, i++)));
    await this.batch('batch, no age twice', fresh, Math.min(calls, 5));
  }

  private async batch(name: string, message: () => Buffer, calls: number): Promise<void> {
    for (const peer of ['bare', 'ours'] as const) {
      const frames = Array.from({ length: calls }, message);
      const options = { path: 'PredictBatch', seconds: 1e6, concurrency: 1 };
      const startedMs = performance.now();
      for (const frame of frames) {
        const isOk = await new Promise((resolve) =>
          this.peers[peer].call(options.path, frame, resolve),
        );
        if (isOk !== true) this.failures++;
      }
      const seconds = (performance.now() - startedMs) / 1000;
      this.add(`${name}, ${peer}`, 'items/s', (calls * BATCH) / seconds);
    }
  }

  private async streams(): Promise<void> {
    const chunked = streamFrames([...this.queries, ...this.queries, ...this.queries], CHUNK);
    await this.stream('chunked stream', 'bare', chunked, CHUNK);
    await this.stream('chunked stream', 'ours', chunked, CHUNK);
    const single = streamFrames(this.queries.slice(0, 10_000), 1);
    await this.stream('one a message', 'ours', single, 1);
  }

  private async stream(
    name: string,
    peer: 'ours' | 'bare',
    frames: readonly Buffer[],
    size: number,
  ): Promise<void> {
    const { seconds, isOk } = await streamAll(this.peers[peer], 'PredictStream', frames);
    if (!isOk) this.failures++;
    this.add(`${name}, ${peer}`, 'items/s', (frames.length * size) / seconds);
  }

  private async duringFits(): Promise<void> {
    const frames = predictFrames(this.queries.slice(0, 5_000));
    const paced = { path: 'Predict', frames, seconds: 4, rate: PACED_RATE };
    for (let round = 0; round < this.options.rounds; round++) {
      const idle = await callPaced(this.peers.ours, paced);
      const fits = this.keepFitting(FITTED[round % FITTED.length] ?? ModelKind.BGNBD);
      const busy = await callPaced(this.peers.ours, paced);
      this.add('fits meanwhile', 'fits', await fits.stop());
      this.failures += idle.failures + busy.failures;
      this.add('unary p50, idle', 'ms', idle.p50Ms);
      this.add('unary p99, idle', 'ms', idle.p99Ms);
      this.add('unary p99, during a fit', 'ms', busy.p99Ms);
    }
  }

  /** Fits one model after the other; `stop` waits for the last and says how many there were. */
  private keepFitting(kind: ModelKind): { stop(): Promise<number> } {
    let isWanted = true;
    const run = async (): Promise<number> => {
      let fits = 0;
      for (; isWanted; fits++) await this.client.fitModel({ kind });
      return fits;
    };
    const running = run();
    return {
      stop: () => {
        isWanted = false;
        return running;
      },
    };
  }

  private async swap(): Promise<void> {
    const { calls, swaps, failed, astray } = await hotSwap(this.client, this.queries, 4);
    this.add('swap: calls', 'calls', calls);
    this.add('swap: promotions', 'promotions', swaps);
    this.add('swap: failed calls', 'calls', failed);
    this.add('swap: answers of no champion', 'calls', astray);
  }

  private add(name: string, unit: string, value: number): void {
    const figure = this.samples.get(this.prefix + name) ?? { unit, samples: [] };
    figure.samples.push(value);
    this.samples.set(this.prefix + name, figure);
  }

  private of(name: string): readonly number[] {
    return this.samples.get(name)?.samples ?? [];
  }

  private summary(): Figure[] {
    const ratio = (name: string, a: string, b: string): Figure => ({
      name,
      unit: 'ratio',
      samples: ratios(this.of(a), this.of(b)),
    });
    const compared = (name: string): Figure =>
      ratio(`${name}, ours / bare`, `${name}, ours`, `${name}, bare`);
    return [
      ...[...this.samples].map(([name, figure]) => ({ name, ...figure })),
      ...['', ENSEMBLE].flatMap((prefix) => COMPARED.map((name) => compared(prefix + name))),
      ratio('chunked / one a message', 'chunked stream, ours', 'one a message, ours'),
      ratio('unary p99 during a fit / idle', 'unary p99, during a fit', 'unary p99, idle'),
      { name: 'failed calls', unit: 'calls', samples: [this.failures] },
    ];
  }
}
