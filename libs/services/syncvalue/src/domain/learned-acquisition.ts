import {
  AcquiredValues,
  AcquisitionPriors,
  strongestEffects,
  type AcquisitionAttributes,
  type AcquisitionModel,
  type AcquisitionPrior,
  type PurchaseModel,
  type ValueModel,
} from '@kiki/clv';
import { artefactBytes, MAX_ARTEFACT_BYTES, type FittedArtefact } from './model.js';

/** How the way in which a customer came was counted in a prediction. */
export interface AppliedAcquisition {
  readonly attributes: AcquisitionAttributes;
  /** What purchases and spend were multiplied with; 1 for whom the model has long known. */
  readonly purchases: number;
  readonly spend: number;
}

/** What a model learned of how customers came, ready to be counted in. */
export class LearnedAcquisition {
  readonly values: AcquiredValues;
  private readonly priors: AcquisitionPriors;

  constructor(learned: AcquisitionModel, model: ValueModel, alpha: number) {
    this.priors = new AcquisitionPriors(learned);
    this.values = new AcquiredValues(model, alpha);
  }

  /** Undefined where nothing is known or nothing was learned of it: then the model answers as if there were none. */
  priorOf(attributes: AcquisitionAttributes | undefined): AcquisitionPrior | undefined {
    return attributes && this.priors.of(attributes);
  }
}

/** The scale of a purchase model's gamma rate, in its unit of time. */
export function alphaOf({ parameters }: PurchaseModel): number {
  return parameters['alpha'] ?? NaN;
}

/** The artefact with as many of the strongest effects of acquisition as its size allows. */
export function withinLimit(artefact: FittedArtefact): FittedArtefact {
  const { acquisition } = artefact;
  if (acquisition === undefined) return artefact;
  let kept = acquisition.effects.length;
  let fitting = artefact;
  while (kept > 0 && artefactBytes(fitting) > MAX_ARTEFACT_BYTES) {
    fitting = { ...artefact, acquisition: strongestEffects(acquisition, --kept) };
  }
  return fitting;
}
