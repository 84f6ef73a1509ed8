import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '@kiki/kernel';
import type { Witness } from '../witness.js';
import { anyBudget, createBudgets, CURRENCY, mayBreach } from './budgets.js';
import type { Caller } from './caller.js';
import { ClientBook } from './client-book.js';
import { digestOf, type HoldBody, type HoldOnWire, type SettlementBody } from './wire.js';

const HOUR_MS = 3_600_000;
/** Expiry and grace of a hold whose capture is meant to come too late, milliseconds. */
const SHORT_MS = 60;

/** What a worker does with an approved hold. */
type Fate = 'capture' | 'partial' | 'void' | 'partial void' | 'over' | 'refund' | 'late' | 'leave';

const FATES: readonly (readonly [Fate, number])[] = [
  ['capture', 0.45],
  ['partial', 0.15],
  ['void', 0.12],
  ['partial void', 0.06],
  ['refund', 0.06],
  ['over', 0.03],
  ['late', 0.03],
];

/** Workers of one tenant that hold and settle in batches, and keep books of every answer. */
export class Round {
  readonly book = new ClientBook();
  private isStopped = false;

  constructor(
    readonly tenant: string,
    private readonly caller: Caller,
    private readonly witness: Witness,
  ) {}

  prepare(): Promise<void> {
    return createBudgets(this.caller, this.tenant);
  }

  /** Runs until `stop`; what is under way then is still acknowledged. */
  async run(workers: number, seed: number): Promise<void> {
    await Promise.all(Array.from({ length: workers }, (_, i) => this.work(i, seed)));
  }

  stop(): void {
    this.isStopped = true;
  }

  private async work(worker: number, seed: number): Promise<void> {
    const random = new SeededRandom(seed * 100_003 + worker);
    let earlier: HoldBody[] = [];
    for (let n = 0; !this.isStopped; n++) {
      const bodies = Array.from({ length: 1 + random.nextInt(60) }, (_, i) =>
        holdBody(`w${worker}-${n}-${i}`, random),
      );
      const held = await this.hold(bodies);
      await this.repeat(earlier.filter(() => random.nextDouble() < 0.1));
      await this.settle(held, random);
      earlier = bodies;
    }
  }

  /** Places holds; returns those that were approved. */
  private async hold(bodies: readonly HoldBody[]): Promise<HoldOnWire[]> {
    const items = await this.ask(bodies);
    const approved: HoldOnWire[] = [];
    const lines: Promise<void>[] = [];
    for (const [i, { hold, error }] of items.entries()) {
      const body = bodies[i]!;
      if (hold === undefined) {
        this.caller.note(`hold: ${error?.code ?? 'no answer'}`);
        continue;
      }
      const digest = digestOf(hold);
      this.book.addHold(body, hold, digest);
      lines.push(this.witness.record({ kind: 'hold', id: body.id, answer: digest }));
      if (hold.decision === 'approved') approved.push(hold);
    }
    await Promise.all(lines);
    return approved;
  }

  /** Asks for decided holds once more: the same answers, or a conflict when the body differs. */
  private async repeat(bodies: readonly HoldBody[]): Promise<void> {
    if (bodies.length === 0) return;
    const [first, ...others] = bodies;
    const altered = { ...first!, amountMicros: first!.amountMicros + 1 };
    const [conflict] = await this.ask([altered]);
    if (conflict?.error?.code !== 'idempotency_conflict') {
      this.book.changed.push(`${first!.id} with another body: ${JSON.stringify(conflict)}`);
    }
    const known = new Map(others.map((body) => [body.id, body]));
    const items = await this.ask([...known.values()]);
    this.repeats.push(...items.flatMap(({ hold }) => (hold === undefined ? [] : [hold])));
    this.compareRepeats();
  }

  private readonly repeats: HoldOnWire[] = [];
  private readonly digests = new Map<string, string>();
  private indexed = 0;

  private compareRepeats(): void {
    for (; this.indexed < this.book.holds.length; this.indexed++) {
      const { body, digest } = this.book.holds[this.indexed]!;
      this.digests.set(body.id, digest);
    }
    for (const hold of this.repeats.splice(0)) {
      if (this.digests.get(hold.id) !== digestOf(hold)) {
        this.book.changed.push(`${hold.id} was answered otherwise the second time`);
      }
    }
  }

