/**
 * Goal: whatever becomes of calls, clocks and processes, a node never spends what the ledger does
 * not stand for, and everything that was spent is booked in the end.
 * Method: the client on a fake clock against the rules in memory; fast-check chooses what is spent,
 * which calls and answers are lost or late, and when the process dies and starts again.
 */
import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '@kiki/kernel';
import { FakeClock, testSeed } from '@kiki/testing';
import * as fc from 'fast-check';
import { LeaseClient } from './lease-client.js';
import { LeaseJournal, type JournalLine, type LeftLease } from './lease-journal.js';
import { LeaseLedger, ScriptedTransport, type Fate } from './lease-ledger.fixture.js';

const BUDGET = 'b1';
const STEP_MS = 10;

/** What survives a process: lines count once `write` has come back, as on a disk. */
class Disk {
  readonly lines = new Map<string, bigint>();
  epoch = 0;

  open(clock: FakeClock, isDead: () => boolean): LeaseJournal {
    const { lines } = this;
    const left: LeftLease[] = [...lines].map(([leaseId, uptoMicros]) => ({ leaseId, uptoMicros }));
    const epoch = ++this.epoch;
    return new (class extends LeaseJournal {
      override readonly left = left;
      override readonly epoch = epoch;
      override async write(news: readonly JournalLine[]): Promise<void> {
        await clock.sleep(15);
        if (isDead()) return new Promise(() => undefined);
        for (const { leaseId, uptoMicros } of news) lines.set(leaseId, uptoMicros);
      }
      override forget(leaseId: string): void {
        if (!isDead()) lines.delete(leaseId);
      }
      override close(): Promise<void> {
        return Promise.resolve();
      }
    })();
  }
}

/** Time that passes while nothing of the process runs. */
class JumpingClock extends FakeClock {
  jumpMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.jumpMs;
  }
}

interface World {
  readonly clock: JumpingClock;
  readonly ledger: LeaseLedger;
  readonly disk: Disk | undefined;
  spentMicros: bigint;
  node: { client: LeaseClient; transport: ScriptedTransport };
}

type Network = () => { readonly fate: Fate; readonly delayMs: number };

function startNode(world: Omit<World, 'node'>, network: Network, seed: number): World['node'] {
  const { clock, ledger, disk } = world;
  const transport = new ScriptedTransport(ledger, clock, network);
  const journal = disk?.open(clock, () => transport.isDead);
  const client = new LeaseClient({
    ...{ transport, nodeId: 'n1', clock, random: new SeededRandom(seed) },
    ...(journal === undefined ? {} : { journal }),
    settings: { leastAskMicros: 1_000n },
  });
  return { client, transport };
}

function newWorld(limitMicros: bigint, network: Network, hasJournal: boolean, seed = 1): World {
  const clock = new JumpingClock();
  const ledger = new LeaseLedger(clock, limitMicros);
  const parts = { clock, ledger, disk: hasJournal ? new Disk() : undefined, spentMicros: 0n };
  return { ...parts, node: startNode(parts, network, seed) };
}

const perfect: Network = () => ({ fate: 'answered', delayMs: 1 });

/** Spends as often as asked, time moving on, and checks what must hold at every step. */
async function spend(world: World, amountMicros: bigint, times: number): Promise<number> {
  let spent = 0;
  for (let time = 0; time < times; time++) {
    if (world.node.client.trySpend(BUDGET, amountMicros) === 'spent') {
      world.spentMicros += amountMicros;
      spent++;
    }
    await world.clock.advance(STEP_MS);
    world.ledger.closeSilent();
    expect(world.ledger.used()).toBeLessThanOrEqual(world.ledger.limitMicros);
    expect(world.spentMicros).toBeLessThanOrEqual(world.ledger.limitMicros);
  }
  return spent;
}

async function close(world: World): Promise<boolean> {
  const closing = world.node.client.close();
  await world.clock.advance(15_000);
  return closing;
}

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('spend' as const),
      amount: fc.bigInt(1n, 300n),
      times: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ min: 1, max: 8_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('die' as const),
      afterMs: fc.integer({ min: 0, max: 7_000 }),
    }),
  },
);
const weather = fc.array(
  fc.record({
    fate: fc.constantFrom<Fate>('answered', 'answered', 'answered', 'lost', 'answer_lost'),
    delayMs: fc.constantFrom(0, 1, 5, 40, 400, 3_000),
  }),
  { minLength: 1, maxLength: 40 },
);

/** Calls meet the weather in turn; when it is over every call is answered. */
function networkOf(script: readonly ReturnType<Network>[]): Network {
  let at = 0;
  return () => script[at++] ?? { fate: 'answered', delayMs: 1 };
}

