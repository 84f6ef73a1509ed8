import { SeededRandom } from '@kiki/kernel';
import type { ConnectionOptions } from '@kiki/postgres';
import { recount } from '@kiki/service-syncshield';
import {
  DRAW_LENGTH,
  ModelRun,
  ModelStore,
  SETUP_DRAWS,
  StoreModelRun,
  type Draw,
} from '@kiki/service-syncshield/conformance';

const COMMANDS = 100;
/** Runs at the same time, each on a schema of its own. */
const LANES = 3;

/** What the models came to. */
export interface ModelReport {
  /** Runs of a hundred commands each, on the rules in memory and on PostgreSQL. */
  readonly inMemory: number;
  readonly onPostgres: number;
  readonly commands: number;
  readonly approved: number;
  /** COMMITs whose outcome was lost. */
  readonly losses: number;
  /** Runs in which the ledger and the reference did not agree, with what they said. */
  readonly disagreements: string[];
}

/** Which runs, and until when. */
export interface ModelOrder {
  readonly seed: number;
  readonly runs: number;
  readonly connection: ConnectionOptions;
  isOver(): boolean;
}

/** Random commands to the ledger and to a reference that sums everything anew; each run has a seed of its own. */
export async function runModels(order: ModelOrder): Promise<ModelReport> {
  const report = {
    ...{ inMemory: 0, onPostgres: 0, commands: 0, approved: 0, losses: 0 },
    disagreements: [] as string[],
  };
  const queue = Array.from({ length: order.runs }, (_, n) => n).values();
  const isOver = (): boolean => order.isOver() || report.disagreements.length > 0;
  const lane = async (number: number): Promise<void> => {
    const store = await ModelStore.open(order.connection, `model_${number}`);
    try {
      for (const n of queue) {
        if (isOver()) return;
        await runBoth(store, order.seed, n, report);
      }
    } finally {
      await store.close();
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
  return report;
}

type Tally = { -readonly [K in keyof ModelReport]: ModelReport[K] };

async function runBoth(store: ModelStore, seed: number, n: number, report: Tally): Promise<void> {
  const at = `model ${seed}/${n}`;
  try {
    runInMemory(seed, n);
    report.inMemory++;
    const { draw, setup } = drawsOf(seed, n);
    const tenant = `run-${n}`;
    const run = await StoreModelRun.start(store, tenant, setup);
    while (run.commands < COMMANDS) await run.step(draw());
    await run.compare();
    const { problems } = await recount(store.database, tenant);
    for (const problem of problems) {
      report.disagreements.push(`${at}: recount: ${JSON.stringify(problem)}`);
    }
    report.onPostgres++;
    report.commands += run.commands;
    report.approved += run.approved;
    report.losses += run.losses;
  } catch (error) {
    report.disagreements.push(`${at}: ${String(error)}`);
  }
}

function runInMemory(seed: number, n: number): void {
  const { draw, setup } = drawsOf(seed, n);
  const run = new ModelRun(setup);
  while (run.commands < COMMANDS) run.step(draw());
}

function drawsOf(seed: number, n: number): { draw: () => Draw; setup: Draw[] } {
  const random = new SeededRandom(seed * 1_000_003 + n);
  const draw = (): Draw => Array.from({ length: DRAW_LENGTH }, () => random.nextInt(1_000_000));
  return { draw, setup: Array.from({ length: SETUP_DRAWS }, draw) };
}
