import type { Random } from '@kiki/kernel';
import { Backoff } from './lease-backoff.js';
import { SpendRate } from './lease-rate.js';
import type { LeaseSettings } from './lease-settings.js';
import type { LeaseSlice } from './lease-slice.js';
import type { LeaseRefusal, SpendAnswer } from './lease-types.js';

/** Slices of one budget that are spent at a time: the old ones drain while a new one comes. */
const MAX_SLICES = 4;
/** A slice is at most so many times as large as the one before. */
const MAX_GROWTH = 8n;

/** One budget as a node spends it: its slices, oldest first, and when it needs another. */
export class LeaseLane {
  /** Grows only when a later start of this node than ours is known before our first slice. */
  epoch: number;
  isAsking = false;
  hasHadSlice = false;
  /** Spending stops soon unless somebody reports, writes or asks; until somebody has looked. */
  isAlarmed = false;
  spentMicros = 0n;
  private slices: LeaseSlice[] = [];
  private answer: SpendAnswer = 'waiting';
  private readonly rate = new SpendRate();
  private readonly backoff: Backoff;
  private largestMicros = 0n;
  private lastGrantMicros = 0n;
  private isHungry = false;
  /** Spent or wanted. */
  private demandMicros = 0n;
  private triedMs = Number.NEGATIVE_INFINITY;
  private renewEarlyMs = 0;

  constructor(
    readonly budgetId: string,
    epoch: number,
    private readonly settings: LeaseSettings,
    private readonly random: Random,
  ) {
    this.epoch = epoch;
    this.backoff = new Backoff(random, settings.backoffMs, settings.maxBackoffMs);
  }

  /** Spends from the oldest slice that has room. */
  trySpend(amountMicros: bigint, nowMs: number): SpendAnswer {
    this.triedMs = nowMs;
    this.demandMicros += amountMicros;
    for (const slice of this.slices) {
      if (!slice.trySpend(amountMicros, nowMs)) continue;
      this.spentMicros += amountMicros;
      if (slice.isAlarmed) this.isAlarmed = true;
      if (amountMicros > this.largestMicros) this.largestMicros = amountMicros;
      return 'spent';
    }
    if (amountMicros > this.largestMicros) this.largestMicros = amountMicros;
    this.isHungry = true;
    this.isAlarmed = true;
    return this.answer;
  }

  get open(): readonly LeaseSlice[] {
    return this.slices;
  }

  /** Nobody spends from it and nothing of it is open. */
  isIdle(nowMs: number): boolean {
    const isUnused = nowMs - this.triedMs > this.settings.idleMs;
    return isUnused && this.slices.length === 0 && !this.isAsking;
  }

  add(slice: LeaseSlice): void {
    this.slices.push(slice);
    this.hasHadSlice = true;
    this.lastGrantMicros = slice.terms.grantedMicros;
    this.isHungry = false;
    this.answer = 'waiting';
    this.backoff.reset();
    this.renewEarlyMs = this.settings.horizonMs * (0.4 + 0.2 * this.random.nextDouble());
  }

  /** Takes out the slices that are over: out of time, wholly spent, or all of them. */
  seal(nowMs: number, isAll = false): LeaseSlice[] {
    this.isAlarmed = false;
    const isOver = (slice: LeaseSlice): boolean =>
      isAll || slice.isSealed || nowMs >= slice.terms.stopMs || slice.restMicros === 0n;
    const over = this.slices.filter(isOver);
    if (over.length === 0) return over;
    this.slices = this.slices.filter((slice) => !isOver(slice));
    for (const slice of over) slice.seal();
    return over;
  }

  /** The service said no. */
  refused(reason: LeaseRefusal, nowMs: number): void {
    if (reason === 'epoch_stale') this.answer = 'superseded';
    else this.answer = reason === 'use_holds' ? 'use_holds' : 'denied';
    this.backoff.failed(nowMs);
  }

  /** The service did not answer. */
  failed(nowMs: number, retryAfterMs = 0): void {
    this.backoff.failed(nowMs, retryAfterMs);
  }

  /** What to ask for now; undefined when nothing is needed. */
  wanted(nowMs: number): { askMicros: bigint; atLeastMicros: bigint } | undefined {
    this.rate.update(this.demandMicros, nowMs);
    if (!this.isAskingDue(nowMs)) return undefined;
    const { horizonMs, leastAskMicros, mostAskMicros } = this.settings;
    this.isHungry = false;
    const neededMicros = this.rate.over(horizonMs);
    // Refused spends may be the same ones again and again: demand is believed step by step.
    const mostMicros = this.lastGrantMicros * MAX_GROWTH;
    const grownMicros = neededMicros < mostMicros ? neededMicros : mostMicros;
    let askMicros = leastAskMicros;
    // A slice has to be worth many of its spends, also in the part of it that may be unreported.
    for (const wish of [this.largestMicros * 32n, grownMicros]) {
      if (wish > askMicros) askMicros = wish;
    }
    if (askMicros > mostAskMicros) askMicros = mostAskMicros;
    const atLeast = this.largestMicros * 8n;
    const atLeastMicros = atLeast < 1n ? 1n : atLeast > askMicros ? askMicros : atLeast;
    return { askMicros, atLeastMicros };
  }

  private isAskingDue(nowMs: number): boolean {
    if (this.isAsking || this.answer === 'superseded' || !this.backoff.isOver(nowMs)) return false;
    if (nowMs - this.triedMs > this.settings.idleMs || this.slices.length >= MAX_SLICES) {
      return false;
    }
    const useful = this.slices.filter(({ terms }) => nowMs + this.renewEarlyMs < terms.stopMs);
    const restMicros = useful.reduce((sum, { restMicros: rest }) => sum + rest, 0n);
    return this.isStarved(restMicros) || restMicros <= this.rate.over(this.renewEarlyMs);
  }

  /** Somebody found no room, and not because a report or the journal is behind. */
  private isStarved(restMicros: bigint): boolean {
    if (!this.isHungry) return false;
    if (restMicros >= this.largestMicros) {
      this.isHungry = false;
      return false;
    }
    return true;
  }
}
