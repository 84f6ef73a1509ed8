/**
 * Goal: the demo runs the main job from a log to mails on a fresh machine and keeps its promises;
 * `kiki up` starts and stops everything. Method: the built command as a process, on homes of its own;
 * its last line is read as a program would.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  childEnvironment,
  databaseUrl,
  debianPostgresMissing,
  describeUnless,
  redisMissing,
  removeHome,
  repositoryRoot,
  startDebianPostgres,
  startRedis,
  waitFor,
} from '@kiki/testing';

const main = path.join(repositoryRoot, 'apps', 'kiki', 'dist', 'main.js');
const folder = mkdtempSync(path.join(tmpdir(), 'kiki-demo-'));
const RUN_MS = 240_000;

afterAll(() => {
  for (const name of ['home', 'home-laptop', 'home-other', 'home-standard', 'home-again']) {
    removeHome(path.join(folder, name));
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a program without our types would
type Result = Readonly<Record<string, any>>;

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  stdout: string;
  stderr: string;
}

function start(args: readonly string[], environment: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { ...childEnvironment(), KIKI_HOME: path.join(folder, 'home'), ...environment },
  });
  const started: Started = {
    child,
    stdout: '',
    stderr: '',
    ended: new Promise((resolve) =>
      child.on('close', (exitCode) =>
        resolve({ exitCode, stdout: started.stdout, stderr: started.stderr }),
      ),
    ),
  };
  child.stdout.on('data', (chunk: Buffer) => (started.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (started.stderr += chunk.toString()));
  return started;
}

function kiki(args: readonly string[], environment?: Record<string, string>): Promise<Outcome> {
  return start(args, environment).ended;
}

async function demo(name: string, seed: number, environment = {}): Promise<Result> {
  const args = ['demo', '--json', '--opportunities', '2000', '--seed', String(seed)];
  const own = { KIKI_HOME: path.join(folder, `home-${name}`), ...environment };
  const run = await kiki([...args, '--out', path.join(folder, `out-${name}`)], own);
  if (run.exitCode !== 0)
    throw new Error(`demo ${name} ended with ${run.exitCode}:\n${run.stderr}`);
  expect(run.stderr).toContain('SIMULATED');
  return JSON.parse(run.stdout.trimEnd().split('\n').at(-1) ?? '') as Result;
}

/** The same demo on Redis and PostgreSQL of this machine. */
async function standardDemo(seed: number): Promise<Result> {
  const [postgres, redis] = [await startDebianPostgres(), await startRedis()];
  try {
    const url = databaseUrl(postgres!.connection);
    return await demo('standard', seed, { DATABASE_URL: url, REDIS_URL: redis!.url });
  } finally {
    await redis?.stop();
    await postgres?.stop();
  }
}

const noStandard = redisMissing() ?? debianPostgresMissing();

describe('kiki demo', () => {
  let result: Result;
  let other: Result;
  let same: Result;

  // Side by side: most of a small demo is waiting for holds to end.
  beforeAll(async () => {
    [result, other, same] = await Promise.all([
      demo('laptop', 7),
      demo('other', 8),
      noStandard === undefined ? standardDemo(7) : demo('again', 7),
    ]);
  }, RUN_MS);

  it('answers with every key, and with identities that hold', () => {
    expect(Object.keys(result)).toEqual([
      ...['profile', 'orders', 'model', 'backtest', 'bids', 'budgets', 'overspendMicros'],
      ...['decisionsDigest', 'creatives', 'retention', 'durationMs'],
    ]);
    const { bids, budgets, retention, orders, model } = result;
    expect(result).toMatchObject({ profile: 'laptop', overspendMicros: 0 });
    expect(orders).toMatchObject({ simulated: true, customers: 2500 });
    expect(model).toMatchObject({ kind: 'bg_nbd', timeUnit: 'week' });
    expect(bids.opportunities).toBe(bids.placed + bids.noBid);
    expect(bids.opportunities).toBe(2000);
    expect(bids.fallback).toBeGreaterThan(0);
    expect(retention.atRisk).toBe(retention.heldOut + retention.suppressed + retention.messaged);
    expect(retention.messaged).toBeGreaterThan(0);
    for (const { spentMicros, heldMicros, limitMicros } of budgets) {
      expect(heldMicros).toBe(0);
      expect(spentMicros).toBeLessThanOrEqual(limitMicros);
    }
    const ranOut = budgets.filter(({ exhausted }: Result) => exhausted);
    const ids = ranOut.map(({ id }: Result) => id);
    expect(ids).toEqual(expect.arrayContaining(['flash-sale', 'launch']));
    const [root, ...children] = budgets;
    const spent = children.reduce((sum: number, { spentMicros }: Result) => sum + spentMicros, 0);
    expect(root.spentMicros).toBe(spent);
  });

  it('leaves 25 creatives behind that are what it says they are', () => {
    const { creatives } = result;
    expect(creatives).toHaveLength(25);
    const placements = Map.groupBy(creatives, ({ platform }: Result) => platform);
    expect(placements.size).toBe(5);
    for (const made of placements.values()) {
      expect(new Set(made.map(({ sha256 }: Result) => sha256)).size).toBe(5);
    }
    for (const { path: file, sha256, bytes, passed } of creatives) {
      const stored = readFileSync(file);
      expect([stored.length, createHash('sha256').update(stored).digest('hex')]).toEqual([
        bytes,
        sha256,
      ]);
      expect(passed).toBe(true);
    }
  });

  it('decides the same for the same seed and something else for another', () => {
    expect(same.decisionsDigest).toBe(result.decisionsDigest);
    expect(other.decisionsDigest).not.toBe(result.decisionsDigest);
    expect(other.bids).not.toEqual(result.bids);
    expect(other.orders.rows).not.toBe(result.orders.rows);
  });

  describeUnless(noStandard, 'on Redis and PostgreSQL', () => {
    it('keeps its promises on the standard profile, too', () => {
      expect(same).toMatchObject({ profile: 'standard', overspendMicros: 0 });
      expect(same.budgets.every(({ heldMicros }: Result) => heldMicros === 0)).toBe(true);
    });
  });
});

describe('kiki demo on a bad log', () => {
  it('says which line is wrong and starts nothing', async () => {
    const file = path.join(folder, 'bad.csv');
    writeFileSync(file, 'customer,date,amount\na,2025-01-01,10\nb,2025-02-30,7\n');
    const { exitCode, stdout, stderr } = await kiki(['demo', '--json', '--orders', file]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Line 3, date: "2025-02-30"')]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'date_invalid' } });
  });
});

describe('kiki up', () => {
  it('starts all five, answers for all on one port, and ends cleanly on Ctrl-C', async () => {
    const up = start(['up', '--port-base', '0', '--json'], { KIKI_HOME: path.join(folder, 'up') });
    await waitFor(() => up.stdout.includes('\n') || up.child.exitCode !== null, {
      timeoutMs: 60_000,
      what: `kiki up\n${up.stderr}`,
    });
    const { url, services, firstKey, profile } = JSON.parse(up.stdout) as Result;
    expect([profile, services.length]).toEqual(['laptop', 5]);
    expect(firstKey).toMatch(/^kiki_live_/);
    const ready = await fetch(`${url}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'ready' }]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const { name } of services) expect(metrics).toContain(`kiki_${name}_build_info`);
    up.child.kill('SIGINT');
    up.child.kill('SIGINT');
    expect(await up.ended).toMatchObject({ exitCode: 0 });
  }, 90_000);
});
