/**
 * Goal: on PostgreSQL every answer and every counter is that of a reference ledger, whichever process decides,
 * whatever becomes of a COMMIT and wherever the clock jumps.
 * Method: runs of a hundred random commands on a real server; `npm run torture -- shield` makes ten thousand.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { testSeed, createTestDatabase, type TestDatabase } from '@kiki/testing';
import { DRAW_LENGTH, type Draw } from '../../domain/model/model-draws.js';
import { SETUP_DRAWS } from '../../domain/model/model-setup.js';
import { ModelStore } from './model-store.js';
import { recount } from './recount.js';
import { StoreModelRun } from './store-model-run.js';

const RUNS = 12;
const COMMANDS = 100;

let test: TestDatabase;
let store: ModelStore;

beforeAll(async () => {
  test = await createTestDatabase({ schema: 'unused' });
  store = await ModelStore.open(test.connection, 'model');
}, 60_000);

afterAll(async () => {
  await store.close();
  await test.drop();
});

it('answers and counts as the reference does', async () => {
  const random = new SeededRandom(testSeed());
  const draw = (): Draw => Array.from({ length: DRAW_LENGTH }, () => random.nextInt(1_000_000));
  let approved = 0;
  let losses = 0;
  for (let n = 0; n < RUNS; n++) {
    const tenant = `run-${n}`;
    const setup = Array.from({ length: SETUP_DRAWS }, draw);
    const run = await StoreModelRun.start(store, tenant, setup);
    while (run.commands < COMMANDS) await run.step(draw());
    await run.compare();
    expect((await recount(store.database, tenant)).problems).toEqual([]);
    approved += run.approved;
    losses += run.losses;
  }
  expect(approved).toBeGreaterThan(RUNS);
  expect(losses).toBeGreaterThan(RUNS / 2);
}, 120_000);
