import {
  PurchaseLog,
  type CustomerPurchases,
  type CustomerTable,
  type NetDay,
  type PurchaseLogColumns,
} from '@kiki/clv';
import { chosenKind, MAX_CHOSEN_CUSTOMERS, type AskedKind } from './choose-kind.js';
import type { FitKind } from './model.js';

/** The purchase days of a log, kept while the kind may be one that is fitted to them. */
export class PurchaseDays {
  private bought: CustomerPurchases[] = [];
  private readonly most: number;

  /** @param endDay last day that the fit may see, days since 1970-01-01 */
  constructor(
    private readonly asked: AskedKind,
    private readonly endDay: number,
  ) {
    this.most = asked === 'ensemble' ? Infinity : asked === 'chosen' ? MAX_CHOSEN_CUSTOMERS : 0;
  }

  add(customerId: string, days: readonly NetDay[]): void {
    if (this.bought.length < this.most) {
      this.bought.push({ customerId, days: days.map(({ day }) => day) });
    }
  }

  /** What is fitted, and the log where that is an ensemble. */
  kindAndLog(table: CustomerTable): {
    readonly kind: FitKind;
    readonly log: PurchaseLogColumns | undefined;
  } {
    const kind = this.asked === 'chosen' ? this.choose(table) : this.asked;
    const log = kind === 'ensemble' ? PurchaseLog.of(this.bought, this.endDay).columns : undefined;
    this.bought = [];
    return { kind, log };
  }

  private choose({ frequency }: CustomerTable): FitKind {
    const firstDay = this.bought.reduce(
      (first, { days }) => Math.min(first, days[0] ?? Infinity),
      Infinity,
    );
    return chosenKind({
      customers: frequency.length,
      repeatCustomers: frequency.reduce((count, x) => count + (x > 0 ? 1 : 0), 0),
      spanDays: this.endDay - firstDay + 1,
    });
  }
}
