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

/**
 * Living forecasts by frequency and age, so that all that is left to compute is P(alive) and the spend. Ages of the
 * ledger are whole days, which customers share: they are computed exactly as a fit computes them, and kept. Ages that
 * callers give with parts of a day are nobody else's, and interpolated.
 */
export class LivingMemo {
  /** By days · (MAX_TABLED_FREQUENCY + 1) + frequency. */
  private readonly kept = new Map<number, LivingForecast>();
  private readonly table: LivingTable;

  constructor(
    private readonly purchases: Forecaster,
    private readonly options: HorizonOptions,
    model: PurchaseModel,
  ) {
    this.table = new LivingTable(purchases, options, timeScaleOf(model));
  }

  of(row: ValuedCustomer): LivingForecast {
    const { frequency, age } = row;
    if (frequency > MAX_TABLED_FREQUENCY) return this.purchases.ifAlive(row, this.options);
    const { daysPerUnit } = this.purchases;
    const days = Math.round(age * daysPerUnit);
    if (days / daysPerUnit !== age) return this.table.of(row);
    const key = days * (MAX_TABLED_FREQUENCY + 1) + frequency;
    // Beyond 2^53 several customers would share a key.
    if (!Number.isSafeInteger(key)) return this.purchases.ifAlive(row, this.options);
    let living = this.kept.get(key);
    if (living === undefined) {
      living = this.purchases.ifAlive(row, this.options);
      if (this.kept.size >= MAX_ENTRIES) this.kept.clear();
      this.kept.set(key, living);
    }
    return living;
  }
}
