import type { AcquisitionModel } from '@kiki/clv';
import type * as wire from '@kiki/contract-syncvalue';
import type { AppliedAcquisition } from '../../domain/learned-acquisition.js';

/** What a model learned of how its customers came. */
export function acquisitionAnswer(learned: AcquisitionModel): wire.AcquisitionModel {
  return {
    customerCount: BigInt(learned.customers),
    effects: learned.effects.map(
      ([attribute, value, customers, purchases, spend, rawPurchases, rawSpend]) => ({
        attribute,
        value,
        customerCount: BigInt(customers),
        purchasesMultiplier: purchases,
        spendMultiplier: spend,
        rawPurchasesRatio: rawPurchases,
        rawSpendRatio: rawSpend ?? undefined,
      }),
    ),
    pooledValueCount: learned.pooled,
  };
}

/** How acquisition was counted in a prediction. */
export function appliedAnswer(applied: AppliedAcquisition): wire.AppliedAcquisition {
  return {
    attributes: { ...applied.attributes },
    purchasesMultiplier: applied.purchases,
    spendMultiplier: applied.spend,
  };
}
