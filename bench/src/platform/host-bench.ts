import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { derivedServiceKey } from '@kiki/auth';
import { openPostgres } from '@kiki/postgres';
import { temporaryHome, type TemporaryHome } from '@kiki/testing';
import pg from 'pg';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';
import { childrenOf } from '../harness/processes.js';
import { ratios } from '../harness/statistics.js';
import { freePorts, HostProcess } from '../torture/host-process.js';
import { memoryMiB, startChild } from './child.js';
import { load } from './load.js';

const STARTS = 3;
const ROUND_SECONDS = 3;

/** What the platform itself costs: starts, memory, connections, liveness, and the price of a request. */
export const hostBench: Benchmark = {
  name: 'platform.host',
  about:
    'five services in one process; a trivial authenticated POST against bare Fastify in the same run',
  targets: [
    { figure: 'health p99', relation: '<', bound: 10 },
    { figure: 'connections', relation: '<=', bound: 60 },
    { figure: 'POST ours / bare Fastify', relation: '>=', bound: 0.5 },
    { figure: 'POST ours with access log / bare Fastify', relation: '>=', bound: 0.4 },
    { figure: 'failed requests', relation: '<=', bound: 0 },
  ],
  run: async (options) => [...(await hostFigures(options)), ...(await requestFigures(options))],
};

async function hostFigures({ rounds, note }: BenchOptions): Promise<Figure[]> {
  const samples = new Map<string, { unit: string; samples: number[] }>();
  const add = (name: string, unit: string, value: number): void => {
    const figure = samples.get(name) ?? { unit, samples: [] };
    figure.samples.push(value);
    samples.set(name, figure);
  };
  for (let round = 0; round < STARTS; round++) {
    const home = newHome();
    const ports = await freePorts();
    const host = new HostProcess({
      home: home.path,
      secret: randomBytes(32).toString('hex'),
      ports,
    });
    try {
      add('time to ready, first start', 'ms', await host.start());
      await host.stop();
      add('time to ready, second start', 'ms', await host.start());
      note(`start ${round + 1} of ${STARTS} done`);
      if (round === STARTS - 1) await measureIdle(host, home.path, add);
      if (round === STARTS - 1) await measureHealth(ports.syncshield, rounds, add);
    } finally {
      await host.stop();
      home.remove();
    }
  }
  return [...samples].map(([name, figure]) => ({ name, ...figure }));
}

function newHome(): TemporaryHome {
  const home = temporaryHome('kiki-bench-');
  mkdirSync(home.path, { mode: 0o700 });
  return home;
}

type Add = (name: string, unit: string, value: number) => void;

async function measureIdle(host: HostProcess, home: string, add: Add): Promise<void> {
  await sleep(5000);
  add('idle memory, host', 'MiB', memoryMiB(host.pid!));
  const postmaster = host.postmasterPid()!;
  const backends = [postmaster, ...childrenOf(postmaster)];
  add(
    'idle memory, server',
    'MiB',
    backends.reduce((sum, pid) => sum + memoryMiB(pid), 0),
  );
  add('connections', 'connections', await connectionCount(home));
}

async function measureHealth(port: number, rounds: number, add: Add): Promise<void> {
  const url = `http://127.0.0.1:${port}/health`;
  await load({ url, seconds: 1, connections: 10, rate: 500 });
  for (let round = 0; round < rounds; round++) {
    const { p99Ms } = await load({ url, seconds: 2, connections: 10, rate: 500 });
    add('health p99', 'ms', p99Ms);
  }
}

/** Client connections of the host, this look not counted. */
async function connectionCount(home: string): Promise<number> {
  const server = await openPostgres({ home, name: 'bench' });
  const client = new pg.Client(server.connection);
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    return Number(rows[0]?.count);
  } finally {
    await client.end();
    await server.release();
  }
}

async function requestFigures({ rounds, note }: BenchOptions): Promise<Figure[]> {
  const secret = randomBytes(32).toString('hex');
  const home = newHome();
  const environment = { KIKI_HOME: home.path, KIKI_SECRET: secret };
  const bare = await startChild('./bare-main.js');
  const quiet = await startChild('./probe-main.js', environment);
  const logging = await startChild('./probe-main.js', { ...environment, KIKI_ACCESS_LOG: 'true' });
  const headers = {
    authorization: `Bearer ${derivedServiceKey(secret, 'kiki')}`,
    'kiki-tenant': 'default',
    'content-type': 'application/json',
  };
  const body = JSON.stringify({ id: 'probe-1', amountMicros: 1_500_000 });
  const rates: { bare: number[]; quiet: number[]; logging: number[] } = {
    bare: [],
    quiet: [],
    logging: [],
  };
  let failures = 0;
  const measure = async (url: string, seconds: number): Promise<number> => {
    const options = { url: `${url}/v1/probe`, method: 'POST' as const, headers, body };
    const result = await load({ ...options, seconds, connections: 50 });
    failures += result.failures;
    return result.requestsPerSecond;
  };
  try {
    for (const { url } of [bare, quiet, logging]) await measure(url, 2);
    for (let round = 0; round < rounds; round++) {
      rates.bare.push(await measure(bare.url, ROUND_SECONDS));
      rates.quiet.push(await measure(quiet.url, ROUND_SECONDS));
      rates.logging.push(await measure(logging.url, ROUND_SECONDS));
      note(`round ${round + 1} of ${rounds} done`);
    }
  } finally {
    await Promise.all([bare, quiet, logging].map((child) => child.stop()));
    await sleep(3000);
    home.remove();
  }
  return [
    { name: 'POST, bare Fastify', unit: 'requests/s', samples: rates.bare },
    { name: 'POST, ours', unit: 'requests/s', samples: rates.quiet },
    { name: 'POST, ours with access log', unit: 'requests/s', samples: rates.logging },
    { name: 'POST ours / bare Fastify', unit: 'ratio', samples: ratios(rates.quiet, rates.bare) },
    {
      name: 'POST ours with access log / bare Fastify',
      unit: 'ratio',
      samples: ratios(rates.logging, rates.bare),
    },
    { name: 'failed requests', unit: 'requests', samples: [failures] },
  ];
}
