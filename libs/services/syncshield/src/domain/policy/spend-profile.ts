import { DAY_MS } from '@kiki/kernel';

/** Milliseconds of one hour. */
export const HOUR_MS = 3_600_000;
const HOURS = 168;
/** 1970-01-01 was a Thursday: hour 0 of the week is Monday 00:00 UTC. */
const EPOCH_OFFSET_HOURS = 3 * 24;
/** Values of which a median is worth something. */
const ENOUGH = 3;

/** What was approved in one hour of UTC; hours without a hold are left out. */
export interface SpendHour {
  /** Hours since the epoch. */
  readonly hour: number;
  readonly approvedMicros: bigint;
  /** Sum of the squares of its holds, micros². */
  readonly squares: bigint;
}

/** How a budget spends: learned by medians, so that single days out of line do not move it. */
export interface SpendProfile {
  /** Micros per hour, by hour of the week; Monday 00:00 UTC first. */
  readonly microsPerHour: readonly bigint[];
  /**
   * How lumpy the money comes: Σ amount² / Σ amount, the hold that an average micro is part of; the 90th percentile of
   * the hours. The variance of what a window of a compound Poisson stream holds is its mean times this.
   */
  readonly lumpMicros: bigint;
  /** Hours of history that it was learned from. */
  readonly hours: number;
}

/** The hour of the week (0..167, Monday 00:00 UTC first) of an hour since the epoch. */
export function hourOfWeek(hour: number): number {
  return (((hour + EPOCH_OFFSET_HOURS) % HOURS) + HOURS) % HOURS;
}

/**
 * Learns a profile from whole hours `[first hour with a hold, untilHour)`; undefined when there is none. An hour of the
 * week that was seen fewer than three times takes the median of that hour over all days, then of all hours.
 */
export function learnProfile(
  rows: readonly SpendHour[],
  untilHour: number,
): SpendProfile | undefined {
  const known = rows.filter(({ hour, approvedMicros }) => hour < untilHour && approvedMicros > 0n);
  if (known.length === 0) return undefined;
  const firstHour = known.reduce((least, { hour }) => Math.min(least, hour), Infinity);
  const byHour = new Map(known.map((row) => [row.hour, row.approvedMicros]));
  const bySlot = Array.from({ length: HOURS }, (): bigint[] => []);
  const byHourOfDay = Array.from({ length: 24 }, (): bigint[] => []);
  for (let hour = firstHour; hour < untilHour; hour++) {
    const micros = byHour.get(hour) ?? 0n;
    bySlot[hourOfWeek(hour)]?.push(micros);
    byHourOfDay[hourOfWeek(hour) % 24]?.push(micros);
  }
  const overall = quantile(byHourOfDay.flat(), 0.5);
  const ofDay = byHourOfDay.map((of) => (of.length < ENOUGH ? overall : quantile(of, 0.5)));
  return {
    microsPerHour: bySlot.map((of, slot) =>
      of.length < ENOUGH ? (ofDay[slot % 24] ?? overall) : quantile(of, 0.5),
    ),
    lumpMicros: quantile(
      known.map(({ squares, approvedMicros }) => squares / approvedMicros),
      0.9,
    ),
    hours: untilHour - firstHour,
  };
}

/**
 * What the profile expects in `lengthMs` around an instant: by the busiest of the hour, the one before and the one
 * after, since customs do not keep to the hour and clocks change.
 */
export function expectedMicros(profile: SpendProfile, nowMs: number, lengthMs: number): bigint {
  const hour = Math.floor(nowMs / HOUR_MS);
  let busiest = 0n;
  for (const near of [hour - 1, hour, hour + 1]) {
    const rate = profile.microsPerHour[hourOfWeek(near)] ?? 0n;
    if (rate > busiest) busiest = rate;
  }
  return (busiest * BigInt(lengthMs)) / BigInt(HOUR_MS);
}

/** How long what is learned stays worth something, hours: four weeks. */
export const LEARNED_HOURS = (28 * DAY_MS) / HOUR_MS;

function quantile(values: readonly bigint[], share: number): bigint {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0n;
}
