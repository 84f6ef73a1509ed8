import type { LeaseGrant } from './lease-types.js';

/** Where a slice stops, and how it is written ahead. */
export interface SliceTerms extends LeaseGrant {
  readonly budgetId: string;
  /** Monotonic instant from which nothing may be spent, milliseconds. */
  readonly stopMs: number;
  /** How far the journal is written ahead of what is spent at first; undefined without one. */
  readonly stepMicros: bigint | undefined;
}

/**
 * One slice as its node spends it. What is spent never exceeds the least of: what was granted, what
 * is acknowledged plus what may be unreported, what the journal has on disk. So whatever dies, the
 * ledger or the journal stands for at least what was spent.
 */
export class LeaseSlice {
  spentMicros = 0n;
  /** Acknowledged by the service. */
  ackedMicros = 0n;
  /** Up to here the journal stands for the slice; a slice without a journal needs none. */
  journaledMicros: bigint;
  isSealed = false;
  private limitMicros = 0n;
  /** The level that a spend needed and did not get. */
  private wantedMicros = 0n;
  private stepMicros: bigint | undefined;
  private isStepGrown = false;
  /** From here on somebody has to do something before the limit is reached. */
  private alarmMicros = 0n;

  constructor(readonly terms: SliceTerms) {
    this.stepMicros = terms.stepMicros;
    this.journaledMicros = terms.stepMicros === undefined ? terms.grantedMicros : 0n;
    this.update();
  }

  /** Spends, or does nothing and says false. */
  trySpend(amountMicros: bigint, nowMs: number): boolean {
    if (nowMs >= this.terms.stopMs) return false;
    const after = this.spentMicros + amountMicros;
    if (after > this.limitMicros) {
      if (after > this.wantedMicros && after <= this.terms.grantedMicros) this.want(after);
      return false;
    }
    this.spentMicros = after;
    return true;
  }

  /** Whether a report or a line of the journal is due so that spending need not stop. */
  get isAlarmed(): boolean {
    return this.spentMicros >= this.alarmMicros && !this.isSealed;
  }

  /** Still to be spent of it, reports and journal aside. */
  get restMicros(): bigint {
    return this.isSealed ? 0n : this.terms.grantedMicros - this.spentMicros;
  }

  get isReportDue(): boolean {
    const { unreportedMicros } = this.terms;
    if (this.ackedMicros >= this.coverable || this.unreported === 0n) return false;
    const isWanted = this.wantedMicros > this.ackedMicros + unreportedMicros;
    return isWanted || this.unreported * 2n >= unreportedMicros;
  }

  get unreported(): bigint {
    return this.spentMicros - this.ackedMicros;
  }

  /** How far the journal should be written next; undefined when it reaches far enough. */
  get journalTarget(): bigint | undefined {
    const { stepMicros } = this;
    const { grantedMicros } = this.terms;
    if (stepMicros === undefined || this.isSealed) return undefined;
    if (this.journaledMicros >= grantedMicros) return undefined;
    const ahead = this.journaledMicros - this.spentMicros;
    const isWanted = this.wantedMicros > this.journaledMicros;
    if (ahead * 2n > stepMicros && !isWanted) return undefined;
    const next = this.spentMicros + stepMicros;
    return least(grantedMicros, next > this.wantedMicros ? next : this.wantedMicros);
  }

  /** The service has booked this much. */
  acknowledge(micros: bigint): void {
    if (micros > this.ackedMicros) this.ackedMicros = micros;
    this.update();
  }

  /** The journal has this much on disk. */
  journaled(micros: bigint): void {
    if (micros > this.journaledMicros) this.journaledMicros = micros;
    this.update();
  }

  /** Nothing more is spent of it. */
  seal(): void {
    this.isSealed = true;
    this.update();
  }

  /** Another spend waits for a report or for the journal. */
  private want(micros: bigint): void {
    if (this.isSealed) return;
    this.wantedMicros = micros;
    this.alarmMicros = 0n;
    if (micros > this.journaledMicros && this.journaledMicros > 0n) this.growStep();
  }

  /** The disk is slower than a step lasts: twice the step, for a longer one costs more at a crash. */
  private growStep(): void {
    if (this.isStepGrown || this.stepMicros === undefined) return;
    this.isStepGrown = true;
    this.stepMicros *= 2n;
  }

  private get coverable(): bigint {
    return this.terms.grantedMicros - this.terms.unreportedMicros;
  }

  private update(): void {
    const { stepMicros } = this;
    const { grantedMicros, unreportedMicros } = this.terms;
    if (this.isSealed) return void (this.limitMicros = this.spentMicros);
    const covered = this.ackedMicros + unreportedMicros;
    this.limitMicros = least(grantedMicros, least(covered, this.journaledMicros));
    const reportAt =
      covered >= grantedMicros ? grantedMicros : this.ackedMicros + unreportedMicros / 2n;
    const writeAt =
      stepMicros === undefined || this.journaledMicros >= grantedMicros
        ? grantedMicros
        : this.journaledMicros - stepMicros / 2n;
    this.alarmMicros = least(reportAt, writeAt);
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
