import { digamma, logGamma } from './gamma.js';

/**
 * log Γ(base+n)/Γ(base) and its derivative by the base for whole n: from a table of the first `size` values, which
 * costs one logarithm each, and by gamma functions beyond.
 */
export class Rising {
  private readonly logs: Float64Array;
  private readonly inverses: Float64Array;

  constructor(
    private readonly base: number,
    size: number,
  ) {
    this.logs = new Float64Array(size);
    this.inverses = new Float64Array(size);
    for (let k = 0; k + 1 < size; k++) {
      this.logs[k + 1] = (this.logs[k] ?? 0) + Math.log(base + k);
      this.inverses[k + 1] = (this.inverses[k] ?? 0) + 1 / (base + k);
    }
  }

  /** log Γ(base+n)/Γ(base). */
  log(n: number): number {
    return this.logs[n] ?? logGamma(this.base + n) - logGamma(this.base);
  }

  /** ψ(base+n) − ψ(base). */
  inverse(n: number): number {
    return this.inverses[n] ?? digamma(this.base + n) - digamma(this.base);
  }
}

/** A table for as many rows pays up to this length; a single customer of a million purchases asks for none. */
export function risingSize(rows: {
  readonly length: number;
  readonly maxFrequency: number;
}): number {
  return Math.min(rows.maxFrequency + 2, 4 * rows.length + 64);
}
