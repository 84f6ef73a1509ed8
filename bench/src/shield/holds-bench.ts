import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPostgres, type PostgresServer } from '@kiki/postgres';
import { temporaryHome } from '@kiki/testing';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { ratios } from '../harness/statistics.js';
import { startChild, type ChildServer } from '../platform/child.js';
import { load } from '../platform/load.js';
import { createBudgets, type BenchBudgets } from './holds-budgets.js';
import { fsyncMs } from './holds-fsync.js';
import type { HoldsOrder, HoldsReport } from './holds-load.js';
import { PeerLoads } from './holds-peers.js';

const ROUND_SECONDS = 2;
const WARM_UP_SECONDS = 3;
const CALLERS = 256;
/** Requests of the callers' coalescer that are on their way at once. */
const IN_FLIGHT = 1;
const AUDITED = 'bench';
const UNAUDITED = 'bench-unaudited';

/** What a durable, explained hold costs, beside what the same PostgreSQL does by itself in the same run. */
export const holdsBench: Benchmark = {
  name: 'shield.holds',
  about: 'holds with 4 caps, idempotency and audit against TPC-B, one hot row and a bare echo',
  targets: [
    { figure: 'skewed / TPC-B', relation: '>=', bound: 8 },
    { figure: 'hot / one-statement hot row', relation: '>=', bound: 15 },
    { figure: 'skewed p99', relation: '<=', bound: 30 },
    { figure: 'hot p99', relation: '<=', bound: 30 },
    { figure: 'single hold / bare Fastify echo', relation: '>=', bound: 0.3 },
    { figure: 'one caller p50, above one fsync', relation: '<=', bound: 2 },
    { figure: 'audit cost', relation: '<=', bound: 0.4 },
    { figure: 'failed holds', relation: '<=', bound: 0 },
  ],
  run: async (options) => {
    const home = temporaryHome('kiki-holds-');
    mkdirSync(home.path, { mode: 0o700 });
    const server = await openPostgres({ home: home.path, name: 'bench' });
    try {
      const run = await HoldsRun.start(home.path, server, options);
      try {
        return await run.figures();
      } finally {
        await run.stop();
      }
    } finally {
      await sleep(1_000);
      await server.stop();
      home.remove();
    }
  },
};

interface Children {
  readonly ours: ChildServer;
  readonly unaudited: ChildServer;
  readonly echo: ChildServer;
  readonly callers: ChildServer;
}

/** One run on one server; samples are kept by the name of their figure. */
class HoldsRun {
  private readonly samples = new Map<string, { unit: string; samples: number[] }>();
  private budgets: BenchBudgets = { skewed: [], hot: '' };
  private failures: string[] = [];
  private runs = 0;

  private constructor(
    private readonly home: string,
    private readonly peers: PeerLoads,
    private readonly children: Children,
    private readonly options: BenchOptions,
  ) {}

