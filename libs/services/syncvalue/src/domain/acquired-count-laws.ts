import {
  acquiredPurchaseModel,
  Ensemble,
  EnsembleDistribution,
  fadedMultiplier,
  type AcquisitionPrior,
  type Observed,
} from '@kiki/clv';
import { alphaOf } from './learned-acquisition.js';
import type { FittedArtefact } from './model.js';
import { countLaw, type CountLaw } from './predictive.js';

/** Laws of different multipliers that are kept; a model has about as many combinations of its effects. */
const MAX_LAWS = 256;

/**
 * How purchases are distributed where it is known how a customer came: of a published model that with a scaled rate, of
 * an ensemble with a scaled mean.
 */
export class AcquiredCountLaws {
  private readonly ensemble: EnsembleDistribution | undefined;
  private readonly laws = new Map<number, CountLaw>();

  constructor(
    private readonly artefact: FittedArtefact,
    private readonly horizonDays: number,
    private readonly asOfDay: number,
  ) {
    const { ensemble } = artefact;
    this.ensemble =
      ensemble && new EnsembleDistribution(new Ensemble(ensemble, asOfDay), horizonDays);
  }

  /** P(N ≤ n) for n = 0, 1, … */
  below(row: Observed, { purchases }: AcquisitionPrior): readonly number[] {
    const { ensemble } = this;
    if (ensemble === undefined) return this.lawOf(purchases)(row);
    const factor = fadedMultiplier(purchases, alphaOf(this.artefact.purchase), row.age);
    return ensemble.below(row, factor);
  }

  private lawOf(multiplier: number): CountLaw {
    let law = this.laws.get(multiplier);
    if (law === undefined) {
      const model = acquiredPurchaseModel(this.artefact.purchase, multiplier);
      law = countLaw(model, this.horizonDays, this.asOfDay);
      if (this.laws.size >= MAX_LAWS) this.laws.clear();
      this.laws.set(multiplier, law);
    }
    return law;
  }
}
