import type { Delivery, SettledDelivery } from './outbox.js';

/** Is told what became of deliveries. */
export abstract class DeliveryObserver {
  /** @param ageMs from what happened until now */
  abstract delivered(settled: SettledDelivery, delivery: Delivery, ageMs: number): void;
}
