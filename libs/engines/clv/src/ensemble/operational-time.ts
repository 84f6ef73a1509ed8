import type { DayTime } from '../purchase-log.js';

/**
 * How fast a market's clock runs: a constant pace in each bin of days, 1 outside of them. Pace 1.2 means that all
 * customers are a fifth busier than the models' mean; plain data.
 */
export interface Tempo {
  /** The first bin begins after this day, days since 1970-01-01. */
  readonly startDay: number;
  readonly binDays: number;
  readonly pace: readonly number[];
}

/**
 * τ(d) = ∫ pace, in days: a Poisson process whose intensity is λ·pace(t) is one of constant rate λ in τ, so models
 * of calendar time hold in τ exactly as far as purchases go (Cinlar 1975, ch. 4.7).
 */
export class OperationalTime implements DayTime {
  private readonly sums: Float64Array;

  constructor(readonly tempo: Tempo) {
    this.sums = new Float64Array(tempo.pace.length + 1);
    tempo.pace.forEach((pace, i) => {
      this.sums[i + 1] = (this.sums[i] ?? 0) + pace * tempo.binDays;
    });
  }

  /** τ at the end of a day; differences count, not the origin. */
  at(day: number): number {
    const { startDay, binDays, pace } = this.tempo;
    const ahead = day - startDay;
    const bin = Math.floor(ahead / binDays);
    if (bin < 0) return ahead;
    if (bin >= pace.length) return (this.sums[pace.length] ?? 0) + ahead - pace.length * binDays;
    return (this.sums[bin] ?? 0) + (ahead - bin * binDays) * (pace[bin] ?? 1);
  }
}

/** Calendar time, cut into bins that end with `endDay`. */
export function evenTempo(firstDay: number, endDay: number, binDays: number): Tempo {
  const bins = Math.max(1, Math.ceil((endDay - firstDay + 1) / binDays));
  return { startDay: endDay - bins * binDays, binDays, pace: new Array<number>(bins).fill(1) };
}
