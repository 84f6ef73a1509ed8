import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPostgres, type PostgresServer } from '@kiki/postgres';
import { temporaryHome } from '@kiki/testing';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { ratios } from '../harness/statistics.js';
import { startChild, type ChildServer } from '../platform/child.js';
import { load } from '../platform/load.js';
import { ConsentRace, type RaceResult } from './consent-race.js';
import { exchangeSink, mailSink, type Sink } from './consent-sinks.js';
import { ConsentWorld, TENANT } from './consent-world.js';

/** Customers whose withdrawal races with a mail, and as many again with a bid. */
const TRIALS_EACH = 5_000;
const SECONDS = 4;
const CONNECTIONS = 4;
/** Checks a second; both servers get the same. */
const RATE = 400;
const SEED = 1;

/** How late an act can come after a withdrawal, and what a check costs beside a bare echo. */
export const consentBench: Benchmark = {
  name: 'shield.consent',
  about: '10,000 withdrawals that race with mails and bids; p99 of a check beside a bare echo',
  targets: [
    { figure: 'trials', relation: '>=', bound: 10_000 },
    { figure: 'acts more than 1 s after an acknowledged withdrawal', relation: '<=', bound: 0 },
    { figure: 'check p99', relation: '<', bound: 5 },
    { figure: 'failed checks', relation: '<=', bound: 0 },
  ],
  run: async (options) => {
    const home = temporaryHome('kiki-consent-');
    mkdirSync(home.path, { mode: 0o700 });
    const server = await openPostgres({ home: home.path, name: 'bench' });
    const sinks = { mail: await mailSink(), exchange: await exchangeSink() };
    try {
      return await measured(home.path, server, sinks, options);
    } finally {
      await Promise.all(Object.values(sinks).map((sink) => sink.close()));
      await sleep(1_000);
      await server.stop();
      home.remove();
    }
  },
};

interface Sinks {
  readonly mail: Sink;
  readonly exchange: Sink;
}

async function measured(
  home: string,
  server: PostgresServer,
  sinks: Sinks,
  options: BenchOptions,
): Promise<Figure[]> {
  const services = await startChild('../shield/consent-services-main.js', {
    ...{ KIKI_HOME: home, KIKI_SECRET: randomBytes(32).toString('hex') },
    ...{ SYNCENGAGE_SMTP_URL: sinks.mail.url, SYNCFLOW_EXCHANGES: `social=${sinks.exchange.url}` },
  });
  const echo = await startChild('../shield/holds-echo-main.js');
  const world = new ConsentWorld(services.url, server.connection);
  try {
    await world.prepare();
    const latencies = await latency(world, echo, options);
    const races = await race(world, sinks, options);
    return [...latencies, ...figuresOf(races)];
  } finally {
    world.close();
    await Promise.all([services.stop(), echo.stop()]);
  }
}

/** Single checks of customers who have said something, at the rate that the echo gets too. */
async function latency(
  world: ConsentWorld,
  echo: ChildServer,
  { rounds, note }: BenchOptions,
): Promise<Figure[]> {
  const customers = Array.from({ length: 1_000 }, (_, i) => `checked-${i}`);
  await world.grant(customers, 'marketing', 'email');
  const question = { purpose: 'marketing', channel: 'email', region: 'DE' };
  const body = JSON.stringify({ checks: [{ ...question, customerId: 'checked-7' }] });
  const common = {
    method: 'POST',
    seconds: SECONDS,
    connections: CONNECTIONS,
    rate: RATE,
  } as const;
  const headers = { 'content-type': 'application/json' };
  const ours = {
    url: `${world.shieldUrl}/v1/consent/check`,
    headers: { ...headers, ...world.headers },
  };
  const samples = { check: [] as number[], echo: [] as number[], batch: [] as number[] };
  let failures = (await load({ ...common, ...ours, body })).failures;
  for (let round = 0; round < rounds; round++) {
    const checks = await load({ ...common, ...ours, body });
    failures += checks.failures;
    samples.check.push(checks.p99Ms);
    const echoed = await load({ ...common, url: `${echo.url}/v1/holds`, headers, body });
    samples.echo.push(echoed.p99Ms);
    samples.batch.push(await batchMs(world, customers));
    note(`latency, round ${round + 1} of ${rounds} done`);
  }
  return [
    { name: 'check p99', unit: 'ms', samples: samples.check },
    { name: 'bare Fastify echo p99', unit: 'ms', samples: samples.echo },
    { name: 'check p99 / echo p99', unit: 'ratio', samples: ratios(samples.check, samples.echo) },
    { name: 'one batch of 1,000 checks', unit: 'ms', samples: samples.batch },
    { name: 'failed checks', unit: 'requests', samples: [failures] },
  ];
}

async function batchMs(world: ConsentWorld, customers: readonly string[]): Promise<number> {
  const question = { purpose: 'marketing', channel: 'email', region: 'DE' };
  const startedMs = performance.now();
  await world.consent.check(
    TENANT,
    customers.map((customerId) => ({ ...question, customerId })),
  );
  return performance.now() - startedMs;
}

async function race(
  world: ConsentWorld,
  { mail, exchange }: Sinks,
  { note }: BenchOptions,
): Promise<RaceResult[]> {
  const named = (prefix: string): string[] =>
    // In the order of their names, as journeys go through them.
    Array.from({ length: TRIALS_EACH }, (_, i) => `${prefix}-${String(i).padStart(5, '0')}`);
  const [readers, viewers] = [named('reader'), named('viewer')];
  await world.putAtRisk(readers);
  await world.grant(readers, 'marketing', 'email');
  const mails = new ConsentRace(world.consent, TENANT, readers, SEED);
  mail.onAct = (customerId) => mails.acted(customerId);
  await world.runJourney();
  const mailed = await mails.finish();
  note(
    `${mailed.acted} of ${mailed.trials} got a mail, the latest ${mailed.latestMs.toFixed(0)} ms after`,
  );
  await world.grant(viewers, 'advertising', '*');
  const bids = new ConsentRace(world.consent, TENANT, viewers, SEED + 1);
  exchange.onAct = (customerId) => bids.acted(customerId);
  await world.bidForAll(viewers, () => bids.keptUp());
  const bidden = await bids.finish();
  note(
    `${bidden.acted} of ${bidden.trials} were bid for, the latest ${bidden.latestMs.toFixed(0)} ms after`,
  );
  // What is still on its way by now would be far too late.
  await sleep(2_000);
  return [await mails.finish(), await bids.finish()];
}

function figuresOf(races: readonly RaceResult[]): Figure[] {
  const sum = (of: (race: RaceResult) => number): number[] => [
    races.reduce((total, one) => total + of(one), 0),
  ];
  return [
    { name: 'trials', unit: 'withdrawals', samples: sum(({ trials }) => trials) },
    { name: 'acted on before', unit: 'customers', samples: sum(({ acted }) => acted) },
    {
      name: 'acts more than 1 s after an acknowledged withdrawal',
      unit: 'acts',
      samples: sum(({ late }) => late.length),
    },
    {
      name: 'latest act after an acknowledgement',
      unit: 'ms',
      samples: [Math.max(...races.map(({ latestMs }) => latestMs))],
    },
  ];
}
