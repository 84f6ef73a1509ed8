import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '@kiki/kernel';
import { temporaryHome } from '@kiki/testing';
import type { Figure } from '../harness/benchmark.js';
import { BidLoad } from './bid-load.js';
import { PersistentClient } from './client.js';
import { freePorts, HostProcess } from './host-process.js';
import { HoldLoad } from './hold-load.js';
import { OrderLoad } from './order-load.js';
import { recountHome } from './recount.js';
import type { Torture, TortureOptions } from './torture.js';
import { Witness, type Acknowledgement } from './witness.js';

const MIN_KILLS = 20;
const MIN_IN_FLIGHT = 200;
const HOLD_WORKERS = 260;

/** Everything one run works with. */
interface Scene {
  readonly options: TortureOptions;
  readonly home: string;
  readonly host: HostProcess;
  readonly client: PersistentClient;
  readonly witness: Witness;
  readonly holds: HoldLoad;
  readonly bids: BidLoad;
  readonly orders: OrderLoad;
}

/** What the kills looked like. */
interface KillLog {
  kills: number;
  smallestInFlight: number;
  readonly recoveriesMs: number[];
}

/**
 * Kills the host, the postmaster with its backends, or both at random instants and looks for anything
 * acknowledged that is gone or changed.
 */
export const platformTorture: Torture = {
  name: 'platform',
  about:
    'kill -9 of host, PostgreSQL or both under load: nothing acknowledged is lost, nothing counts twice',
  targets: [
    { figure: 'kills', relation: '>=', bound: MIN_KILLS },
    { figure: 'smallest in flight at a kill', relation: '>=', bound: MIN_IN_FLIGHT },
    { figure: 'acknowledged', relation: '>', bound: 1000 },
    { figure: 'acknowledged but lost or changed', relation: '<=', bound: 0 },
    { figure: 'counters that differ from a recount', relation: '<=', bound: 0 },
    { figure: 'overspend', relation: '<=', bound: 0 },
    { figure: 'bids queued but never decided', relation: '<=', bound: 0 },
    { figure: 'orders lost or doubled', relation: '<=', bound: 0 },
    { figure: 'unexpected answers', relation: '<=', bound: 0 },
    { figure: 'exit code of the last stop', relation: '<=', bound: 0 },
  ],
  run: async (options) => {
    const home = temporaryHome('kiki-torture-');
    mkdirSync(home.path, { mode: 0o700 });
    try {
      return await torture(await build(options, home.path));
    } finally {
      home.remove();
    }
  },
};

async function build(options: TortureOptions, home: string): Promise<Scene> {
  const secret = randomBytes(32).toString('hex');
  const ports = await freePorts();
  const hook = new URL('./sabotage-hook.js', import.meta.url).href;
  const nodeOptions = options.isSabotaged ? [`--import=${hook}`] : [];
  const host = new HostProcess({ home, secret, ports, nodeOptions });
  const client = new PersistentClient(secret, 'default');
  const witness = new Witness(join(home, 'witness.ndjson'));
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  return {
    options,
    home,
    host,
    client,
    witness,
    holds: new HoldLoad(client, witness, url(ports.syncshield)),
    bids: new BidLoad(client, witness, url(ports.syncflow)),
    orders: new OrderLoad(client, witness, {
      engage: url(ports.syncengage),
      value: `127.0.0.1:${ports.syncvalueGrpc}`,
    }),
  };
}

async function torture(scene: Scene): Promise<Figure[]> {
  const { host, options, holds, orders, bids, witness } = scene;
  try {
    options.note(`ready after ${Math.round(await host.start())} ms; preparing`);
    await holds.prepare();
    await orders.prepare();
    await bids.prepare();
    const load = Promise.all([holds.run(HOLD_WORKERS, options.seed), orders.run(2), bids.run(2)]);
    const kills = await killAgainAndAgain(scene);
    for (const part of [holds, orders, bids]) part.stop();
    await load;
    options.note(`${witness.acknowledgements.length} acknowledged; looking each one up`);
    return [...killFigures(kills), ...(await verify(scene))];
  } catch (error) {
    options.note(host.logTail());
    throw error;
  } finally {
    orders.close();
    witness.close();
    host.kill();
  }
}

