import {
  kernelErrors,
  SystemClock,
  SystemRandom,
  type Clock,
  type DomainError,
  type Random,
} from '@kiki/kernel';
import { LeaseAsking } from './lease-asking.js';
import type { LeaseJournal } from './lease-journal.js';
import { LeaseLane } from './lease-lane.js';
import { LeaseReporter } from './lease-reporter.js';
import { completeSettings, type LeaseSettings } from './lease-settings.js';
import type { LeaseSlice } from './lease-slice.js';
import { JournalWriter } from './lease-writer.js';
import type { LeaseTransport, SpendAnswer } from './lease-types.js';

/** Spends wake the loop at most this often, milliseconds. */
const LEAST_STEP_MS = 1;

/** How a lease client is made. */
export interface LeaseClientOptions {
  readonly transport: LeaseTransport;
  /** The same at every start of the node; no two running nodes share one. */
  readonly nodeId: string;
  /** Without one, what is unreported when the process dies is booked as spent. */
  readonly journal?: LeaseJournal;
  readonly settings?: Partial<LeaseSettings>;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What a client did so far, for metrics. */
export interface LeaseStats {
  readonly budgets: number;
  readonly openSlices: number;
  readonly grantedMicros: bigint;
  readonly spentMicros: bigint;
  /** Spent and not acknowledged. */
  readonly unreportedMicros: bigint;
  /** Leases whose last word is not acknowledged. */
  readonly waitingReports: number;
  readonly asks: number;
  readonly grants: number;
  readonly failedAsks: number;
  readonly reports: number;
  readonly failedReports: number;
  readonly journalWrites: number;
  /** Nothing is spent beyond what is on disk: look at the disk. */
  readonly failedJournalWrites: number;
}

/**
 * Spends slices of budgets from memory: `trySpend` asks nobody and waits for nothing, a loop in the
 * background leases, reports and renews. Whatever happens to the process, the network or a clock,
 * the ledger stands for at least what was spent.
 */
export class LeaseClient {
  private readonly settings: LeaseSettings;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly epoch: number;
  private readonly lanes = new Map<string, LeaseLane>();
  private readonly reporter: LeaseReporter;
  private readonly asking: LeaseAsking;
  private readonly writer: JournalWriter;
  private readonly running: Promise<void>;
  private sleeping = new AbortController();
  private isWoken = false;
  private isClosed = false;
  private isEnded = false;
  private pastSpentMicros = 0n;
  private steppedMs = Number.NEGATIVE_INFINITY;

  /** @throws invalid_request naming every field that is wrong */
  constructor(options: LeaseClientOptions) {
    const { transport, nodeId, journal, clock, random } = options;
    if (!/^[^\s\p{Cc}\p{Cs}]{1,128}$/u.test(nodeId)) throw wrongNode();
    this.settings = completeSettings(options.settings ?? {});
    this.clock = clock ?? new SystemClock();
    this.random = random ?? new SystemRandom();
    this.epoch = journal?.epoch ?? this.clock.nowMs();
    const events = {
      finished: (leaseId: string) => journal?.forget(leaseId),
      closed: (slice: LeaseSlice) => slice.seal(),
    };
    this.reporter = new LeaseReporter(transport, events, this.settings, this.random);
    this.writer = new JournalWriter(journal, this.settings);
    const tools = { transport, writer: this.writer, clock: this.clock, random: this.random };
    this.asking = new LeaseAsking(nodeId, tools, this.settings, {
      granted: (lane, slice) => this.granted(lane, slice),
      useless: (leaseId) => this.reporter.finish(leaseId, 0n),
      refused: (leaseId) => journal?.forget(leaseId),
    });
    for (const { leaseId, uptoMicros } of journal?.left ?? []) {
      this.reporter.finish(leaseId, uptoMicros);
    }
    this.running = this.run();
  }

  /**
   * Spends from what this node has leased of the budget; in memory, at once.
   * @throws money_out_of_range for an amount below 1
   */
  trySpend(budgetId: string, amountMicros: bigint): SpendAnswer {
    if (amountMicros <= 0n) throw wrongAmount();
    if (this.isClosed) return 'closed';
    const nowMs = this.clock.monotonicMs();
    const lane = this.lanes.get(budgetId) ?? this.openLane(budgetId, nowMs);
    if (lane === undefined) return 'too_many_budgets';
    const answer = lane.trySpend(amountMicros, nowMs);
    if (lane.isAlarmed && nowMs - this.steppedMs >= LEAST_STEP_MS) this.wake();
    return answer;
  }

