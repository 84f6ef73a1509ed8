import type { Forecaster, HorizonOptions, LivingForecast, ValuedCustomer } from '@kiki/clv';

/** Pairs of frequency and age that are kept; a log of three years in whole days has about as many. */
const MAX_ENTRIES = 32_768;

/**
 * Living forecasts by frequency and age: ages are mostly whole days, so that customers share them, and all that is
 * left to compute is P(alive) and the spend.
 */
export class LivingMemo {
  private readonly byFrequency = new Map<number, Map<number, LivingForecast>>();
  private entries = 0;

  constructor(
    private readonly purchases: Forecaster,
    private readonly options: HorizonOptions,
  ) {}

  of(row: ValuedCustomer): LivingForecast {
    let byAge = this.byFrequency.get(row.frequency);
    if (byAge === undefined)
      this.byFrequency.set(row.frequency, (byAge = new Map<number, LivingForecast>()));
    let living = byAge.get(row.age);
    if (living === undefined) {
      living = this.purchases.ifAlive(row, this.options);
      byAge.set(row.age, living);
      if (++this.entries > MAX_ENTRIES) this.clear();
    }
    return living;
  }

  private clear(): void {
    this.byFrequency.clear();
    this.entries = 0;
  }
}
