/**
 * Goal: under load, with a node cut off at any moment (also within a transaction), a kill switch is
 * acknowledged soon and nothing is approved after it; the node that comes back approves nothing
 * either.
 * Method: three processes that never stop asking, one of them stopped (SIGSTOP) at a random moment,
 * the switch, more load, the node continued, more load, the switch lifted; the audit log is the
 * order of commits.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { SourceProcess, testSeed } from '@kiki/testing';
import { openControls, type ControlsFixture } from './controls.fixture.js';

const ROUNDS = 12;
let of: ControlsFixture;
let nodes: SourceProcess[] = [];

beforeAll(async () => {
  of = await openControls(false);
  for (const id of ['a', 'b']) {
    const caps = [
      { ...{ id: 'total', kind: 'total' as const, measure: 'micros' as const }, limit: 10n ** 12n },
    ];
    await of.budgets.create({ tenant: 't', id, name: id, currency: 'EUR', caps }, 'k');
  }
  const script = new URL('./kill-load.fixture.ts', import.meta.url);
  nodes = ['x', 'y', 'z'].map(
    (name) => new SourceProcess(script, [JSON.stringify(of.test.connection), name]),
  );
  // The nodes run on the store's own clock; the fixture's offset stays 0.
  await Promise.all(nodes.map((node) => node.said('ready')));
});

afterAll(async () => {
  for (const node of nodes) {
    process.kill(node.pid, 'SIGCONT');
    await node.end('SIGKILL');
  }
  await of.close();
});

const tenant = 't';
const actor = 'k';

describe('a kill switch under load', () => {
  it('lets nothing be approved after it, with a node stopped at any moment', async () => {
    let seed = testSeed();
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const ackMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const node = nodes[round % nodes.length]!;
      await sleep(20 + 60 * random());
      process.kill(node.pid, 'SIGSTOP');
      await sleep(15 * random());
      const startedMs = performance.now();
      const { id } = await of.kills.set({ tenant, actor, reason: `round ${round}` });
      ackMs.push(performance.now() - startedMs);
      await sleep(60);
      process.kill(node.pid, 'SIGCONT');
      await sleep(120);
      await of.kills.lift({ tenant, actor, id, reason: 'over' });
    }
    const counts = await ordersIn();
    expect(counts.late).toEqual([]);
    expect(counts.switches).toBe(ROUNDS);
    expect(counts.approved).toBeGreaterThan(ROUNDS);
    expect(counts.denied).toBeGreaterThan(ROUNDS);
    // 200 ms of patience with what hangs, and the change itself; wide, for the machine is shared.
    expect(ackMs.filter((ms) => ms > 2_000)).toEqual([]);
  }, 60_000);
});

/** Approvals between a switch and its end, by the order of the audit log. */
async function ordersIn() {
  const { rows } = await of.database.pool.query<{ records: string }>(
    'SELECT records FROM audit_bundles WHERE tenant = $1 ORDER BY first_seq',
    [tenant],
  );
  const counts = { switches: 0, approved: 0, denied: 0, late: [] as unknown[] };
  let isOn = false;
  for (const line of rows.flatMap(({ records }) => records.split('\n'))) {
    const leaf = JSON.parse(line) as { action: string };
    if (leaf.action === 'kill_switch.set') counts.switches++;
    if (leaf.action.startsWith('kill_switch')) isOn = leaf.action.endsWith('set');
    if (leaf.action === 'hold.denied') counts.denied++;
    if (leaf.action !== 'hold.approved') continue;
    counts.approved++;
    if (isOn) counts.late.push(leaf);
  }
  return counts;
}
