import { scaledExponentialIntegral } from '../numerics/exponential-integral.js';
import { logGamma } from '../numerics/gamma.js';
import { deviationOf, logSlope, movedBy } from '../numerics/delta-method.js';
import { expectedSpendMicros, type SpendModel } from '../spend-model.js';

const MICROS = 1e6;
/** From here on 1/ν has three moments and its second is taken as it is. */
const TAME_SHAPE = 3;
/** Tails that one in so many segments of this size would see are cut off. */
const RARE = 10;

/** Spend of the purchases that are known. */
export interface KnownSpend {
  readonly frequency: number;
  /** Mean of the repeat purchases, micros; undefined when unknown. */
  readonly spendMeanMicros: number | undefined;
}

/** Var(what n purchases bring) = perPurchase · E[n] + perSquare · E[n²] − (mean · E[n])², micros and their squares. */
export interface SpendMoments {
  /** Expected spend of a purchase. */
  readonly mean: number;
  readonly perPurchase: number;
  readonly perSquare: number;
}

/**
 * Moments of a customer's future spend by Gamma-Gamma: given ν spends have mean p/ν and variance p/ν², and ν ~
 * gamma(q + px, v + xz) (Fader, Hardie 2013). Where q + px < 3 the second moment of 1/ν is hardly finite or not at all:
 * it is cut off at what one in ten segments of `customers` would see. Where only a mean is known each spend is that.
 */
export function spendMoments(
  model: SpendModel,
  { frequency, spendMeanMicros }: KnownSpend,
  customers: number,
): SpendMoments {
  const mean = expectedSpendMicros(model, frequency, spendMeanMicros);
  const { p, q, v } = model.parameters;
  if (p === undefined || q === undefined || v === undefined) {
    return { mean, perPurchase: 0, perSquare: mean * mean };
  }
  const x = spendMeanMicros === undefined ? 0 : frequency;
  const scale = v * MICROS + x * (spendMeanMicros ?? 0);
  const square = p * scale * scale * inverseSquare(q + p * x, customers);
  return { mean, perPurchase: square, perSquare: p * square };
}

/** E[u⁻²] of u ~ gamma(shape, 1), from u₀ down u₀⁻² where the tail is heavy: P(u < u₀) ≈ u₀^shape / Γ(shape + 1). */
function inverseSquare(shape: number, customers: number): number {
  if (shape >= TAME_SHAPE) return 1 / ((shape - 1) * (shape - 2));
  const logRare = -Math.log(RARE * Math.max(1, customers));
  const least = Math.exp((logRare + logGamma(shape + 1)) / shape);
  // Γ(shape − 2, u₀) = u₀^(shape − 2) E_(3 − shape)(u₀), DLMF 8.19.1.
  const tail = Math.exp((shape - 2) * Math.log(least) - least - logGamma(shape));
  const above = tail * scaledExponentialIntegral(3 - shape, least);
  return above + Math.exp(logRare) / (least * least);
}

/** What errors of the spend model's parameters do to a sum of expected spends; like {@link ParameterSensitivity}. */
export class SpendSensitivity {
  private readonly moved: readonly SpendModel[];

  constructor(private readonly model: SpendModel) {
    const theta = model.parameterNames.map((name) => model.parameters[name] ?? NaN);
    const isKnown = model.kind === 'gamma_gamma' && model.logCovariance !== undefined;
    this.moved = (isKnown ? theta : []).flatMap((_, i) =>
      ([1, -1] as const).map((way) => withTheta(model, movedBy(theta, i, way))),
    );
  }

  /** A sum of nobody yet. */
  newSums(): Float64Array {
    return new Float64Array(this.moved.length);
  }

  /** Adds the expected spend of a customer with each set of parameters. */
  add(sums: Float64Array, { frequency, spendMeanMicros }: KnownSpend, weight: number): void {
    this.moved.forEach((model, set) => {
      const spend = expectedSpendMicros(model, frequency, spendMeanMicros);
      sums[set] = (sums[set] ?? 0) + weight * spend;
    });
  }

  /** Relative standard deviation of the sum; 0 where the model has no covariance. */
  deviation(sums: Float64Array): number {
    const gradient = this.model.parameterNames.map((_, i) =>
      logSlope(sums[2 * i] ?? 0, sums[2 * i + 1] ?? 0),
    );
    return deviationOf(this.model.logCovariance ?? [], gradient);
  }
}

function withTheta(model: SpendModel, [p = NaN, q = NaN, v = NaN]: readonly number[]): SpendModel {
  return {
    ...model,
    parameters: { p, q, v },
    populationMeanMicros: (p * v * MICROS) / (q - 1),
  };
}
