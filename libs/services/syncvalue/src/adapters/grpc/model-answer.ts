import type { PurchaseModel, SpendModel } from '@kiki/clv';
import type * as wire from '@kiki/contract-syncvalue';
import { roundHalfEven } from '@kiki/kernel';
import { dayInstant } from '../../domain/ledger-terms.js';
import type { Model } from '../../domain/model.js';
import { daysOf } from './answers.js';
import { WIRE_KIND, WIRE_LABEL, WIRE_SPEND_KIND, WIRE_UNIT } from './enums.js';

/** A stored model as the wire has it. */
export function modelAnswer({ version, createdAtMs, artefact, labels }: Model): wire.Model {
  const { purchase, spend, average } = artefact;
  return {
    modelVersion: version,
    kind: WIRE_KIND[purchase.kind],
    spendKind: WIRE_SPEND_KIND[spend.kind],
    parameters: parametersOf(purchase),
    spendParameters: parametersOf(spend),
    logLikelihood: purchase.logLikelihood,
    spendLogLikelihood: spend.logLikelihood ?? undefined,
    timeUnit: WIRE_UNIT[artefact.timeUnit],
    currency: artefact.currency,
    dataSha256: artefact.dataSha256,
    customerCount: BigInt(artefact.customerCount),
    transactionCount: BigInt(artefact.transactionCount),
    calibrationEnd: dayInstant(artefact.calibrationDay, artefact),
    createdAt: new Date(createdAtMs),
    labels: labels.map((label) => WIRE_LABEL[label]),
    isDropoutIdentified: artefact.isDropoutIdentified,
    warnings: [...artefact.warnings],
    frequencySpendCorrelation: spend.frequencySpendCorrelation ?? undefined,
    fitDurationMs: artefact.fitDurationMs,
    backtest: undefined,
    population: {
      meanRepeatPurchases: average.frequency,
      meanRecencyDays: daysOf(average.recency, artefact),
      meanAgeDays: daysOf(average.age, artefact),
      meanRepeatSpendMicros: roundHalfEven(average.spendMeanMicros),
    },
  };
}

function parametersOf(model: PurchaseModel | SpendModel): wire.ModelParameter[] {
  return model.parameterNames.map((name) => ({
    name,
    value: model.parameters[name] ?? NaN,
    standardError: model.standardErrors?.[name],
  }));
}
