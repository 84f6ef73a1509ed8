import { SyncShieldClient, type Hold } from '@kiki/contract-syncshield';
import { SeededRandom } from '@kiki/kernel';
import type { PersistentClient } from './client.js';
import type { Acknowledgement, Witness } from './witness.js';

const CURRENCY = 'EUR';
/** Wide enough never to run out; tight ones do, alone and through their common parent. */
const BUDGETS = [
  { id: 'wide', limitMicros: 1_000_000_000_000_000n },
  { id: 'tight', limitMicros: 200_000_000n },
  { id: 'parent', limitMicros: 500_000_000n },
  { id: 'left', limitMicros: 400_000_000n, parentId: 'parent' },
  { id: 'right', limitMicros: 400_000_000n, parentId: 'parent' },
] as const;
const SPENDING = ['wide', 'wide', 'wide', 'tight', 'left', 'right'] as const;

/** Workers that hold, capture and void as fast as they are answered. */
export class HoldLoad {
  readonly shield: SyncShieldClient;
  private isStopped = false;

  constructor(
    private readonly client: PersistentClient,
    private readonly witness: Witness,
    baseUrl: string,
  ) {
    this.shield = new SyncShieldClient({ baseUrl, headers: client.headersOf, timeoutMs: 15_000 });
  }

  async prepare(): Promise<void> {
    for (const { id, limitMicros, ...rest } of BUDGETS) {
      const caps = [{ kind: 'total' as const, limitMicros }];
      const input = { id, name: id, currency: CURRENCY, caps, ...rest };
      await this.client.insist(() => this.shield.createBudget(this.client.tenant, input));
    }
  }

  /** Runs until `stop`. */
  async run(workers: number, seed: number): Promise<void> {
    await Promise.all(Array.from({ length: workers }, (_, i) => this.work(i, seed)));
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Budgets as the service reports them. */
  budgets(): Promise<{ readonly id: string; readonly overspendMicros: bigint }[]> {
    return Promise.all(
      BUDGETS.map(async ({ id, limitMicros }) => {
        const { spentMicros, heldMicros } = await this.shield.getBudget(this.client.tenant, id);
        const over = spentMicros + heldMicros - limitMicros;
        return { id, overspendMicros: over > 0n ? over : 0n };
      }),
    );
  }

  /** What the service says today about something it acknowledged. */
  async lookUp({ kind, id }: Acknowledgement): Promise<string> {
    const hold = await this.shield.getHold(
      this.client.tenant,
      kind === 'hold' ? id : id.slice(0, -2),
    );
    return kind === 'hold' ? decisionOf(hold) : stateOf(hold);
  }

  private async work(worker: number, seed: number): Promise<void> {
    const random = new SeededRandom(seed * 100_003 + worker);
    for (let n = 0; !this.isStopped; n++) {
      const id = `w${worker}-${n}`;
      const hold = await this.hold(id, random);
      if (hold?.decision === 'approved' && random.nextDouble() < 0.8)
        await this.settle(hold, random);
    }
  }

  private async hold(id: string, random: SeededRandom): Promise<Hold | undefined> {
    const request = {
      id,
      budgetId: SPENDING[random.nextInt(SPENDING.length)]!,
      amountMicros: BigInt(1 + random.nextInt(2_000_000)),
      currency: CURRENCY,
      expiresInMs: 3_600_000,
    };
    const hold = await this.client.insist(() => this.shield.hold(this.client.tenant, request));
    if (hold) await this.witness.record({ kind: 'hold', id, answer: decisionOf(hold) });
    return hold;
  }

  private async settle(hold: Hold, random: SeededRandom): Promise<void> {
    const { tenant } = this.client;
    const settlementId = `${hold.id}:s`;
    const isCapture = random.nextDouble() < 0.6;
    const amount = BigInt(1 + random.nextInt(Number(hold.amountMicros)));
    const settled = await this.client.insist(() =>
      isCapture
        ? this.shield.capture(tenant, hold.id, settlementId, amount)
        : this.shield.void(tenant, hold.id, settlementId),
    );
    if (settled === undefined) return;
    const answer = stateOf(settled.hold);
    await this.witness.record({ kind: 'settlement', id: settlementId, answer });
  }
}

function decisionOf({ decision, reason, budgetId, amountMicros }: Hold): string {
  return [decision, reason, budgetId, amountMicros].join(' ');
}

function stateOf({ state, capturedMicros }: Hold): string {
  return [state, capturedMicros].join(' ');
}
