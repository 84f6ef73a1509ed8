import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '@kiki/kernel';
import { temporaryHome } from '@kiki/testing';
import type { Figure } from '../../harness/benchmark.js';
import type { Torture, TortureOptions } from '../torture.js';
import { Witness } from '../witness.js';
import { Caller } from './caller.js';
import { ShieldCluster } from './cluster.js';
import { Faults } from './faults.js';
import { runModels, type ModelReport } from './models.js';
import { RACE_TENANT, runRaces, type RaceReport } from './races.js';
import { Round } from './round.js';
import { checkInvariants, verifyRound, type Violations } from './verify.js';

const REPLICAS = 2;
const WORKERS = 24;
/** Faults before a round is closed and everything in it is looked up; fewer where there is no time at all. */
const FAULTS_PER_ROUND = 12;
const FEWEST_FAULTS = 5;
/** How the parts of the torture share the time. */
const SHARES = { models: 0.3, races: 0.15, faults: 0.55 };

type Part = keyof typeof SHARES;
const RACES = 1_000;
const MODEL_RUNS = 10_000;

/**
 * Kills replicas, stops PostgreSQL, cuts connections around COMMIT, pauses a writer and looks for money that is
 * spent too much, lost or counted twice.
 */
export const shieldTorture: Torture = {
  name: 'shield',
  about:
    'faults of every kind on two replicas of SyncShield: no overspend, nothing acknowledged lost or doubled',
  targets: [
    { figure: 'model runs that disagreed', relation: '<=', bound: 0 },
    { figure: 'races that were not won once', relation: '<=', bound: 0 },
    { figure: 'kill -9', relation: '>=', bound: 1 },
    { figure: 'acknowledged operations', relation: '>', bound: 1000 },
    { figure: 'acknowledged but lost or changed', relation: '<=', bound: 0 },
    { figure: 'doubled', relation: '<=', bound: 0 },
    { figure: 'invariants broken', relation: '<=', bound: 0 },
    { figure: 'overspend', relation: '<=', bound: 0 },
    { figure: 'unexpected answers', relation: '<=', bound: 0 },
    { figure: 'exit codes of the last stops', relation: '<=', bound: 0 },
  ],
  run: async (options) => {
    const unknown = (options.parts ?? []).find((part) => !(part in SHARES));
    if (unknown !== undefined) {
      throw new Error(`--parts: "${unknown}" is not one of ${Object.keys(SHARES).join(', ')}`);
    }
    const home = temporaryHome('kiki-torture-');
    mkdirSync(home.path, { mode: 0o700 });
    try {
      return await torture(options, home.path);
    } finally {
      home.remove();
    }
  },
};

/** Everything one run works with. */
interface Scene {
  readonly options: TortureOptions;
  readonly home: string;
  readonly cluster: ShieldCluster;
  readonly caller: Caller;
  readonly violations: Violations;
}

async function torture(options: TortureOptions, home: string): Promise<Figure[]> {
  const hook = new URL(`./sabotage-hook.js?what=${options.sabotage}`, import.meta.url).href;
  const nodeOptions = options.isSabotaged ? [`--import=${hook}`] : [];
  const cluster = await ShieldCluster.start(home, REPLICAS, nodeOptions);
  const scene: Scene = {
    options,
    home,
    cluster,
    caller: new Caller(cluster.baseUrls, cluster.secret),
    violations: { lost: [], doubled: [], broken: [], overspendMicros: 0n },
  };
  try {
    const models = await partOf(scene, 'models', model);
    const races = await partOf(scene, 'races', race);
    const faults = await partOf(scene, 'faults', breakThings);
    const acknowledged = [models?.commands, races?.acknowledged, faults?.acknowledged];
    const exitCodes = await Promise.all(cluster.replicas.map((replica) => replica.stop()));
    return [
      ...(models === undefined ? [] : modelFigures(models)),
      ...(races === undefined ? [] : raceFigures(races)),
      ...(faults?.figures ?? []),
      ...violationFigures(
        scene,
        acknowledged.reduce<number>((sum, of = 0) => sum + of, 0),
      ),
      one('exit codes of the last stops', '', exitCodes.filter((code) => code !== 0).length),
    ];
  } catch (error) {
    for (const replica of cluster.replicas) options.note(replica.logTail());
    throw error;
  } finally {
    await cluster.close();
  }
}

/** Runs a part for its share of the time, unless it is left out. @param run gets the end of its time */
async function partOf<T>(
  scene: Scene,
  part: Part,
  run: (scene: Scene, endMs: number) => Promise<T>,
): Promise<T | undefined> {
  const { minutes, parts = Object.keys(SHARES) } = scene.options;
  if (!parts.includes(part)) return undefined;
  const all = Object.entries(SHARES).reduce(
    (sum, [of, share]) => sum + (parts.includes(of) ? share : 0),
    0,
  );
  return run(scene, performance.now() + (SHARES[part] / all) * minutes * 60_000);
}