  private ask(bodies: readonly HoldBody[]) {
    if (bodies.length === 0) return Promise.resolve([]);
    return this.caller.insistAll(
      this.tenant,
      '/v1/holds/batch',
      (holds: readonly HoldBody[]) => ({ holds }),
      bodies,
    );
  }

  private async settle(holds: readonly HoldOnWire[], random: SeededRandom): Promise<void> {
    const now: SettlementBody[] = [];
    const late: SettlementBody[] = [];
    for (const hold of holds) {
      const steps = stepsOf(hold, random);
      const isLate = hold.id.endsWith('-late');
      (isLate ? late : now).push(...steps);
    }
    const budgetOf = new Map(holds.map(({ id, budgetId }) => [id, budgetId]));
    await this.settleAll(now, budgetOf);
    if (late.length === 0) return;
    await sleep(4 * SHORT_MS);
    await this.settleAll(late, budgetOf);
  }

  private async settleAll(
    bodies: readonly SettlementBody[],
    budgetOf: ReadonlyMap<string, string>,
  ): Promise<void> {
    if (bodies.length === 0) return;
    const items = await this.caller.insistAll(
      this.tenant,
      '/v1/settlements/batch',
      (settlements: readonly SettlementBody[]) => ({ settlements }),
      bodies,
    );
    const lines: Promise<void>[] = [];
    for (const [i, { settlement, error }] of items.entries()) {
      const body = bodies[i]!;
      if (settlement === undefined) {
        this.caller.note(`${body.action}: ${error?.code ?? 'no answer'}`);
        continue;
      }
      const digest = digestOf(settlement);
      this.book.addSettlement(budgetOf.get(body.holdId) ?? '', body, settlement, digest);
      const id = `${body.holdId}/${body.settlementId}`;
      lines.push(this.witness.record({ kind: 'settlement', id, answer: digest }));
    }
    await Promise.all(lines);
  }
}

function holdBody(id: string, random: SeededRandom): HoldBody {
  const budgetId = anyBudget(random);
  const isLate = mayBreach(budgetId) && random.nextDouble() < 0.03;
  return {
    id: isLate ? `${id}-late` : id,
    budgetId,
    amountMicros: 1 + random.nextInt(50_000),
    currency: CURRENCY,
    expiresInMs: isLate ? SHORT_MS : HOUR_MS,
    graceMs: isLate ? SHORT_MS : HOUR_MS,
  };
}

function fateOf(hold: HoldOnWire, random: SeededRandom): Fate {
  if (hold.id.endsWith('-late')) return 'late';
  let left = random.nextDouble();
  for (const [fate, share] of FATES) {
    left -= share;
    if (left < 0) return fate === 'over' && !mayBreach(hold.budgetId) ? 'capture' : fate;
  }
  return 'leave';
}

/** The settlements of one hold, in order. */
function stepsOf(hold: HoldOnWire, random: SeededRandom): SettlementBody[] {
  const { id: holdId, amountMicros } = hold;
  const part = 1 + random.nextInt(amountMicros);
  const capture = (settlementId: string, amount: number, isFinal = true): SettlementBody => ({
    settlementId,
    holdId,
    action: 'capture',
    amountMicros: amount,
    isFinal,
  });
  const half = Math.floor(part / 2);
  switch (fateOf(hold, random)) {
    case 'capture':
      return [capture('c', part)];
    case 'partial':
      return [capture('p1', half, false), capture('p2', part - half, false), capture('c', 0)];
    case 'void':
      return [{ settlementId: 'v', holdId, action: 'void' }];
    case 'partial void':
      return [capture('p1', half, false), { settlementId: 'v', holdId, action: 'void' }];
    case 'refund': {
      const refund = { settlementId: 'r', holdId, action: 'refund' as const };
      return [capture('c', part), { ...refund, amountMicros: 1 + random.nextInt(part) }];
    }
    case 'over':
      return [capture('c', amountMicros + part)];
    case 'late':
      return [capture('c', part)];
    case 'leave':
      return [];
  }
}
