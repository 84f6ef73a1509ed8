import {
  expectedSpendMicros,
  type SpendModel,
  type ValuedCustomer,
  type ValueOptions,
} from '@kiki/clv';
import { DomainError, roundHalfEven } from '@kiki/kernel';
import type { ItemProblem } from './customer-query.js';
import { errors } from '../errors.js';
import type { OnnxArtefact } from './model.js';
import { OnnxInputs, type OnnxInput } from './onnx-input.js';
import { NEWCOMER, tierAmong, type PredictedValue, type Prediction } from './predictor.js';

const MICROS = 1e6;
const DAYS_PER_YEAR = 365.25;
/** What no brought model tells, or not every one. */
const UNTOLD = {
  expectedPurchases: undefined,
  spendMicros: undefined,
  aliveProbability: undefined,
  purchasesIfAlive: undefined,
  activeProbability: undefined,
};

/** The answer for one customer, or why the graph gave none. */
export type OnnxOutcome =
  | {
      readonly prediction: Prediction;
      /** The value within the standard options at margin 1, which tiers and drift are measured with. */
      readonly standardMicros: number;
      readonly problem?: undefined;
    }
  | { readonly problem: ItemProblem; readonly prediction?: undefined };

/**
 * A brought model with one set of options. It predicts in two steps, because the graph runs elsewhere: `ask` says
 * what to run it on, `answers` what its outputs mean.
 */
export class OnnxPredictor {
  /** Times of the customers are in days. */
  readonly daysPerUnit = 1;
  private readonly inputs: OnnxInputs;
  /** The horizon asked for and, where tiers are measured with another one, that too. */
  private readonly horizonsDays: readonly number[];

  constructor(
    readonly artefact: OnnxArtefact,
    readonly options: ValueOptions,
  ) {
    const { onnx, average, standard } = artefact;
    this.inputs = new OnnxInputs(onnx.declaration, average);
    const { horizonDays } = options;
    this.horizonsDays =
      horizonDays === standard.horizonDays ? [horizonDays] : [horizonDays, standard.horizonDays];
  }

  /** What the graph has to be run on. */
  ask(customers: readonly (ValuedCustomer | undefined)[]): OnnxInput {
    const rows = customers.map((customer) => customer ?? NEWCOMER);
    return this.inputs.of(rows, this.horizonsDays);
  }

  /** What its outputs say of the same customers. */
  answers(
    customers: readonly (ValuedCustomer | undefined)[],
    outputs: Float64Array,
  ): OnnxOutcome[] {
    const standardAt = outputs.length - customers.length;
    return customers.map((customer, i) => {
      const [output = NaN, standard = NaN] = [outputs[i], outputs[standardAt + i]];
      if (!isUsable(output) || !isUsable(standard)) {
        const given = isUsable(output) ? standard : output;
        return problem(errors.onnx_output_invalid(`The graph gave ${given}.`));
      }
      try {
        return this.outcomeOf(customer, output, standard);
      } catch (error) {
        if (!DomainError.is(error)) throw error;
        return problem(error);
      }
    });
  }

  private outcomeOf(
    customer: ValuedCustomer | undefined,
    output: number,
    standardOutput: number,
  ): OnnxOutcome {
    const row = customer ?? NEWCOMER;
    const { spend, standard, tiers } = this.artefact;
    const value = outputValue(row, output, spend, this.options);
    const atMargin1 = { ...standard, margin: 1 };
    const standardMicros = outputValue(row, standardOutput, spend, atMargin1).valueMicros;
    const { spendMicros } = value;
    const isSpendUnknown = row.frequency > 0 && row.spendMeanMicros === undefined;
    const prediction: Prediction = {
      value,
      ltvMicros: roundHalfEven(value.valueMicros),
      expectedSpendMicros: spendMicros === undefined ? undefined : roundHalfEven(spendMicros),
      tier: tierAmong(tiers, standardMicros),
      fallbackReason:
        customer === undefined ? 'cold_start' : isSpendUnknown ? 'population_spend' : undefined,
    };
    return { prediction, standardMicros };
  }
}

/** What an output means: purchases where there is a spend model for them, revenue otherwise; unrounded. */
export function outputValue(
  row: ValuedCustomer,
  output: number,
  spend: SpendModel | undefined,
  options: ValueOptions,
): PredictedValue {
  const { margin } = options;
  const discountFactor = evenDiscount(options);
  const shared = { margin, discountFactor, ...UNTOLD };
  if (spend === undefined) {
    return { ...shared, valueMicros: output * MICROS * margin * discountFactor };
  }
  const spendMicros = expectedSpendMicros(spend, row.frequency, row.spendMeanMicros);
  const valueMicros = output * spendMicros * margin * discountFactor;
  return { ...shared, expectedPurchases: output, spendMicros, valueMicros };
}

/** Whether an output can be what it is declared to be. */
export function isUsable(output: number): boolean {
  return Number.isFinite(output) && output >= 0;
}

/**
 * Discounted over undiscounted purchases that are spread evenly over the horizon H: (1 − e^{−δH}) / δH with the
 * continuous rate δ = ln(1 + d) per year. When in the horizon they fall, a brought model does not say.
 */
export function evenDiscount({
  horizonDays,
  annualDiscountRate,
}: Pick<ValueOptions, 'horizonDays' | 'annualDiscountRate'>): number {
  const exponent = (Math.log1p(annualDiscountRate) / DAYS_PER_YEAR) * horizonDays;
  return exponent === 0 ? 1 : -Math.expm1(-exponent) / exponent;
}

function problem({ code, message }: DomainError): OnnxOutcome {
  return { problem: { code, message, field: 'customer' } };
}
