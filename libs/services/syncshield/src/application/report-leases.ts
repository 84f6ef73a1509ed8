import { ok, refuse, type DomainError, type Result } from '@kiki/kernel';
import { spentMicros, type Hold } from '../domain/hold.js';
import { isOpen, settlementOf, unknownLease, type LeaseState } from '../domain/lease.js';
import type { SettlementRequest } from '../domain/settlement.js';
import { errors } from '../errors.js';
import type { Decide } from './decide.js';
import type { LeaseObserver } from './lease-observer.js';
import type { Leases } from './leases.js';

/** What a node has spent of a lease so far, in all. */
export interface LeaseReport {
  readonly leaseId: string;
  readonly spentMicros: bigint;
  /** Nothing more will be spent of it: the rest is free. */
  readonly isFinal: boolean;
}

/** What became of a report. */
export interface LeaseReceipt {
  readonly leaseId: string;
  readonly isOpen: boolean;
  readonly bookedMicros: bigint;
  readonly lateMicros: bigint;
}

type Answer = Result<LeaseReceipt, DomainError>;

/** A report on its way, with where its answer belongs. */
interface Pending extends LeaseReport {
  readonly index: number;
}

/** Reports that others overtook are computed anew so often. */
const MAX_ROUNDS = 8;

/**
 * Books what nodes have spent. Reports are totals: repeated, late and overtaken ones change
 * nothing, and real spend is booked whatever became of the lease.
 */
export class ReportLeases {
  constructor(
    private readonly leases: Leases,
    private readonly decide: Decide,
    private readonly observer: LeaseObserver,
  ) {}

  /** Receipts or errors in the order of the reports, at most MAX_BATCH of them. */
  async execute(
    tenant: string,
    reports: readonly LeaseReport[],
    actor: string,
  ): Promise<readonly Answer[]> {
    const answers = new Map<number, Answer>();
    let pending: Pending[] = reports.map((report, index) => ({ ...report, index }));
    for (let round = 0; round < MAX_ROUNDS && pending.length > 0; round++) {
      pending = await this.round(tenant, pending, actor, answers);
    }
    const busy = refuse(errors.shard_busy(undefined, { retryAfterMs: 100 }));
    const all = reports.map((_, index) => answers.get(index) ?? busy);
    await this.endFinished(tenant, reports, all);
    for (const answer of all) if (!answer.ok) this.observer.reported(answer.error.code);
    return all;
  }

  /** Decides what it can; gives back the reports that others overtook. */
  private async round(
    tenant: string,
    pending: readonly Pending[],
    actor: string,
    answers: Map<number, Answer>,
  ): Promise<Pending[]> {
    const ids = [...new Set(pending.map(({ leaseId }) => leaseId))];
    const states = await this.leases.find(tenant, ids);
    const asked: { readonly report: Pending; readonly state: Required<LeaseState> }[] = [];
    const requests: SettlementRequest[] = [];
    for (const report of pending) {
      const { lease, hold } = states.get(report.leaseId) ?? {};
      if (lease === undefined || hold === undefined) {
        answers.set(report.index, refuse(unknownLease(report.leaseId)));
        continue;
      }
      const state = { lease, hold };
      const request = settlementOf(state, report.spentMicros, report.isFinal);
      if (request === undefined) this.accept(report, state, 'unchanged', answers);
      else {
        asked.push({ report, state });
        requests.push(request);
      }
    }
    const commands = requests.map((request) => ({ kind: 'settle' as const, actor, request }));
    const outcomes = await this.decide.execute(commands);
    return asked.flatMap(({ report, state }, index) => {
      const outcome = outcomes[index];
      if (outcome?.kind !== 'settle') return [report];
      if (!outcome.result.ok) {
        const { error } = outcome.result;
        if (error.code === 'idempotency_conflict') return [report];
        answers.set(report.index, refuse(error));
        return [];
      }
      const { settlement, hold } = outcome.result.value;
      this.accept(report, { ...state, hold }, settlement.outcome, answers);
      return [];
    });
  }

  private accept(
    { index, leaseId }: Pending,
    state: Required<LeaseState>,
    outcome: string,
    answers: Map<number, Answer>,
  ): void {
    answers.set(index, ok({ leaseId, isOpen: isOpen(state), ...booked(state.hold) }));
    this.observer.reported(outcome);
  }

  private async endFinished(
    tenant: string,
    reports: readonly LeaseReport[],
    answers: readonly Answer[],
  ): Promise<void> {
    const ended = reports.filter(({ isFinal }, index) => isFinal && answers[index]?.ok === true);
    const keys = ended.map(({ leaseId: id }) => ({ tenant, id }));
    if (keys.length > 0) await this.leases.end(keys, 'released');
  }
}

function booked(hold: Hold): { bookedMicros: bigint; lateMicros: bigint } {
  return { bookedMicros: spentMicros(hold), lateMicros: hold.lateMicros };
}
