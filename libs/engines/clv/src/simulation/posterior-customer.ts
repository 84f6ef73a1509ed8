import type { Random } from '@kiki/kernel';
import { purchaseKind } from '../models/index.js';
import type { Observed } from '../models/purchase-kind.js';
import type { CustomerDraws, Latents } from './customer-draws.js';
import { drawsOf, thetaOf, type PurchaseLaw } from './simulate-purchases.js';

/** One draw of what is not seen of a customer. */
export interface CustomerDraw extends Latents {
  readonly isAlive: boolean;
}

/**
 * A customer whose history is known, drawn from the posterior of the model. Exact: alive with P(alive); then rate and
 * dropout from their conjugate posteriors given alive, or given when the customer left.
 */
export class PosteriorCustomer {
  /** P(alive) at the end of the history. */
  readonly aliveProbability: number;
  private readonly theta: Float64Array;
  private readonly draws: CustomerDraws;

  /** `row` is in the unit of the model. @throws clv_parameter_invalid */
  constructor(
    law: PurchaseLaw,
    private readonly row: Observed,
  ) {
    this.theta = thetaOf(law);
    this.draws = drawsOf(law.kind);
    this.aliveProbability = purchaseKind(law.kind).pAlive(this.theta, row);
  }

  /** Alive or not, and the two latents. */
  draw(random: Random): CustomerDraw {
    const isAlive = random.nextDouble() < this.aliveProbability;
    const latents = isAlive
      ? this.draws.living(this.theta, this.row, random)
      : this.draws.gone(this.theta, this.row, random);
    return { isAlive, ...latents };
  }

  /** Purchases within `horizon` units of time from now: one draw of the predictive distribution. */
  drawPurchases(horizon: number, random: Random): number {
    if (random.nextDouble() >= this.aliveProbability) return 0;
    const latents = this.draws.living(this.theta, this.row, random);
    return this.draws.purchases(latents, horizon, random);
  }
}

/** One draw of a customer's purchases within `horizon`; for many draws keep a {@link PosteriorCustomer}. */
export function drawFuturePurchases(
  law: PurchaseLaw,
  row: Observed,
  horizon: number,
  random: Random,
): number {
  return new PosteriorCustomer(law, row).drawPurchases(horizon, random);
}
