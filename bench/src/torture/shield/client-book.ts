import type { HoldBody, HoldOnWire, SettlementBody, SettlementOnWire } from './wire.js';

/** One acknowledged answer: what was asked and what came back, to be asked again at the end. */
export interface Acknowledged<B> {
  readonly body: B;
  readonly digest: string;
}

/** What the client itself makes of the answers it got, without looking at the ledger. */
export interface ClientSums {
  approvedMicros: number;
  approvedCount: number;
  capturedMicros: number;
  lateMicros: number;
  refundedMicros: number;
}

/** The books of the client: every acknowledgement, and what each budget must have spent by them. */
export class ClientBook {
  readonly holds: Acknowledged<HoldBody>[] = [];
  readonly settlements: Acknowledged<SettlementBody>[] = [];
  /** Answers to a repeated request that differ from the first. */
  readonly changed: string[] = [];
  private readonly sums = new Map<string, ClientSums>();

  get acknowledged(): number {
    return this.holds.length + this.settlements.length;
  }

  of(budgetId: string): ClientSums {
    let found = this.sums.get(budgetId);
    if (found === undefined) {
      found = {
        approvedMicros: 0,
        approvedCount: 0,
        capturedMicros: 0,
        lateMicros: 0,
        refundedMicros: 0,
      };
      this.sums.set(budgetId, found);
    }
    return found;
  }

  addHold(body: HoldBody, hold: HoldOnWire, digest: string): void {
    this.holds.push({ body, digest });
    if (hold.decision !== 'approved') return;
    const sums = this.of(hold.budgetId);
    sums.approvedMicros += hold.amountMicros;
    sums.approvedCount++;
  }

  addSettlement(
    budgetId: string,
    body: SettlementBody,
    settlement: SettlementOnWire,
    digest: string,
  ): void {
    this.settlements.push({ body, digest });
    const sums = this.of(budgetId);
    sums.capturedMicros += settlement.capturedMicros;
    sums.lateMicros += settlement.lateMicros;
    if (body.action === 'refund') sums.refundedMicros += body.amountMicros ?? 0;
  }
}
