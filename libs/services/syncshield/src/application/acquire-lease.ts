import { kernelErrors } from '@kiki/kernel';
import type { Denial, HoldReason } from '../domain/hold.js';
import {
  holdOf,
  isSameLease,
  unreportedMicros,
  type Lease,
  type LeaseRequest,
  type LeaseState,
  type LeaseTerms,
} from '../domain/lease.js';
import type { Decide } from './decide.js';
import type { LeaseObserver } from './lease-observer.js';
import type { Leases } from './leases.js';

/** A slice, or why there is none. */
export type LeaseAnswer =
  | {
      readonly isGranted: true;
      readonly lease: Lease;
      readonly grantedMicros: bigint;
      readonly unreportedMicros: bigint;
    }
  | {
      readonly isGranted: false;
      readonly reason: 'use_holds' | 'epoch_stale' | Exclude<HoldReason, 'within_limits'>;
      /** The latest known epoch of the node. */
      readonly epoch: number;
      readonly denial?: Denial;
    };

/** How slices are cut. */
export interface LeaseRules extends LeaseTerms {
  /** Of a cap with less of its limit left than this nothing is leased, thousandths. */
  readonly holdsOnlyPermille: number;
}

/** Leases a slice of a budget to a node: an elastic hold with an owner. */
export class AcquireLease {
  constructor(
    private readonly leases: Leases,
    private readonly decide: Decide,
    private readonly observer: LeaseObserver,
    private readonly rules: LeaseRules,
  ) {}

  /** The same request again gets the same slice. @throws budget_not_found, idempotency_conflict */
  async execute(request: LeaseRequest, actor: string): Promise<LeaseAnswer> {
    const answer = await this.answer(request, actor);
    this.observer.asked(answer.isGranted ? 'granted' : answer.reason);
    return answer;
  }

  private async answer(request: LeaseRequest, actor: string): Promise<LeaseAnswer> {
    const known = (await this.leases.find(request.tenant, [request.id])).get(request.id);
    if (known !== undefined) return this.repeat(known, request, actor);
    const { epoch } = request;
    const room = await this.leases.room(request.tenant, request.budgetId);
    if (room.headroomMicros === 0n) return { isGranted: false, reason: 'cap_exceeded', epoch };
    if (room.isCountingActions || room.leftPermille < this.rules.holdsOnlyPermille) {
      return { isGranted: false, reason: 'use_holds', epoch };
    }
    const opened = await this.leases.open(request, this.rules, room.currency);
    if (opened.lease === undefined) {
      return { isGranted: false, reason: 'epoch_stale', epoch: opened.epoch };
    }
    return this.repeat({ lease: opened.lease }, request, actor);
  }

  /** Decides the hold of a lease, or learns how it was decided. */
  private async repeat(
    { lease }: LeaseState,
    request: LeaseRequest,
    actor: string,
  ): Promise<LeaseAnswer> {
    if (!isSameLease(lease, request)) throw otherBody(request.id);
    const command = { kind: 'hold' as const, actor, request: holdOf(lease) };
    const [outcome] = await this.decide.execute([command]);
    if (outcome?.kind !== 'hold') throw kernelErrors.internal();
    if (!outcome.result.ok) throw outcome.result.error;
    const hold = outcome.result.value;
    if (hold.isApproved) {
      const grantedMicros = hold.amountMicros;
      const mostMicros = unreportedMicros(lease, grantedMicros);
      return { isGranted: true, lease, grantedMicros, unreportedMicros: mostMicros };
    }
    await this.leases.end([lease], 'denied');
    const { denial } = hold;
    // A cap that has room, but not for a slice, has room for single spends.
    const isRoom = (denial?.headroomMicros ?? 0n) > 0n;
    const reason = isRoom ? 'use_holds' : (hold.reason as Exclude<HoldReason, 'within_limits'>);
    return { isGranted: false, reason, epoch: lease.epoch, ...(denial && { denial }) };
  }
}

function otherBody(id: string): Error {
  return kernelErrors.idempotency_conflict(
    `Lease "${id}" was asked for before with another body.`,
    {
      fields: [{ field: 'id', expected: 'the first body of this id, or a new id' }],
    },
  );
}
