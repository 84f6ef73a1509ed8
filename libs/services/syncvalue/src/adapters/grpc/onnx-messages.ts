import * as wire from '@kiki/contract-syncvalue';
import { dayInstant, dayOfInstant, type LedgerTerms } from '../../domain/ledger-terms.js';
import type {
  AskedDeclaration,
  OnnxFeature,
  OnnxInputType,
  OnnxModel,
  OnnxOutputMeaning,
} from '../../domain/onnx-declaration.js';

const WIRE_FEATURE: Readonly<Record<OnnxFeature, wire.OnnxFeature>> = {
  repeat_purchases: wire.OnnxFeature.REPEAT_PURCHASES,
  recency_days: wire.OnnxFeature.RECENCY_DAYS,
  age_days: wire.OnnxFeature.AGE_DAYS,
  mean_repeat_spend: wire.OnnxFeature.MEAN_REPEAT_SPEND,
  horizon_days: wire.OnnxFeature.HORIZON_DAYS,
  days_since_last_purchase: wire.OnnxFeature.DAYS_SINCE_LAST_PURCHASE,
  mean_days_between_purchases: wire.OnnxFeature.MEAN_DAYS_BETWEEN_PURCHASES,
  repeat_purchases_per_day: wire.OnnxFeature.REPEAT_PURCHASES_PER_DAY,
  total_repeat_spend: wire.OnnxFeature.TOTAL_REPEAT_SPEND,
  population_repeat_purchases: wire.OnnxFeature.POPULATION_REPEAT_PURCHASES,
  population_mean_repeat_spend: wire.OnnxFeature.POPULATION_MEAN_REPEAT_SPEND,
};
const WIRE_INPUT: Readonly<Record<OnnxInputType, wire.OnnxInputType>> = {
  float32: wire.OnnxInputType.FLOAT32,
  float64: wire.OnnxInputType.FLOAT64,
};
const WIRE_OUTPUT: Readonly<Record<OnnxOutputMeaning, wire.OnnxOutputMeaning>> = {
  purchases: wire.OnnxOutputMeaning.PURCHASES,
  revenue: wire.OnnxOutputMeaning.REVENUE,
};

/** A declaration as the domain checks it, in the days of a tenant. */
export function declarationOf(
  declaration: wire.OnnxDeclaration | undefined,
  terms: Pick<LedgerTerms, 'timeZone'>,
): AskedDeclaration {
  const asked = declaration ?? wire.OnnxDeclaration.fromPartial({});
  const { trainedUntil } = asked;
  const isFloat32 = asked.inputType === wire.OnnxInputType.UNSPECIFIED;
  return {
    name: asked.name,
    features: asked.features.map((feature) => nameOf(WIRE_FEATURE, feature)),
    inputName: asked.inputName,
    inputType: isFloat32 ? 'float32' : nameOf(WIRE_INPUT, asked.inputType),
    outputName: asked.outputName,
    outputMeaning: nameOf(WIRE_OUTPUT, asked.outputMeaning),
    trainedHorizonDays: asked.trainedHorizonDays,
    currency: asked.currency,
    trainedUntilDay: trainedUntil && dayOrNaN(trainedUntil, terms),
  };
}

/** A brought model as the wire has it. */
export function onnxAnswer(
  { declaration, graphSha256, graphBytes }: OnnxModel,
  terms: Pick<LedgerTerms, 'timeZone'>,
): wire.OnnxModel {
  const { trainedUntilDay, trainedHorizonDays } = declaration;
  return {
    declaration: {
      name: declaration.name,
      features: declaration.features.map((feature) => WIRE_FEATURE[feature]),
      inputName: declaration.inputName,
      inputType: WIRE_INPUT[declaration.inputType],
      outputName: declaration.outputName,
      outputMeaning: WIRE_OUTPUT[declaration.outputMeaning],
      trainedHorizonDays,
      currency: declaration.currency,
      trainedUntil: trainedUntilDay === undefined ? undefined : dayInstant(trainedUntilDay, terms),
    },
    graphSha256,
    graphBytes: BigInt(graphBytes),
  };
}

function nameOf<K extends string>(
  table: Readonly<Record<K, number>>,
  value: number,
): K | undefined {
  return (Object.keys(table) as K[]).find((name) => table[name] === value);
}

function dayOrNaN(instant: Date, terms: Pick<LedgerTerms, 'timeZone'>): number {
  return Number.isNaN(instant.getTime()) ? NaN : dayOfInstant(instant, terms);
}