  static async start(
    home: string,
    server: PostgresServer,
    options: BenchOptions,
  ): Promise<HoldsRun> {
    const environment = { KIKI_HOME: home, KIKI_SECRET: randomBytes(32).toString('hex') };
    const service = (tenant: string, nodeOptions: readonly string[]): Promise<ChildServer> =>
      startChild(
        '../shield/holds-service-main.js',
        { ...environment, BENCH_TENANT: tenant },
        nodeOptions,
      );
    const hook = new URL('./holds-unaudited-hook.js', import.meta.url).href;
    const children: Children = {
      ours: await service(AUDITED, []),
      unaudited: await service(UNAUDITED, [`--import=${hook}`]),
      echo: await startChild('../shield/holds-echo-main.js'),
      callers: await startChild('../shield/holds-load-main.js'),
    };
    return new HoldsRun(home, new PeerLoads(server.connection, home), children, options);
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.children).map((child: ChildServer) => child.stop()));
  }

  async figures(): Promise<Figure[]> {
    const { rounds, note } = this.options;
    await this.prepare();
    for (let round = 0; round < rounds; round++) {
      await this.peerRound();
      await this.holdsRound();
      await this.singleRound();
      note(`round ${round + 1} of ${rounds} done`);
    }
    for (const failure of new Set(this.failures)) note(`a hold failed: ${failure}`);
    return this.summary();
  }

  private async prepare(): Promise<void> {
    const { ours, unaudited } = this.children;
    this.options.note(`the peers are driven by ${this.peers.driver}`);
    await this.peers.prepare();
    this.budgets = await createBudgets(new URL(ours.url), AUDITED);
    await createBudgets(new URL(unaudited.url), UNAUDITED);
    for (const child of [ours, unaudited]) await this.hold(child, { seconds: WARM_UP_SECONDS });
    await this.singles(WARM_UP_SECONDS);
  }

  private async peerRound(): Promise<void> {
    this.add('fsync', 'ms', await fsyncMs(this.home));
    this.add('TPC-B', 'transactions/s', await this.peers.tpcB(ROUND_SECONDS));
    this.add('one-statement hot row', 'holds/s', await this.peers.hotRow(ROUND_SECONDS));
  }

  private async holdsRound(): Promise<void> {
    const { ours, unaudited } = this.children;
    const skewed = await this.hold(ours, {});
    this.add('skewed', 'holds/s', skewed.holdsPerSecond);
    this.add('skewed p50', 'ms', skewed.p50Ms);
    this.add('skewed p99', 'ms', skewed.p99Ms);
    const silent = await this.hold(unaudited, {});
    this.add('skewed, no audit', 'holds/s', silent.holdsPerSecond);
    const hot = await this.hold(ours, { budgetIds: [this.budgets.hot] });
    this.add('hot', 'holds/s', hot.holdsPerSecond);
    this.add('hot p50', 'ms', hot.p50Ms);
    this.add('hot p99', 'ms', hot.p99Ms);
    const alone = await this.hold(ours, { callers: 1, seconds: 1 });
    this.add('one caller p50', 'ms', alone.p50Ms);
  }

  private async singleRound(): Promise<void> {
    const [ours, echo] = await this.singles(ROUND_SECONDS);
    this.add('single hold', 'requests/s', ours);
    this.add('bare Fastify echo', 'requests/s', echo);
  }

  private async singles(seconds: number): Promise<[ours: number, echo: number]> {
    const url = new URL(this.children.ours.url);
    const [budgetId] = this.budgets.skewed;
    const hold = { id: `${this.nextRun()}-[<id>]`, budgetId, amountMicros: 1_250_000 };
    const body = JSON.stringify({ ...hold, currency: 'EUR' });
    const headers = {
      ...{ authorization: `Bearer ${url.username}`, 'kiki-tenant': AUDITED },
      'content-type': 'application/json',
    };
    const rate = async (origin: string): Promise<number> => {
      const options = { url: `${origin}/v1/holds`, method: 'POST' as const, headers, body };
      const result = await load({ ...options, seconds, connections: CALLERS });
      if (result.failures > 0) this.failures.push(`${result.failures} single requests`);
      return result.requestsPerSecond;
    };
    return [await rate(url.origin), await rate(new URL(this.children.echo.url).origin)];
  }

  private async hold(of: ChildServer, order: Partial<HoldsOrder>): Promise<HoldsReport> {
    const url = new URL(of.url);
    const callers = this.children.callers.process;
    const answer = new Promise<HoldsReport>((resolve) => callers.once('message', resolve));
    callers.send({
      ...{ url: url.origin, key: url.username, callers: CALLERS, seconds: ROUND_SECONDS },
      tenant: of === this.children.ours ? AUDITED : UNAUDITED,
      ...{ budgetIds: this.budgets.skewed, run: this.nextRun(), maxInFlight: IN_FLIGHT },
      ...order,
    } satisfies HoldsOrder);
    const report = await answer;
    this.failures.push(...report.failures);
    if (report.denied > 0) this.failures.push(`${report.denied} were denied`);
    return report;
  }

  private nextRun(): string {
    return `r${this.runs++}-${randomBytes(4).toString('hex')}`;
  }

  private add(name: string, unit: string, value: number): void {
    const figure = this.samples.get(name) ?? { unit, samples: [] };
    figure.samples.push(value);
    this.samples.set(name, figure);
  }

  private of(name: string): readonly number[] {
    return this.samples.get(name)?.samples ?? [];
  }

  private summary(): Figure[] {
    const ratio = (name: string, a: string, b: string): Figure => ({
      ...{ name, unit: 'ratio', samples: ratios(this.of(a), this.of(b)) },
    });
    const kept = ratios(this.of('skewed'), this.of('skewed, no audit'));
    const fsyncs = this.of('fsync');
    const alone = this.of('one caller p50').map((ms, i) => ms - (fsyncs[i] ?? 0));
    return [
      ...[...this.samples].map(([name, figure]) => ({ name, ...figure })),
      ratio('skewed / TPC-B', 'skewed', 'TPC-B'),
      ratio('hot / one-statement hot row', 'hot', 'one-statement hot row'),
      ratio('single hold / bare Fastify echo', 'single hold', 'bare Fastify echo'),
      { name: 'one caller p50, above one fsync', unit: 'ms', samples: alone },
      { name: 'audit cost', unit: 'ratio', samples: kept.map((share) => 1 - share) },
      { name: 'failed holds', unit: 'holds', samples: [this.failures.length] },
    ];
  }
}
