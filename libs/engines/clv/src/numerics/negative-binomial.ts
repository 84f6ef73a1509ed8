/** Less than this share of the largest probability is not told from nothing. */
const NEGLIGIBLE = 1e-20;
/** Below this P(N = 0) the recurrence would start at a number without digits, or at 0. */
const LEAST_START = 1e-250;
/** Greater means count as this one: who buys every day for a century makes 36,525 purchases. */
const MAX_MEAN = 1_000_000;

/**
 * Probabilities of a negative binomial count, gamma rates of `shape` and mean `expected`, from one count to the
 * next: by p(n) = p(n − 1) · (shape + n − 1) / n · mean / (shape + mean). Where P(N = 0) underflows the walk starts
 * below the mode, at the last count that is not negligible, with what the sum over all counts leaves for it.
 */
export class NegativeBinomialWalk {
  private readonly success: number;
  /** The first count that is not negligible. */
  private next: number;
  private probability: number;

  constructor(
    private readonly shape: number,
    expected: number,
  ) {
    const mean = Math.min(MAX_MEAN, expected);
    this.success = mean / (shape + mean);
    const nothing = Math.exp(-shape * Math.log1p(mean / shape));
    [this.next, this.probability] = nothing > LEAST_START ? [0, nothing] : this.start(mean);
  }

  /** P(N = n), asked for each n = 0, 1, 2, … in turn. */
  at(n: number): number {
    if (n < this.next) return 0;
    if (n > this.next) {
      this.probability *= ((this.shape + n - 1) / n) * this.success;
      this.next = n;
    }
    return this.probability;
  }

  /** Down and up from the mode, which is taken for 1; then everything adds up to 1. */
  private start(mean: number): [first: number, probability: number] {
    const { shape, success } = this;
    const mode = Math.max(0, Math.floor(((shape - 1) * mean) / shape));
    let [sum, first, lowest] = [1, mode, 1];
    while (first > 0 && lowest > NEGLIGIBLE) {
      lowest *= first / ((shape + first - 1) * success);
      sum += lowest;
      first -= 1;
    }
    let [n, above] = [mode, 1];
    while (above > NEGLIGIBLE) {
      n += 1;
      above *= ((shape + n - 1) / n) * success;
      sum += above;
    }
    return [first, lowest / sum];
  }
}