  /** What this node may still spend of the budget without asking anybody, micros. */
  leasedMicros(budgetId: string): bigint {
    const open = this.lanes.get(budgetId)?.open ?? [];
    return open.reduce((sum, { restMicros }) => sum + restMicros, 0n);
  }

  stats(): LeaseStats {
    const open = [...this.lanes.values()].flatMap((lane) => lane.open);
    const sum = (of: (slice: LeaseSlice) => bigint): bigint =>
      open.reduce((total, slice) => total + of(slice), 0n);
    const { asks, grants, failures, grantedMicros } = this.asking;
    const laneSpent = [...this.lanes.values()].reduce((all, lane) => all + lane.spentMicros, 0n);
    return {
      budgets: this.lanes.size,
      openSlices: open.length,
      grantedMicros,
      spentMicros: this.pastSpentMicros + laneSpent,
      unreportedMicros: sum(({ unreported }) => unreported),
      waitingReports: this.reporter.waiting,
      ...{ asks, grants, failedAsks: failures },
      reports: this.reporter.sent,
      failedReports: this.reporter.failures,
      journalWrites: this.writer.writes,
      failedJournalWrites: this.writer.failures,
    };
  }

  /**
   * Spends no more, reports everything and gives back the rest. True when the service acknowledged
   * all of it; else the journal tells the next start, or the ledger books what may be unreported.
   */
  async close(): Promise<boolean> {
    this.isClosed = true;
    const untilMs = this.clock.monotonicMs() + this.settings.closeForMs;
    this.wake();
    while (this.hasWork && this.clock.monotonicMs() < untilMs) {
      await this.clock.sleep(this.settings.tickMs);
    }
    this.isEnded = true;
    this.wake();
    await this.running;
    await this.writer.close();
    return !this.hasWork;
  }

  private get hasWork(): boolean {
    const isOpen = [...this.lanes.values()].some(({ open, isAsking }) => isAsking || open.length);
    return isOpen || this.reporter.waiting > 0;
  }

  private async run(): Promise<void> {
    while (!this.isEnded) {
      this.isWoken = false;
      this.sleeping = new AbortController();
      this.step();
      if (this.isWoken) await Promise.resolve();
      else {
        await this.clock.sleep(this.settings.tickMs, this.sleeping.signal).catch(() => undefined);
      }
    }
  }

  /** One look after everything: seal, report, write ahead, ask. */
  private step(): void {
    const nowMs = this.clock.monotonicMs();
    this.steppedMs = nowMs;
    const open: LeaseSlice[] = [];
    for (const lane of this.lanes.values()) {
      for (const slice of lane.seal(nowMs, this.isClosed)) this.finish(slice);
      open.push(...lane.open);
      const wanted = this.isClosed ? undefined : lane.wanted(nowMs);
      if (wanted !== undefined) void this.asking.ask(lane, wanted);
    }
    void this.reporter.step(open, nowMs, () => this.clock.monotonicMs())?.then(() => this.wake());
    void this.writer.step(open)?.then(() => this.wake());
  }

  private granted(lane: LeaseLane, slice: LeaseSlice): void {
    lane.add(slice);
    this.wake();
  }

  private finish(slice: LeaseSlice): void {
    this.reporter.finish(slice.terms.id, slice.spentMicros);
  }

  private openLane(budgetId: string, nowMs: number): LeaseLane | undefined {
    if (this.lanes.size >= this.settings.maxBudgets) this.dropIdle(nowMs);
    if (this.lanes.size >= this.settings.maxBudgets) return undefined;
    const lane = new LeaseLane(budgetId, this.epoch, this.settings, this.random);
    this.lanes.set(budgetId, lane);
    return lane;
  }

  private dropIdle(nowMs: number): void {
    for (const [budgetId, lane] of this.lanes) {
      if (!lane.isIdle(nowMs)) continue;
      this.pastSpentMicros += lane.spentMicros;
      this.lanes.delete(budgetId);
    }
  }

  private wake(): void {
    if (this.isWoken) return;
    this.isWoken = true;
    this.sleeping.abort();
  }
}

function wrongNode(): DomainError {
  const expected = '1 to 128 characters without white space and control characters';
  return kernelErrors.invalid_request(undefined, { fields: [{ field: 'nodeId', expected }] });
}

function wrongAmount(): DomainError {
  const expected = 'a bigint of micros, at least 1';
  return kernelErrors.money_out_of_range(undefined, {
    fields: [{ field: 'amountMicros', expected }],
  });
}
