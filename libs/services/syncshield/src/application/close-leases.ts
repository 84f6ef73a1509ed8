import { closesMs, presumptionOf, settlementOf, type LeaseState } from '../domain/lease.js';
import { spentMicros } from '../domain/hold.js';
import type { Decide } from './decide.js';
import type { LeaseObserver } from './lease-observer.js';
import type { Leases } from './leases.js';

/** Leases that one pass looks at. */
const PER_PASS = 256;
/** A hold that is not decided by then never will be. */
const LOST_AFTER_MS = 600_000;
const ACTOR = 'syncshield';

/**
 * Closes the leases of silent nodes after their grace: books what such a node may have spent
 * without reporting it and frees the rest. A report that comes later corrects it.
 */
export class CloseLeases {
  constructor(
    private readonly leases: Leases,
    private readonly decide: Decide,
    private readonly observer: LeaseObserver,
  ) {}

  /** One pass; true when more is due. */
  async execute(): Promise<boolean> {
    const { nowMs, states } = await this.leases.due(PER_PASS);
    for (const state of states) await this.close(state, nowMs);
    return states.length === PER_PASS;
  }

  private async close({ lease, hold }: LeaseState, nowMs: number): Promise<void> {
    if (hold === undefined) {
      const lostMs = lease.askedMs + LOST_AFTER_MS;
      if (lostMs <= nowMs) await this.leases.end([lease], 'lost');
      else await this.leases.postpone(lease, lostMs);
      return;
    }
    if (hold.state !== 'held') {
      const isExpired = lease.presumedMicros > 0n && hold.state === 'captured';
      const as = hold.state === 'denied' ? 'denied' : isExpired ? 'expired' : 'released';
      return this.leases.end([lease], as);
    }
    const dueMs = closesMs(lease, hold.decidedMs);
    if (dueMs > nowMs) return this.leases.postpone(lease, dueMs);
    await this.presume({ lease, hold }, nowMs - dueMs);
  }

  private async presume(state: Required<LeaseState>, lagMs: number): Promise<void> {
    const { lease, hold } = state;
    const presumedMicros = presumptionOf(state);
    const request = settlementOf(state, spentMicros(hold) + presumedMicros, true);
    if (request === undefined) return;
    await this.leases.presume(lease, presumedMicros);
    const [outcome] = await this.decide.execute([{ kind: 'settle', actor: ACTOR, request }]);
    // A report was faster: the next pass looks at what it left.
    if (outcome?.result.ok !== true) return;
    await this.leases.end([lease], 'expired');
    this.observer.closed(lagMs, presumedMicros);
  }
}
