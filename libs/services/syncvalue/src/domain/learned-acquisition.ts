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
import { artefactBytes } from './artefact-text.js';
import { MAX_ARTEFACT_BYTES, type FittedArtefact } from './model.js';

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

/** Digits of what is only told, where bytes are short. */
const TOLD_DIGITS = 5;

/**
 * The artefact with as many of the strongest effects of acquisition as its size allows; before one of them goes, what
 * forecasts nothing is told with fewer digits.
 */
export function withinLimit(artefact: FittedArtefact): FittedArtefact {
  const { acquisition } = artefact;
  if (acquisition === undefined || artefactBytes(artefact) <= MAX_ARTEFACT_BYTES) return artefact;
  const short = toldShort(artefact);
  let kept = acquisition.effects.length;
  let fitting = short;
  while (kept > 0 && artefactBytes(fitting) > MAX_ARTEFACT_BYTES) {
    fitting = { ...short, acquisition: strongestEffects(acquisition, --kept) };
  }
  return fitting;
}

/** Scores of the back-test, and beside an ensemble the published model that it is compared with. */
function toldShort(artefact: FittedArtefact): FittedArtefact {
  const { backtest, ensemble, purchase, fitDurationMs } = artefact;
  return {
    ...artefact,
    ...(backtest !== undefined && { backtest: inFewDigits(backtest) }),
    purchase: ensemble === undefined ? purchase : inFewDigits(purchase),
    fitDurationMs: Math.round(fitDurationMs),
  };
}

/** The same with fractions in few digits; whole numbers stay. */
function inFewDigits<T>(value: T): T {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'number' && !Number.isInteger(part)
      ? Number(part.toPrecision(TOLD_DIGITS))
      : part,
  );
  return JSON.parse(text) as T;
}
