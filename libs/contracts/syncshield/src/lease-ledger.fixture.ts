import { DomainError, kernelErrors, ok, refuse, type Clock, type Result } from '@kiki/kernel';
import {
  LeaseTransport,
  type LeaseAsk,
  type LeaseDecision,
  type LeaseReceipt,
  type LeaseReport,
} from './lease-types.js';

interface Lease {
  readonly ask: LeaseAsk;
  readonly grantedMicros: bigint;
  readonly unreportedMicros: bigint;
  readonly closesMs: number;
  bookedMicros: bigint;
  presumedMicros: bigint;
  isOpen: boolean;
}

const TTL_MS = 2_000;
const GRACE_MS = 3_000;

/** What SyncShield does with leases, in memory: the rules, not the store. */
export class LeaseLedger {
  readonly leases = new Map<string, Lease>();
  private readonly epochs = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    readonly limitMicros: bigint,
    private readonly divisor = 4n,
  ) {}

  acquire(ask: LeaseAsk): LeaseDecision {
    const known = this.leases.get(ask.id);
    if (known !== undefined) return granted(known);
    const epoch = Math.max(this.epochs.get(ask.nodeId) ?? 0, ask.epoch);
    this.epochs.set(ask.nodeId, epoch);
    if (epoch > ask.epoch) return { isGranted: false, reason: 'epoch_stale', epoch };
    const room = this.limitMicros - this.used();
    const part = room / this.divisor;
    const grantedMicros = part < ask.askMicros ? part : ask.askMicros;
    if (grantedMicros < ask.atLeastMicros || room <= 0n) {
      return { isGranted: false, reason: room > 0n ? 'use_holds' : 'cap_exceeded', epoch };
    }
    const unreportedMicros = grantedMicros / 4n || 1n;
    const closesMs = this.clock.monotonicMs() + TTL_MS + GRACE_MS;
    const terms = { ask, grantedMicros, unreportedMicros, closesMs };
    const lease: Lease = { ...terms, bookedMicros: 0n, presumedMicros: 0n, isOpen: true };
    this.leases.set(ask.id, lease);
    return granted(lease);
  }

  report({ leaseId, spentMicros, isFinal }: LeaseReport): Result<LeaseReceipt, DomainError> {
    const lease = this.leases.get(leaseId);
    if (lease === undefined) return refuse(new DomainError('lease_not_found', 'not_found', 'no'));
    if (spentMicros > lease.bookedMicros) lease.bookedMicros = spentMicros;
    else if (isFinal && !lease.isOpen && lease.presumedMicros > 0n) {
      lease.bookedMicros = spentMicros;
      lease.presumedMicros = 0n;
    }
    if (isFinal) lease.isOpen = false;
    return ok({ leaseId, isOpen: lease.isOpen, bookedMicros: lease.bookedMicros });
  }

  /** Ends a lease at the next report of its node. */
  closeSilent(): void {
    for (const lease of this.leases.values()) {
      if (!lease.isOpen || this.clock.monotonicMs() < lease.closesMs) continue;
      const rest = lease.grantedMicros - lease.bookedMicros;
      const presumed = rest < lease.unreportedMicros ? rest : lease.unreportedMicros;
      Object.assign(lease, { isOpen: false, presumedMicros: presumed });
      lease.bookedMicros += presumed;
    }
  }

  booked(): bigint {
    return [...this.leases.values()].reduce((sum, { bookedMicros }) => sum + bookedMicros, 0n);
  }

  /** Booked, and held by open leases. */
  used(): bigint {
    let sum = 0n;
    for (const { isOpen, bookedMicros, grantedMicros } of this.leases.values()) {
      sum += isOpen && grantedMicros > bookedMicros ? grantedMicros : bookedMicros;
    }
    return sum;
  }
}

/** What happens to a call on its way. */
export type Fate = 'answered' | 'lost' | 'answer_lost';

/** A network that the test is in charge of. */
export class ScriptedTransport extends LeaseTransport {
  /** Cut off from now on, like the process behind it. */
  isDead = false;

  constructor(
    private readonly ledger: LeaseLedger,
    private readonly clock: Clock,
    private readonly next: () => { readonly fate: Fate; readonly delayMs: number },
  ) {
    super();
  }

  override acquire(ask: LeaseAsk): Promise<LeaseDecision> {
    return this.carry(() => this.ledger.acquire(ask));
  }

  override report(
    reports: readonly LeaseReport[],
  ): Promise<readonly Result<LeaseReceipt, DomainError>[]> {
    return this.carry(() => reports.map((report) => this.ledger.report(report)));
  }

  private async carry<T>(work: () => T): Promise<T> {
    if (this.isDead) return new Promise(() => undefined);
    const { fate, delayMs } = this.next();
    await this.clock.sleep(delayMs);
    // What was sent arrives, also when its sender has died meanwhile.
    const answer = fate === 'lost' ? undefined : work();
    await this.clock.sleep(delayMs);
    if (this.isDead) return new Promise(() => undefined);
    if (answer === undefined || fate === 'answer_lost') throw kernelErrors.unavailable();
    return answer;
  }
}

function granted({ ask, grantedMicros, unreportedMicros }: Lease): LeaseDecision {
  return { isGranted: true, grant: { id: ask.id, grantedMicros, unreportedMicros, ttlMs: TTL_MS } };
}
