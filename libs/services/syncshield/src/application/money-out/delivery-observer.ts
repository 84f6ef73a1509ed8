import type { Delivery, SettledDelivery } from './outbox.js';

/** Is told what became of deliveries. */
export abstract class DeliveryObserver {
  /** @param ageMs from what happened until now */
  abstract delivered(settled: SettledDelivery, delivery: Delivery, ageMs: number): void;
}

/** Is told what reports of external spend came to. */
export abstract class ReportObserver {
  abstract reported(status: string): void;
}

/** Is told of every row of an export. */
export abstract class ExportObserver {
  abstract exported(kind: string): void;
}
