/**
 * Goal: the main job runs over five processes that were started in any order, decides exactly as it does within one
 * process, and survives the death of two of them; services that were not prepared for it are named. Method: the five
 * over one home, with the environment that the command prints; one is killed before the job, SyncShield while bids
 * run; the same demo runs on its own beside it. The seed of order and victim is in the title.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SeededRandom } from '@kiki/kernel';
import {
  childEnvironment,
  describeUnless,
  removeHome,
  repositoryRoot,
  testSeed,
  waitFor,
} from '@kiki/testing';
import { freePortBase } from './free-port-base.ts';
import { ServiceProcess } from './service-process.ts';
import { tooLong } from './too-long.ts';

const HTTP_NAMES = ['syncshield', 'syncflow', 'syncengage', 'synccreate'];
const main = path.join(repositoryRoot, 'apps', 'kiki', 'dist', 'main.js');
const seed = testSeed();
const random = new SeededRandom(seed);
const folder = mkdtempSync(path.join(tmpdir(), 'kiki-attached-'));
const home = path.join(folder, 'home');
const ownHome = path.join(folder, 'own-home');
/** Behind the six ports of the services. */
const STAND_INS_AT = 6;

let base: number;
let services: ServiceProcess[];

/** Fisher–Yates with a seed. */
function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.nextInt(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

interface Outcome {
  readonly exitCode: number | null;
  readonly stderr: string;
  /** The last line of standard output, parsed. */
  readonly result: Readonly<Record<string, unknown>>;
}

function demo(args: readonly string[], environment: Record<string, string>): Promise<Outcome> {
  const child = spawn(process.execPath, [main, 'demo', '--json', ...args], {
    cwd: folder,
    env: { ...childEnvironment(), ...environment },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) =>
    child.on('close', (exitCode) => {
      const line = stdout.trimEnd().split('\n').at(-1) ?? '';
      const result = (line === '' ? {} : JSON.parse(line)) as Outcome['result'];
      resolve({ exitCode, stderr, result });
    }),
  );
}

const size = ['--opportunities', '2000', '--seed', '7'];

/** The demo over the five, from a shell that knows where they are. */
function attached(args: readonly string[]): Promise<Outcome> {
  const urls = HTTP_NAMES.map(
    (name, i) => [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${base + 1 + i}`] as const,
  );
  return demo(['--attach', '--stand-in-port', String(base + STAND_INS_AT), ...args], {
    KIKI_HOME: home,
    SYNCVALUE_URL: `127.0.0.1:${base}`,
    ...Object.fromEntries(urls),
  });
}

async function restart(service: ServiceProcess): Promise<void> {
  expect(await service.end('SIGKILL')).toBe('SIGKILL');
  service.start();
  await service.ready();
}

/** Bids that were placed so far. */
async function placed(): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${base + 2}/metrics`)).text();
  const counts = page.matchAll(/^kiki_syncflow_bids_total\{[^}]*placed[^}]*\} (\S+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

beforeAll(async () => {
  base = await freePortBase();
  const at = String(base + STAND_INS_AT);
  const printed = await demo(['--print-environment', '--stand-in-port', at], { KIKI_HOME: home });
  const environment = printed.result['environment'] as Record<string, string>;
  const settings = { KIKI_HOME: home, LOG_LEVEL: 'warn', ...environment };
  services = shuffled(['syncvalue', ...HTTP_NAMES]).map(
    (name) => new ServiceProcess(name, settings, ['--port-base', String(base)]),
  );
  for (const service of services) service.start();
  await Promise.all(services.map((service) => service.ready()));
}, 120_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.end('SIGKILL')));
  for (const one of [home, ownHome]) removeHome(one);
  rmSync(folder, { recursive: true, force: true });
});

describeUnless(tooLong(), `kiki demo --attach (KIKI_TEST_SEED=${seed})`, () => {
  it('names every setting that the services were not started with', async () => {
    const { exitCode, stderr } = await attached(['--stand-in-port', String(base + 7)]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('demo_unprepared')]);
    expect(stderr).toContain(
      `syncflow needs SYNCVALUE_URL=127.0.0.1:${base + 7}, but has 127.0.0.1:${base + 6}.`,
    );
    expect(stderr).toContain('syncflow needs SYNCFLOW_EXCHANGES=search=http');
    expect(stderr).toContain(`syncengage needs SYNCENGAGE_SMTP_URL=smtp://127.0.0.1:${base + 9}`);
  }, 60_000);

  it('decides as the demo of one process does, though one service died before and one meanwhile', async () => {
    await restart(services[random.nextInt(services.length)]!);
    const alone = demo([...size, '--out', 'alone'], { KIKI_HOME: ownHome });
    const running = attached([...size, '--out', 'attached']);
    const shield = services.find(({ name }) => name === 'syncshield')!;
    let isOver = false;
    void running.then(() => (isOver = true));
    const before = await placed();
    await waitFor(async () => isOver || (await placed()) > before, { timeoutMs: 120_000 });
    expect(isOver).toBe(false);
    await restart(shield);
    const [one, five] = await Promise.all([alone, running]);
    expect([five.exitCode, five.stderr]).toEqual([0, expect.stringContaining('SIMULATED')]);
    expect(one.exitCode).toBe(0);
    expect(five.result['decisionsDigest']).toBe(one.result['decisionsDigest']);
    expect(five.result).toMatchObject({ profile: 'laptop', overspendMicros: 0 });
    const { opportunities, placed: bids, noBid, fallback } = five.result['bids'] as Counts;
    expect(opportunities).toBe(bids! + noBid!);
    expect(fallback).toBeGreaterThan(0);
    for (const { heldMicros } of five.result['budgets'] as Counts[]) expect(heldMicros).toBe(0);
    const { atRisk, heldOut, suppressed, messaged } = five.result['retention'] as Counts;
    expect(atRisk).toBe(heldOut! + suppressed! + messaged!);
    expect(five.result['creatives']).toHaveLength(25);
  }, 240_000);
});

type Counts = Readonly<Record<string, number>>;
