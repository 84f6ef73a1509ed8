import type { ValueOptions } from '@kiki/clv';
import type { FieldProblem } from '@kiki/kernel';
import { errors } from '../errors.js';
import type { ModelReference } from './model.js';
import type { OnnxDeclaration } from './onnx-declaration.js';

/** What a caller asked for; everything may be absent. */
export interface AskedOptions {
  readonly horizonDays: number | undefined;
  readonly annualDiscountRate: number | undefined;
  readonly margin: number | undefined;
  /** End of the observation. */
  readonly asOf: Date | undefined;
  readonly quantiles: readonly number[];
  readonly model: ModelReference | undefined;
}

/** What a call asks for that names no options. */
export const NOTHING_ASKED: AskedOptions = {
  horizonDays: undefined,
  annualDiscountRate: undefined,
  margin: undefined,
  asOf: undefined,
  quantiles: [],
  model: undefined,
};

const MAX_HORIZON_DAYS = 36_525;
const MAX_RATE = 10;
const MAX_QUANTILES = 32;

/**
 * Fills in the defaults. @param at before field names
 * @throws prediction_options_invalid naming every field at fault
 */
export function valueOptions(
  asked: AskedOptions,
  defaults: ValueOptions,
  at = 'options.',
): ValueOptions {
  const { horizonDays, annualDiscountRate, margin } = { ...defaults, ...definedOnly(asked) };
  const fields: FieldProblem[] = [];
  const require = (isValid: boolean, field: string, expected: string): void => {
    if (!isValid) fields.push({ field: `${at}${field}`, expected });
  };
  const isHorizon = horizonDays > 0 && horizonDays <= MAX_HORIZON_DAYS;
  require(isHorizon, 'horizon_days', `above 0 and up to ${MAX_HORIZON_DAYS}`);
  const isRate = annualDiscountRate >= 0 && annualDiscountRate <= MAX_RATE;
  require(isRate, 'annual_discount_rate', `from 0 to ${MAX_RATE}`);
  require(margin > 0 && margin <= 1, 'margin', 'above 0 and up to 1');
  const areQuantiles =
    asked.quantiles.length <= MAX_QUANTILES && asked.quantiles.every((q) => q > 0 && q < 1);
  require(areQuantiles, 'quantiles', `up to ${MAX_QUANTILES} numbers between 0 and 1`);
  const isInstant = asked.asOf === undefined || !Number.isNaN(asked.asOf.getTime());
  require(isInstant, 'as_of', 'an instant');
  if (fields.length > 0) throw errors.prediction_options_invalid(undefined, { fields });
  return { horizonDays, annualDiscountRate, margin };
}

/**
 * The options of a brought model: one that knows a single horizon answers for that one.
 * @throws prediction_options_invalid where another one is asked for
 */
export function onnxOptions(
  { trainedHorizonDays }: Pick<OnnxDeclaration, 'trainedHorizonDays'>,
  askedHorizonDays: number | undefined,
  options: ValueOptions,
): ValueOptions {
  if (trainedHorizonDays === undefined) return options;
  if (askedHorizonDays === undefined || askedHorizonDays === trainedHorizonDays) {
    return { ...options, horizonDays: trainedHorizonDays };
  }
  const expected = `${trainedHorizonDays}, the one horizon that the brought model knows, or nothing`;
  const fields = [{ field: 'options.horizon_days', expected }];
  throw errors.prediction_options_invalid(undefined, { fields });
}

function definedOnly(asked: AskedOptions): Partial<ValueOptions> {
  const { horizonDays, annualDiscountRate, margin } = asked;
  return {
    ...(horizonDays !== undefined && { horizonDays }),
    ...(annualDiscountRate !== undefined && { annualDiscountRate }),
    ...(margin !== undefined && { margin }),
  };
}
