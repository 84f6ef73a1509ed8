import type { FieldProblem } from '@kiki/kernel';
import { errors } from '../errors.js';
import type { LedgerTerms } from './ledger-terms.js';

/** Numbers that are known of every customer: what the columns of a graph's input may be. */
export const ONNX_FEATURES = [
  'repeat_purchases',
  'recency_days',
  'age_days',
  'mean_repeat_spend',
  'horizon_days',
  'days_since_last_purchase',
  'mean_days_between_purchases',
  'repeat_purchases_per_day',
  'total_repeat_spend',
  'population_repeat_purchases',
  'population_mean_repeat_spend',
] as const;
/** One of them; times in days, money in units of the currency. */
export type OnnxFeature = (typeof ONNX_FEATURES)[number];

/** Type of the elements of the input. */
export type OnnxInputType = 'float32' | 'float64';

/** What the output says: purchases, or undiscounted revenue in units of the currency, both within the horizon. */
export type OnnxOutputMeaning = 'purchases' | 'revenue';

/** What a brought graph takes and gives: one tensor [n, features] in, one of n numbers out. */
export interface OnnxDeclaration {
  readonly name: string;
  /** The columns of the input in their order. */
  readonly features: readonly OnnxFeature[];
  readonly inputName: string;
  readonly inputType: OnnxInputType;
  readonly outputName: string;
  readonly outputMeaning: OnnxOutputMeaning;
  /** The one horizon the graph knows, whole days; absent exactly where the horizon is a feature. */
  readonly trainedHorizonDays?: number;
  readonly currency: string;
  /** Last day that the training saw, days since 1970-01-01; absent where nobody knows. */
  readonly trainedUntilDay?: number;
}

/** A declaration as it comes in; what is undefined was not understood. */
export interface AskedDeclaration extends Omit<
  OnnxDeclaration,
  'features' | 'inputType' | 'outputMeaning' | 'trainedHorizonDays' | 'trainedUntilDay'
> {
  readonly features: readonly (OnnxFeature | undefined)[];
  readonly inputType: OnnxInputType | undefined;
  readonly outputMeaning: OnnxOutputMeaning | undefined;
  readonly trainedHorizonDays: number | undefined;
  /** NaN for an instant that no calendar has. */
  readonly trainedUntilDay: number | undefined;
}

/** A graph as a model has it. */
export interface OnnxModel {
  readonly declaration: OnnxDeclaration;
  /** Lower-case hex. */
  readonly graphSha256: string;
  readonly graphBytes: number;
}

const MAX_NAME = 128;
const MAX_FEATURES = 32;
const MAX_HORIZON_DAYS = 36_525;

/** Checks a declaration against itself and the log. @throws onnx_declaration_invalid naming every field at fault */
export function checkedDeclaration(asked: AskedDeclaration, terms: LedgerTerms): OnnxDeclaration {
  const fields = problemsOf(asked, terms);
  const { features, inputType, outputMeaning, trainedHorizonDays, trainedUntilDay } = asked;
  if (fields.length > 0 || inputType === undefined || outputMeaning === undefined) {
    throw errors.onnx_declaration_invalid(
      `The declaration is wrong in ${fields.map(({ field }) => field).join(', ')}.`,
      { fields },
    );
  }
  return {
    name: asked.name,
    features: features.flatMap((feature) => feature ?? []),
    inputName: asked.inputName,
    inputType,
    outputName: asked.outputName,
    outputMeaning,
    ...(trainedHorizonDays !== undefined && { trainedHorizonDays }),
    currency: asked.currency,
    ...(trainedUntilDay !== undefined && { trainedUntilDay }),
  };
}

function problemsOf(asked: AskedDeclaration, { currency }: LedgerTerms): FieldProblem[] {
  const fields: FieldProblem[] = [];
  const require = (isValid: boolean, field: string, expected: string): void => {
    if (!isValid) fields.push({ field: `declaration.${field}`, expected });
  };
  const { features, trainedHorizonDays: horizon } = asked;
  const isName = (text: string): boolean => text !== '' && text.length <= MAX_NAME;
  require(isName(asked.name), 'name', `1 to ${MAX_NAME} characters`);
  const isCount = features.length >= 1 && features.length <= MAX_FEATURES;
  require(isCount, 'features', `1 to ${MAX_FEATURES} features`);
  features.forEach((feature, i) => {
    const isFirst = feature !== undefined && features.indexOf(feature) === i;
    require(isFirst, `features[${i}]`, `each once, of: ${ONNX_FEATURES.join(', ')}`);
  });
  require(isName(asked.inputName), 'input_name', `1 to ${MAX_NAME} characters`);
  require(asked.inputType !== undefined, 'input_type', 'FLOAT32 or FLOAT64');
  require(isName(asked.outputName), 'output_name', `1 to ${MAX_NAME} characters`);
  require(asked.outputMeaning !== undefined, 'output_meaning', 'PURCHASES or REVENUE');
  const isFree = features.includes('horizon_days');
  const isHorizon = isFree
    ? horizon === undefined
    : Number.isInteger(horizon) && (horizon ?? 0) >= 1 && (horizon ?? 0) <= MAX_HORIZON_DAYS;
  const expectedHorizon = isFree
    ? 'nothing, because horizon_days is a feature'
    : `whole days from 1 to ${MAX_HORIZON_DAYS}, or horizon_days among the features`;
  require(isHorizon, 'trained_horizon_days', expectedHorizon);
  require(asked.currency === currency, 'currency', `${currency}, the currency of the log`);
  require(!Number.isNaN(asked.trainedUntilDay), 'trained_until', 'an instant');
  return fields;
}