async function killAgainAndAgain({ options, host, client }: Scene): Promise<KillLog> {
  const random = new SeededRandom(options.seed);
  const log: KillLog = { kills: 0, smallestInFlight: Number.POSITIVE_INFINITY, recoveriesMs: [] };
  const endMs = performance.now() + options.minutes * 60_000;
  while (log.kills < MIN_KILLS || performance.now() < endMs) {
    await sleep(400 + random.nextInt(2600));
    while (client.inFlight < MIN_IN_FLIGHT) await sleep(1);
    const victim = (['host', 'server', 'both'] as const)[random.nextInt(3)]!;
    log.smallestInFlight = Math.min(log.smallestInFlight, client.inFlight);
    const startedMs = performance.now();
    if (victim !== 'host') host.killServer();
    if (victim !== 'server') host.kill();
    log.kills++;
    if (victim === 'server') await host.ready(60_000);
    else await host.start();
    const recoveryMs = performance.now() - startedMs;
    log.recoveriesMs.push(recoveryMs);
    options.note(`kill ${log.kills}: ${victim}; ready again after ${Math.round(recoveryMs)} ms`);
  }
  return log;
}

async function verify(scene: Scene): Promise<Figure[]> {
  const { client, holds, host, witness, home } = scene;
  const lost = await lookUpAll(scene);
  const undecided = await settleQueue(scene);
  const orders = await settleOrders(scene);
  const over = (await holds.budgets()).reduce(
    (sum, { overspendMicros }) => sum + overspendMicros,
    0n,
  );
  const unexpected = [...client.unexpected];
  for (const [code, count] of unexpected) scene.options.note(`unexpected: ${code} × ${count}`);
  const exitCode = await host.stop();
  const recounted = await recountHome(home);
  return [
    one('acknowledged', 'answers', witness.acknowledgements.length),
    one('repeated requests', 'requests', client.repeated),
    one('acknowledged but lost or changed', 'answers', lost),
    one('bids queued but never decided', 'bids', undecided),
    one('orders lost or doubled', 'orders', orders),
    one('overspend', 'micros', Number(over) + recounted.overspendMicros),
    one('counters that differ from a recount', 'counters', recounted.problems),
    one(
      'unexpected answers',
      'answers',
      unexpected.reduce((sum, [, count]) => sum + count, 0),
    ),
    one('exit code of the last stop', '', exitCode ?? 1),
  ];
}

async function lookUpAll({ witness, holds, options }: Scene): Promise<number> {
  const queue = witness.acknowledgements.filter(({ kind }) => /hold|settlement/.test(kind));
  let lost = 0;
  const check = async (acknowledged: Acknowledgement): Promise<void> => {
    const now = await holds.lookUp(acknowledged).catch((error: unknown) => String(error));
    if (now === acknowledged.answer) return;
    if (lost++ < 5) options.note(`${acknowledged.id}: was "${acknowledged.answer}", is "${now}"`);
  };
  const workers = Array.from({ length: 32 }, async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) await check(next);
  });
  await Promise.all(workers);
  return lost;
}

/** Waits until every queued bid is decided, at most two minutes; returns how many are not. */
async function settleQueue({ bids, witness }: Scene): Promise<number> {
  const queued = witness.acknowledgements.filter(({ kind }) => kind === 'bid').map(({ id }) => id);
  return patiently(async () => {
    const decided = await bids.decided();
    return queued.filter((id) => !decided.has(id)).length;
  });
}

/** Waits until SyncValue has every order once, at most two minutes; returns how many are lost or doubled. */
function settleOrders({ orders }: Scene): Promise<number> {
  return patiently(() => orders.differences());
}

async function patiently(count: () => Promise<number>): Promise<number> {
  const endMs = performance.now() + 120_000;
  for (;;) {
    const left = await count();
    if (left === 0 || performance.now() > endMs) return left;
    await sleep(500);
  }
}

function killFigures({ kills, smallestInFlight, recoveriesMs }: KillLog): Figure[] {
  return [
    one('kills', 'kills', kills),
    one('smallest in flight at a kill', 'requests', smallestInFlight),
    { name: 'time to ready after a kill', unit: 'ms', samples: recoveriesMs },
  ];
}

function one(name: string, unit: string, sample: number): Figure {
  return { name, unit, samples: [sample] };
}
