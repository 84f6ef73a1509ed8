import type { ValueOptions } from '@kiki/clv';
import type { FittedArtefact } from '../domain/model.js';
import { Predictor } from '../domain/predictor.js';

/** Each keeps a few megabytes at most of what it computed. */
const MAX_PREDICTORS = 16;

/** The predictors asked last, so that what they computed serves the next call too. */
export class Predictors {
  /** The last one first. */
  private readonly recent: Predictor[] = [];

  of(artefact: FittedArtefact, options: ValueOptions, asOfDay: number): Predictor {
    const at = this.recent.findIndex(
      (known) => isFor(known, artefact, options) && isAt(known, asOfDay),
    );
    const [known] = at < 0 ? [] : this.recent.splice(at, 1);
    const predictor = known ?? new Predictor(artefact, options, asOfDay);
    this.recent.unshift(predictor);
    if (this.recent.length > MAX_PREDICTORS) this.recent.pop();
    return predictor;
  }
}

/** Only an ensemble's forecast depends on the day. */
function isAt({ artefact, asOfDay }: Predictor, wanted: number): boolean {
  return artefact.ensemble === undefined || asOfDay === wanted;
}

function isFor(known: Predictor, artefact: FittedArtefact, options: ValueOptions): boolean {
  return (
    known.artefact === artefact &&
    known.options.horizonDays === options.horizonDays &&
    known.options.annualDiscountRate === options.annualDiscountRate &&
    known.options.margin === options.margin
  );
}
