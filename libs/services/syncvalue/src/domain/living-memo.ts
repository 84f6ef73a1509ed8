import type {
  Forecaster,
  HorizonOptions,
  LivingForecast,
  PurchaseModel,
  ValuedCustomer,
} from '@kiki/clv';
import { LivingTable, MAX_TABLED_FREQUENCY, timeScaleOf } from './living-table.js';

/** Pairs of frequency and age that are kept; a log of three years in whole days has about as many. */
const MAX_ENTRIES = 32_768;

/** Part of a day by which an age may miss a whole number of them and be one still. */
const ROUNDING = 1e-9;

/**
 * Living forecasts by frequency and age, so that all that is left to compute is P(alive) and the spend. Ages of the
 * ledger are whole days, which customers share: they are computed exactly as a fit computes them, and kept. Ages that
 * callers give with parts of a day are nobody else's, and interpolated.
 */
export class LivingMemo {
  private readonly byFrequency = new Map<number, Map<number, LivingForecast>>();
  private readonly table: LivingTable;
  private entries = 0;

  constructor(
    private readonly purchases: Forecaster,
    private readonly options: HorizonOptions,
    model: PurchaseModel,
  ) {
    this.table = new LivingTable(purchases, options, timeScaleOf(model));
  }

  of(row: ValuedCustomer): LivingForecast {
    const days = row.age * this.purchases.daysPerUnit;
    const isWhole = Math.abs(days - Math.round(days)) <= ROUNDING;
    if (!isWhole && row.frequency <= MAX_TABLED_FREQUENCY) return this.table.of(row);
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
