import { spentMicros } from '../domain/hold.js';
import { closesMs, presumptionOf, settlementOf, type LeaseState } from '../domain/lease.js';
import type { Decide } from './decide.js';
import type { LeaseObserver } from './lease-observer.js';
import type { Leases } from './leases.js';
import type { LedgerOutcome } from './ledger.js';

/** Leases that one pass looks at. */
const PER_PASS = 256;
/** A hold that is not decided by then never will be. */
const LOST_AFTER_MS = 600_000;
/** What could not be closed is tried again after as long as it is overdue, within these bounds. */
const LEAST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 60_000;
const ACTOR = 'syncshield';

/** A lease whose node is silent. */
interface Silent {
  readonly state: Required<LeaseState>;
  readonly lagMs: number;
}

/**
 * Closes the leases of silent nodes after their grace: books what such a node may have spent
 * without reporting it and frees the rest. A report that comes later corrects it.
 */
export class CloseLeases {
  constructor(
    private readonly leases: Leases,
    private readonly decide: Decide,
    private readonly observer: LeaseObserver,
    private readonly perPass = PER_PASS,
  ) {}

  /** One pass; true when more is due. */
  async execute(): Promise<boolean> {
    const { nowMs, states } = await this.leases.due(this.perPass);
    const silent: Silent[] = [];
    for (const state of states) {
      const { lease, hold } = state;
      const dueMs = hold?.state === 'held' ? closesMs(lease, hold.decidedMs) : Infinity;
      if (hold === undefined || dueMs > nowMs) await this.tidy(state, nowMs);
      else silent.push({ state: { lease, hold }, lagMs: nowMs - dueMs });
    }
    if (silent.length > 0) await this.close(silent, nowMs);
    return states.length === this.perPass;
  }

  /** What is over already, or is not due yet. */
  private async tidy({ lease, hold }: LeaseState, nowMs: number): Promise<void> {
    if (hold === undefined) {
      const lostMs = lease.askedMs + LOST_AFTER_MS;
      if (lostMs <= nowMs) await this.leases.end([lease], 'lost');
      else await this.leases.postpone(lease, lostMs);
      return;
    }
    if (hold.state === 'held') {
      return this.leases.postpone(lease, closesMs(lease, hold.decidedMs));
    }
    const isExpired = lease.presumedMicros > 0n && hold.state === 'captured';
    const as = hold.state === 'denied' ? 'denied' : isExpired ? 'expired' : 'released';
    return this.leases.end([lease], as);
  }

  private async close(silent: readonly Silent[], nowMs: number): Promise<void> {
    const closing = silent.flatMap(({ state, lagMs }) => {
      const { lease } = state;
      const micros = presumptionOf(state);
      const request = settlementOf(state, spentMicros(state.hold) + micros, true);
      return request === undefined ? [] : [{ lease, micros, lagMs, request }];
    });
    await this.leases.presume(closing.map(({ lease, micros }) => ({ ...keyOf(lease), micros })));
    // One by one, which share a transaction as long as none of them stops it.
    const outcomes = await Promise.allSettled(
      closing.map(({ request }) =>
        this.decide.execute([{ kind: 'settle', actor: ACTOR, request }]),
      ),
    );
    const closed = closing.filter((_, index) => isDecided(outcomes[index]));
    // Where a report was faster, a later pass looks at what it left; what fails goes behind the others.
    for (const [index, { lease, lagMs }] of closing.entries()) {
      if (isDecided(outcomes[index])) continue;
      await this.leases.postpone(keyOf(lease), nowMs + retryMs(lagMs));
    }
    if (closed.length > 0) {
      await this.leases.end(
        closed.map(({ lease }) => keyOf(lease)),
        'expired',
      );
    }
    for (const { lagMs, micros } of closed) this.observer.closed(lagMs, micros);
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }
}

function keyOf({ tenant, id }: LeaseState['lease']): { tenant: string; id: string } {
  return { tenant, id };
}

/** Twice as overdue at every attempt. */
function retryMs(lagMs: number): number {
  return Math.min(LONGEST_RETRY_MS, Math.max(LEAST_RETRY_MS, lagMs));
}

function isDecided(outcome: PromiseSettledResult<LedgerOutcome[]> | undefined): boolean {
  return outcome?.status === 'fulfilled' && outcome.value[0]?.result.ok === true;
}
