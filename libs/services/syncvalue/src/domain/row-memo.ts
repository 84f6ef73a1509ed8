import type { Forecaster, HorizonOptions, LivingForecast, ValuedCustomer } from '@kiki/clv';

/** Histories that are kept. */
const MAX_ENTRIES = 65_536;
/** One more than the longest time and the greatest frequency that a key has room for. */
const DAYS = 2 ** 17;
const FREQUENCIES = 2 ** 10;

/**
 * Living forecasts by frequency, recency and age, for models whose forecast depends on all three. Times of the ledger
 * are whole days, so that many customers share a history and each is asked about again; times with parts of a day are
 * computed and not kept.
 */
export class RowMemo {
  private readonly kept = new Map<number, LivingForecast>();

  constructor(
    private readonly purchases: Forecaster,
    private readonly options: HorizonOptions,
  ) {}

  of(row: ValuedCustomer): LivingForecast {
    const key = this.keyOf(row);
    if (key === undefined) return this.purchases.ifAlive(row, this.options);
    let living = this.kept.get(key);
    if (living === undefined) {
      living = this.purchases.ifAlive(row, this.options);
      if (this.kept.size >= MAX_ENTRIES) this.kept.clear();
      this.kept.set(key, living);
    }
    return living;
  }

  /** Below 2^44; undefined where times are no whole days or something is too large. */
  private keyOf({ frequency, recency, age }: ValuedCustomer): number | undefined {
    const { daysPerUnit } = this.purchases;
    const [recencyDays, ageDays] = [
      Math.round(recency * daysPerUnit),
      Math.round(age * daysPerUnit),
    ];
    const isWhole = recencyDays / daysPerUnit === recency && ageDays / daysPerUnit === age;
    if (!isWhole || recencyDays >= DAYS || ageDays >= DAYS || frequency >= FREQUENCIES) {
      return undefined;
    }
    return (ageDays * DAYS + recencyDays) * FREQUENCIES + frequency;
  }
}
