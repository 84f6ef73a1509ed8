import {
  purchaseKind,
  type Forecaster,
  type HorizonOptions,
  type LivingForecast,
  type PurchaseModel,
  type ValuedCustomer,
} from '@kiki/clv';

/** Chebyshev nodes of a panel: the nearest pole is 9 half-widths away, so that an error shrinks 18-fold with each. */
const NODES = 14;
const SERIES = 3;
/** Whoever bought more often is rare, and computed directly. */
export const MAX_TABLED_FREQUENCY = 63;

/**
 * Living forecasts at any age, by interpolation: each is analytic in log(scale + age), where the scale is the model's
 * smallest time parameter, and an octave of it is one polynomial, made when first asked for. What comes out depends on
 * model, options and customer alone, and is the direct computation to 1e-10, mostly to 1e-13. Where BG/NBD's
 * customers all but leave at once (a ≫ 1) and the horizon is far beyond α, the direct computation itself loses up
 * to half of its digits, and this does not average them out: the two then agree to about 1e-6.
 */
export class LivingTable {
  /** By octave · (MAX_TABLED_FREQUENCY + 1) + frequency. */
  private readonly panels = new Map<number, Float64Array>();

  constructor(
    private readonly purchases: Forecaster,
    private readonly options: HorizonOptions,
    private readonly scale: number,
  ) {}

  /** @param row with a frequency up to MAX_TABLED_FREQUENCY */
  of({ frequency, age }: ValuedCustomer): LivingForecast {
    const octaves = Math.log2(1 + age / this.scale);
    const octave = Math.floor(octaves);
    const key = octave * (MAX_TABLED_FREQUENCY + 1) + frequency;
    let panel = this.panels.get(key);
    if (panel === undefined) this.panels.set(key, (panel = this.panel(frequency, octave)));
    return evaluate(panel, 2 * (octaves - octave) - 1);
  }

  /** Chebyshev coefficients of the three numbers, one after the other. */
  private panel(frequency: number, octave: number): Float64Array {
    const coefficients = new Float64Array(SERIES * NODES);
    for (let k = 0; k < NODES; k++) {
      const angle = (Math.PI * (k + 0.5)) / NODES;
      const age = this.scale * (2 ** (octave + (1 + Math.cos(angle)) / 2) - 1);
      const row = { frequency, recency: 0, age: Math.max(0, age) };
      const { purchasesIfAlive, discountFactor, activeIfAlive } = this.purchases.ifAlive(
        row,
        this.options,
      );
      for (let j = 0; j < NODES; j++) {
        const weight = ((j === 0 ? 1 : 2) * Math.cos(j * angle)) / NODES;
        coefficients[j] = (coefficients[j] ?? 0) + weight * purchasesIfAlive;
        coefficients[NODES + j] = (coefficients[NODES + j] ?? 0) + weight * discountFactor;
        coefficients[2 * NODES + j] = (coefficients[2 * NODES + j] ?? 0) + weight * activeIfAlive;
      }
    }
    return coefficients;
  }
}

/** Clenshaw's recurrence for all three at once. */
function evaluate(panel: Float64Array, x: number): LivingForecast {
  let [p1, p2, d1, d2, a1, a2] = [0, 0, 0, 0, 0, 0];
  for (let j = NODES - 1; j > 0; j--) {
    const p = 2 * x * p1 - p2 + (panel[j] ?? 0);
    const d = 2 * x * d1 - d2 + (panel[NODES + j] ?? 0);
    const a = 2 * x * a1 - a2 + (panel[2 * NODES + j] ?? 0);
    [p2, p1, d2, d1, a2, a1] = [p1, p, d1, d, a1, a];
  }
  return {
    purchasesIfAlive: Math.max(0, x * p1 - p2 + (panel[0] ?? 0)),
    discountFactor: Math.min(1, x * d1 - d2 + (panel[NODES] ?? 0)),
    activeIfAlive: Math.min(1, Math.max(0, x * a1 - a2 + (panel[2 * NODES] ?? 0))),
  };
}

/** The smallest of a model's time parameters: forecasts of the living bend within about this age. */
export function timeScaleOf(model: PurchaseModel): number {
  const { timeParameters } = purchaseKind(model.kind);
  const scales = model.parameterNames.filter((_name, i) => timeParameters[i] === true);
  return Math.min(...scales.map((name) => model.parameters[name] ?? NaN));
}