async function model({ options, cluster }: Scene, endMs: number): Promise<ModelReport> {
  const models = await runModels({
    seed: options.seed,
    runs: MODEL_RUNS,
    connection: cluster.connection,
    isOver: () => performance.now() > endMs,
  });
  const { onPostgres, disagreements } = models;
  options.note(`${onPostgres} model runs of 100 commands, ${disagreements.length} disagreed`);
  for (const line of disagreements.slice(0, 3)) options.note(line);
  return models;
}

async function race({ options, caller, cluster }: Scene, endMs: number): Promise<RaceReport> {
  await cluster.createTenant(RACE_TENANT);
  const races = await runRaces(caller, RACES, () => performance.now() > endMs);
  options.note(`${races.races} races of 200 callers for the last unit, ${races.wrong} wrong`);
  return races;
}

async function breakThings(
  scene: Scene,
  endMs: number,
): Promise<{ readonly figures: Figure[]; readonly acknowledged: number }> {
  const { options, cluster, violations } = scene;
  const random = new SeededRandom(options.seed);
  const faults = new Faults(cluster, random, options.note);
  let acknowledged = 0;
  let rounds = 0;
  for (; rounds === 0 || performance.now() < endMs; rounds++) {
    acknowledged += await oneRound(scene, faults, rounds, random);
    if (violations.lost.length + violations.doubled.length + violations.broken.length > 0) break;
  }
  const { kills, serverStops, cuts, pauses, resets } = faults.log;
  const figures = [
    one('rounds', 'rounds', rounds),
    one('kill -9', 'kills', kills),
    one('stops of PostgreSQL', 'stops', serverStops),
    one('cuts around COMMIT', 'cuts', cuts),
    one('paused writers', 'pauses', pauses),
    one('resets of all connections', 'resets', resets),
    { name: 'time to ready after a fault', unit: 'ms', samples: faults.recoveriesMs },
    one('acknowledged under faults', 'operations', acknowledged),
  ];
  return { figures, acknowledged };
}

/** A tenant of its own under load and faults; afterwards everything it was told is asked for again. */
async function oneRound(
  scene: Scene,
  faults: Faults,
  number: number,
  random: SeededRandom,
): Promise<number> {
  const { options, cluster, caller, violations, home } = scene;
  const path = join(home, `witness-${number}.ndjson`);
  const witness = new Witness(path);
  const round = new Round(`round-${options.seed}-${number}`, caller, witness);
  await cluster.createTenant(round.tenant);
  await round.prepare();
  const load = round.run(WORKERS, options.seed * 1_009 + number);
  const count = options.minutes === 0 ? FEWEST_FAULTS : FAULTS_PER_ROUND;
  for (let i = 0; i < count; i++) {
    await sleep(100 + random.nextInt(900));
    await faults.next();
    await checkInvariants(cluster.database, round.tenant, violations);
  }
  round.stop();
  await load;
  witness.close();
  const witnessed = readFileSync(path, 'utf8').split('\n').length - 1;
  const { acknowledged } = round.book;
  if (witnessed !== acknowledged) {
    violations.lost.push(`${witnessed} of ${acknowledged} were witnessed`);
  }
  await verifyRound(round, caller, cluster.database, violations);
  options.note(`round ${number}: ${acknowledged} acknowledged, each asked for again`);
  rmSync(path);
  return acknowledged;
}

function modelFigures(models: ModelReport): Figure[] {
  return [
    one('model runs in memory', 'runs', models.inMemory),
    one('model runs on PostgreSQL', 'runs', models.onPostgres),
    one('commands of the models', 'commands', models.commands),
    one('approved in the models', 'holds', models.approved),
    one('COMMITs lost in the models', 'commits', models.losses),
    one('model runs that disagreed', 'runs', models.disagreements.length),
  ];
}

function raceFigures({ races, wrong, acknowledged }: RaceReport): Figure[] {
  return [
    one('races for the last unit', 'races', races),
    one('races that were not won once', 'races', wrong),
    one('acknowledged in races', 'operations', acknowledged),
  ];
}

function violationFigures(scene: Scene, acknowledged: number): Figure[] {
  const { options, caller, cluster, violations } = scene;
  const { lost, doubled, broken, overspendMicros } = violations;
  for (const line of [...lost, ...doubled, ...broken].slice(0, 10)) options.note(line);
  for (const [code, times] of caller.unexpected) options.note(`unexpected: ${code} × ${times}`);
  const unexpected = [...caller.unexpected.values()].reduce((sum, times) => sum + times, 0);
  const errors = unexpected > 0 ? cluster.replicas.flatMap((replica) => replica.errorLines()) : [];
  for (const line of errors.slice(-10)) options.note(line);
  return [
    one('acknowledged operations', 'operations', acknowledged),
    one('requests repeated', 'requests', caller.repeated),
    one('acknowledged but lost or changed', 'operations', lost.length),
    one('doubled', 'sums', doubled.length),
    one('invariants broken', 'findings', broken.length),
    one('overspend', 'micros', Number(overspendMicros)),
    one('unexpected answers', 'answers', unexpected),
  ];
}

function one(name: string, unit: string, sample: number): Figure {
  return { name, unit, samples: [sample] };
}
