import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '@kiki/kernel';
import { openPostgres, type PostgresServer } from '@kiki/postgres';
import { freePort, temporaryHome } from '@kiki/testing';
import type { Figure } from '../harness/benchmark.js';
import { PersistentClient } from './client.js';
import { killPostmaster } from './postmaster.js';
import type { Torture, TortureOptions } from './torture.js';
import { ValueLoad } from './value-load.js';
import { ServiceProcess } from './service-process.js';
import { recountValue } from './value-recount.js';
import { Witness } from './witness.js';

const WORKERS = 6;
/** Three of five kills hit the service, one the server, one both. */
const VICTIMS = ['service', 'service', 'service', 'server', 'both'] as const;

/** Everything one run works with. */
interface Scene {
  readonly options: TortureOptions;
  readonly home: string;
  readonly service: ServiceProcess;
  readonly client: PersistentClient;
  readonly witness: Witness;
  readonly load: ValueLoad;
}

/**
 * Kills SyncValue, the postmaster with its backends, or both in the middle of ingest and looks for rows that
 * are lost, doubled or counted in part.
 */
export const valueTorture: Torture = {
  name: 'value',
  about: 'kill -9 of SyncValue or PostgreSQL during ingest: every acknowledged row is there once',
  targets: [
    { figure: 'kills', relation: '>=', bound: 50 },
    { figure: 'smallest in flight at a kill', relation: '>=', bound: 1 },
    { figure: 'calls without an answer', relation: '>=', bound: 1 },
    { figure: 'acknowledged rows', relation: '>', bound: 1000 },
    { figure: 'acknowledged but missing', relation: '<=', bound: 0 },
    { figure: 'stored more than once', relation: '<=', bound: 0 },
    { figure: 'stored but never sent', relation: '<=', bound: 0 },
    { figure: 'chunks stored in part', relation: '<=', bound: 0 },
    { figure: 'customer states that differ from a rebuild', relation: '<=', bound: 0 },
    { figure: 'totals that differ', relation: '<=', bound: 0 },
    { figure: 'acknowledgements that do not add up', relation: '<=', bound: 0 },
    { figure: 'unexpected answers', relation: '<=', bound: 0 },
    { figure: 'exit code of the last stop', relation: '<=', bound: 0 },
  ],
  run: async (options) => {
    const home = temporaryHome('kiki-torture-');
    mkdirSync(home.path, { mode: 0o700 });
    // Held throughout: a killed service is not what stops the server.
    const server = await openPostgres({ home: home.path, name: 'torture' });
    try {
      return await torture(await build(options, home.path), server);
    } finally {
      await server.stop();
      home.remove();
    }
  },
};

async function build(options: TortureOptions, home: string): Promise<Scene> {
  const secret = randomBytes(32).toString('hex');
  const [httpPort, grpcPort] = await twoPorts();
  const hook = new URL('./value-sabotage-hook.js', import.meta.url).href;
  const nodeOptions = options.isSabotaged ? [`--import=${hook}`] : [];
  const environment = {
    KIKI_HOME: home,
    KIKI_SECRET: secret,
    SYNCVALUE_HTTP_PORT: String(httpPort),
    SYNCVALUE_GRPC_PORT: String(grpcPort),
  };
  const app = { app: 'syncvalue', folder: home, httpPort };
  const service = new ServiceProcess({ ...app, environment, nodeOptions });
  const client = new PersistentClient(secret, 'default');
  const witness = new Witness(join(home, 'witness.ndjson'));
  const load = new ValueLoad(client, witness, `127.0.0.1:${grpcPort}`);
  return { options, home, service, client, witness, load };
}

async function twoPorts(): Promise<[number, number]> {
  const first = await freePort();
  for (;;) {
    const second = await freePort();
    if (second !== first) return [first, second];
  }
}

async function torture(scene: Scene, server: PostgresServer): Promise<Figure[]> {
  const { options, service, load, witness } = scene;
  try {
    await service.start();
    const running = load.run(WORKERS, options.seed);
    const kills = await killAgainAndAgain(scene);
    load.stop();
    await running;
    const exitCode = await service.stop();
    await server.release();
    options.note(`${witness.acknowledgements.length} calls acknowledged; counting again`);
    return [
      ...kills,
      ...(await verify(scene)),
      one('exit code of the last stop', '', exitCode ?? 1),
    ];
  } catch (error) {
    options.note(service.logTail());
    throw error;
  } finally {
    load.close();
    witness.close();
    await service.kill();
  }
}

async function killAgainAndAgain({
  options,
  home,
  service,
  client,
  witness,
}: Scene): Promise<Figure[]> {
  const random = new SeededRandom(options.seed);
  const recoveriesMs: number[] = [];
  let smallestInFlight = Number.POSITIVE_INFINITY;
  while (recoveriesMs.length < options.kills) {
    // Only a client that was answered since the last kill is surely in the middle of its work.
    const before = witness.acknowledgements.length;
    while (witness.acknowledgements.length === before) await sleep(1);
    await sleep(random.nextInt(1500));
    while (client.inFlight === 0) await sleep(1);
    smallestInFlight = Math.min(smallestInFlight, client.inFlight);
    const victim = VICTIMS[random.nextInt(VICTIMS.length)] ?? 'service';
    const startedMs = performance.now();
    if (victim !== 'service') killPostmaster(home);
    if (victim !== 'server') await service.kill();
    if (victim === 'server') await service.ready();
    else await service.start();
    recoveriesMs.push(performance.now() - startedMs);
    const tookMs = Math.round(recoveriesMs.at(-1) ?? 0);
    options.note(`kill ${recoveriesMs.length}: ${victim}; ready again after ${tookMs} ms`);
  }
  return [
    one('kills', 'kills', recoveriesMs.length),
    one('smallest in flight at a kill', 'calls', smallestInFlight),
    { name: 'time to ready after a kill', unit: 'ms', samples: recoveriesMs },
  ];
}

async function verify({ options, home, load, client, witness }: Scene): Promise<Figure[]> {
  const acknowledged = new Set(witness.acknowledgements.map(({ id }) => id));
  const count = await recountValue(home, [...load.sent.values()], ({ id }) => acknowledged.has(id));
  for (const line of load.wrong.slice(0, 5)) options.note(`does not add up: ${line}`);
  for (const [code, times] of client.unexpected) options.note(`unexpected: ${code} × ${times}`);
  const rows = witness.acknowledgements.reduce((sum, { answer }) => sum + Number(answer), 0);
  const unexpected = [...client.unexpected.values()].reduce((sum, times) => sum + times, 0);
  return [
    one('acknowledged rows', 'rows', rows),
    one('stored rows', 'rows', count.storedRows),
    one('calls without an answer', 'calls', client.repeated),
    one('calls given up', 'calls', load.abandoned.size),
    one('acknowledged but missing', 'rows', count.missing),
    one('stored more than once', 'rows', count.doubled),
    one('stored but never sent', 'rows', count.foreign),
    one('chunks stored in part', 'chunks', count.torn),
    one('customer states that differ from a rebuild', 'customers', count.wrongStates),
    one('totals that differ', 'totals', count.wrongTotals),
    one('acknowledgements that do not add up', 'calls', load.wrong.length),
    one('unexpected answers', 'answers', unexpected),
  ];
}

function one(name: string, unit: string, sample: number): Figure {
  return { name, unit, samples: [sample] };
}