describe('a lease client', () => {
  it('spends from memory, renews, and books exactly what was spent', async () => {
    const world = newWorld(10_000_000n, perfect, false);
    expect(world.node.client.trySpend(BUDGET, 10n)).toBe('waiting');
    const spent = await spend(world, 100n, 1_000);
    expect(spent).toBeGreaterThan(950);
    const { grants, failedReports } = world.node.client.stats();
    expect(grants).toBeGreaterThanOrEqual(5);
    expect(failedReports).toBe(0);
    expect(await close(world)).toBe(true);
    expect(world.ledger.booked()).toBe(world.spentMicros);
    expect(world.ledger.used()).toBe(world.spentMicros);
    expect(world.node.client.trySpend(BUDGET, 10n)).toBe('closed');
  });

  it('stops before the time of a slice is over when the service is gone', async () => {
    let fate: Fate = 'answered';
    const world = newWorld(10_000_000n, () => ({ fate, delayMs: 1 }), false);
    await spend(world, 100n, 20);
    fate = 'lost';
    await spend(world, 1n, 200);
    expect(await spend(world, 1n, 100)).toBe(0);
    fate = 'answered';
    await world.clock.advance(5_000);
    expect(await spend(world, 1n, 100)).toBeGreaterThan(0);
    expect(await close(world)).toBe(true);
    expect(world.ledger.booked()).toBeGreaterThanOrEqual(world.spentMicros);
  });

  it('stops at once when its time has passed while the process was stopped', async () => {
    const world = newWorld(10_000_000n, perfect, false);
    await spend(world, 100n, 20);
    expect(world.node.client.trySpend(BUDGET, 1n)).toBe('spent');
    world.clock.jumpMs = 2_000;
    expect(world.node.client.trySpend(BUDGET, 1n)).toBe('waiting');
    world.clock.jumpMs = 0;
    await close(world);
  });

  it('says use_holds near the end and denied at it', async () => {
    const world = newWorld(2_000n, perfect, false);
    await spend(world, 10n, 400);
    expect(world.node.client.trySpend(BUDGET, 10n)).toBe('use_holds');
    expect(world.spentMicros).toBeGreaterThan(1_500n);
    await close(world);
    const empty = newWorld(0n, perfect, false);
    await spend(empty, 10n, 20);
    expect(empty.node.client.trySpend(BUDGET, 10n)).toBe('denied');
    await close(empty);
  });

  it('is superseded by a later start, but overtakes an earlier one whose clock was ahead', async () => {
    const world = newWorld(10_000_000n, perfect, false);
    await spend(world, 100n, 50);
    const earlier = world.node;
    world.clock.setWallClock(world.clock.nowMs() - 3_600_000);
    world.node = startNode(world, perfect, 2);
    expect(await spend(world, 100n, 100)).toBeGreaterThan(50);
    for (let time = 0; time < 400; time++) {
      if (earlier.client.trySpend(BUDGET, 1n) === 'spent') world.spentMicros += 1n;
      await world.clock.advance(STEP_MS);
    }
    expect(earlier.client.trySpend(BUDGET, 1n)).toBe('superseded');
    await close(world);
    await close({ ...world, node: earlier });
    expect(world.ledger.booked()).toBe(world.spentMicros);
  });

  it('keeps no more budgets than it may, and refuses amounts that are none', async () => {
    const world = newWorld(1_000n, perfect, false);
    const { client } = world.node;
    for (let n = 0; n < 1_024; n++) expect(client.trySpend(`b${n}`, 1n)).toBe('waiting');
    expect(client.trySpend('one-more', 1n)).toBe('too_many_budgets');
    expect(() => client.trySpend(BUDGET, 0n)).toThrow(/carried exactly/);
    expect(() => client.trySpend(BUDGET, -1n)).toThrow();
    await close(world);
    const transport = world.node.transport;
    const make = () => new LeaseClient({ transport, nodeId: 'a b', clock: world.clock });
    expect(make).toThrow(/not valid/);
    const wrong = { transport, nodeId: 'n', clock: world.clock, settings: { tickMs: 0.5 } };
    expect(() => new LeaseClient(wrong)).toThrow(/not valid/);
  });

  it.each([
    ['without a journal', false],
    ['with a journal', true],
  ])(
    'never spends what the ledger does not stand for, %s',
    async (_how, hasJournal) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(action, { minLength: 1, maxLength: 12 }),
          weather,
          fc.nat(),
          async (actions, script, seed) => {
            const network = networkOf(script);
            const world = newWorld(50_000n, network, hasJournal, seed);
            for (const step of actions) {
              if (step.kind === 'spend') await spend(world, step.amount, step.times);
              else if (step.kind === 'wait') await world.clock.advance(step.ms);
              else {
                world.node.transport.isDead = true;
                await world.clock.advance(step.afterMs);
                world.node = startNode(world, network, seed + 1);
              }
              world.ledger.closeSilent();
            }
            await world.clock.advance(10_000);
            world.ledger.closeSilent();
            expect(await close(world)).toBe(true);
            const deaths = actions.filter(({ kind }) => kind === 'die').length;
            const booked = world.ledger.booked();
            expect(booked).toBeGreaterThanOrEqual(world.spentMicros);
            if (deaths === 0 && script.every(({ delayMs }) => delayMs < 1_000)) {
              expect(booked).toBe(world.spentMicros);
            }
          },
        ),
        { seed: testSeed(), numRuns: 60 },
      );
    },
    120_000,
  );
});
