/**
 * Goal: a kill switch ends what nodes spend from memory. Nothing is leased after its answer, and no node, connected or
 * cut off, approves anything later than one time of a lease after it; once it is lifted they all go on.
 * Method: the real service on a real PostgreSQL; three clients of the contract that never stop spending from slices
 * that outlast their time, one of them cut off at a random moment before the switch, another one in every round. The
 * order of commits is that of the audit log, the instants are those of one process.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  HttpLeases,
  LeaseClient,
  LeaseTransport,
  PolicyApi,
  SyncShieldClient,
  type LeaseReport,
} from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { kernelErrors, SeededRandom } from '@kiki/kernel';
import { PostgresDatabase } from '@kiki/postgres';
import { createTestDatabase, testSeed, waitFor, type TestDatabase } from '@kiki/testing';
import { recount, syncshieldDefinition } from './index.js';

const T = 'default';
const TTL_MS = 1_000;
const ROUNDS = 3;
const home = mkdtempSync(join(tmpdir(), 'kiki-kill-leases-'));
let db: TestDatabase;
let host: Host;
let shield: SyncShieldClient;
let policy: PolicyApi;
let nodes: Node[] = [];

/** Neither sends nor hears while it is cut off. */
class CutTransport extends LeaseTransport {
  isCut = false;

  constructor(private readonly inner: LeaseTransport) {
    super();
  }

  override acquire = (ask: Parameters<LeaseTransport['acquire']>[0]) =>
    this.carry(() => this.inner.acquire(ask));

  override report = (reports: readonly LeaseReport[]) =>
    this.carry(() => this.inner.report(reports));

  private async carry<R>(call: () => Promise<R>): Promise<R> {
    const answer = this.isCut ? undefined : await call();
    if (answer === undefined || this.isCut) throw kernelErrors.unavailable();
    return answer;
  }
}

/** Spends a micro whenever it is let. */
class Node {
  readonly transport: CutTransport;
  readonly client: LeaseClient;
  lastMs = 0;
  private isOver = false;
  private readonly running: Promise<void>;

  constructor(name: string, inner: LeaseTransport) {
    this.transport = new CutTransport(inner);
    this.client = new LeaseClient({
      ...{ transport: this.transport, nodeId: name },
      // Worth far more than is spent of it: only time ends a slice.
      settings: { leastAskMicros: 1_000_000n, marginMs: 20, tickMs: 5, maxBackoffMs: 100 },
    });
    this.running = this.spend();
  }

  private async spend(): Promise<void> {
    for (; !this.isOver; await sleep(1)) {
      const atMs = performance.now();
      if (this.client.trySpend('b', 1n) === 'spent') this.lastMs = atMs;
    }
  }

  async close(): Promise<boolean> {
    this.isOver = true;
    await this.running;
    return this.client.close();
  }
}

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = {
    ...{ DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' },
    SYNCSHIELD_LEASE_TTL_MS: String(TTL_MS),
  };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  const baseUrl = host.service('syncshield').httpUrl;
  const headers = () => ({ authorization: `Bearer ${host.firstKey}` });
  shield = new SyncShieldClient({ baseUrl, headers });
  policy = new PolicyApi({ baseUrl, headers });
  const caps = [{ kind: 'total' as const, limitMicros: 1_000_000_000_000n }];
  await shield.createBudget(T, { id: 'b', name: 'b', currency: 'EUR', caps });
  nodes = ['x', 'y', 'z'].map((name) => new Node(name, new HttpLeases({ baseUrl, headers })));
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await host?.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

const spendAgain = (sinceMs: number): Promise<boolean> =>
  waitFor(() => Promise.resolve(nodes.every(({ lastMs }) => lastMs > sinceMs)));

describe('a kill switch against leases', () => {
  it('stops every node within the time of a lease, cut off or not', async () => {
    const random = new SeededRandom(testSeed());
    await spendAgain(0);
    const after: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(500 * random.nextDouble());
      const cut = nodes[round % nodes.length]!;
      cut.transport.isCut = true;
      await sleep(100 * random.nextDouble());
      const { id } = await policy.kill(T, { reason: `round ${round}` });
      const answeredMs = performance.now();
      await sleep(TTL_MS + 300);
      for (const { lastMs } of nodes) after.push(lastMs - answeredMs);
      cut.transport.isCut = false;
      const liftedMs = performance.now();
      await policy.lift(T, id, 'over');
      await spendAgain(liftedMs);
    }
    expect(after.filter((ms) => ms > TTL_MS)).toEqual([]);
    // They did spend what they had, also the one that nobody could tell.
    expect(after.filter((ms) => ms > 0).length).toBeGreaterThan(ROUNDS);
    expect(await approvedWhileStopped()).toEqual({ switches: ROUNDS, approved: [] });
    await expectBooked();
  }, 30_000);
});

/** What was leased between a switch and its end, by the order of the audit log. */
async function approvedWhileStopped() {
  const { rows } = await db.database.pool.query<{ records: string }>(
    'SELECT records FROM syncshield.audit_bundles WHERE tenant = $1 ORDER BY first_seq',
    [T],
  );
  const found = { switches: 0, approved: [] as unknown[] };
  let isOn = false;
  for (const line of rows.flatMap(({ records }) => records.split('\n'))) {
    const leaf = JSON.parse(line) as { action: string };
    if (leaf.action === 'kill_switch.set') found.switches++;
    if (leaf.action.startsWith('kill_switch')) isOn = leaf.action.endsWith('set');
    if (isOn && leaf.action === 'hold.approved') found.approved.push(leaf);
  }
  return found;
}

async function expectBooked(): Promise<void> {
  expect(await Promise.all(nodes.map((node) => node.close()))).toEqual([true, true, true]);
  const spent = nodes.reduce((sum, { client }) => sum + client.stats().spentMicros, 0n);
  const { spentMicros, heldMicros } = await shield.getBudget(T, 'b');
  expect(spentMicros).toBeGreaterThanOrEqual(spent);
  expect(heldMicros).toBe(0n);
  const database = new PostgresDatabase({ connection: db.connection, schema: 'syncshield' });
  expect(await recount(database, T)).toMatchObject({ overspendMicros: 0n, problems: [] });
  await database.close();
}
