import type { HorizonOptions } from '../forecast.js';
import type { Observed } from '../models/purchase-kind.js';
import { dailyRate, discountRule } from './discount-rule.js';
import { LEAST, type Member } from './member.js';

const { exp, log, max, min } = Math;

/** Places for pairs of frequency and age; a log of three years in whole days has about as many. */
const MAX_PLACES = 32_768;
const FIRST_PLACES = 512;

/** How the blend of members becomes an expectation. */
export interface Blending {
  readonly members: readonly Member[];
  readonly weights: readonly number[];
  readonly slope: number;
  readonly windowDays: number;
  readonly daysPerUnit: number;
  /** Level and season `days` from now: what an increment of the blend is multiplied with. */
  readonly factor: (days: number) => number;
  /** Days from now at which it may change. */
  readonly kinks: readonly number[];
}

/** What is expected of one customer. */
export interface Expected {
  readonly purchases: number;
  /** Discounted over undiscounted. */
  readonly discountFactor: number;
}

/** What customers of one frequency and age share: recency acts on P(alive) alone. */
interface Shape {
  readonly frequency: number;
  /** In operational time. */
  readonly age: number;
  /** log of what is expected of a customer whom all members hold alive. */
  readonly logPurchases: number;
  readonly discountFactor: number;
  /** A member with a smaller P(alive) expects less than LEAST somewhere on the path. */
  readonly leastAlive: number;
}

/** Where on its path a customer's blend is read. */
interface Reading {
  /** The window, the ends of the steps and the days of the rule, in units of the model. */
  readonly points: Float64Array;
  /** Of the days of the rule. */
  readonly weights: Float64Array;
}

/** A stretch of days with one factor. */
interface Step {
  readonly end: number;
  readonly factor: number;
  /** e^(−δ·end). */
  readonly discount: number;
}

/** One horizon and rate of discount, asked about many customers; remembers, which changes no answer. */
export class Outlook {
  /** By octaves of age: what is expected of older customers bends less, and fewer points do. */
  private readonly readings: (Reading | undefined)[] = [];
  private readonly scale: number;
  /** From now to the horizon. */
  private readonly steps: readonly Step[];
  /** Each pair has one place, and the latest to come stays there. */
  private kept = new Array<Shape | undefined>(FIRST_PLACES);
  private misses = 0;

  constructor(
    private readonly blending: Blending,
    readonly options: HorizonOptions,
  ) {
    this.scale = min(...blending.members.map(({ timeScale }) => timeScale));
    this.steps = stepsOf(blending, options);
  }

  /**
   * @param alive P(alive) by member
   * @param paced the customer in operational time
   */
  of(alive: readonly number[], paced: Observed): Expected {
    const { weights, slope } = this.blending;
    const shape = this.shapeOf(paced);
    let [sum, isClamped] = [0, false];
    for (let k = 0; k < alive.length; k++) {
      const one = alive[k] ?? 1;
      if (one < shape.leastAlive) isClamped = true;
      sum += (weights[k] ?? 0) * log(one);
    }
    if (!isClamped) {
      const purchases = exp(shape.logPurchases + slope * sum);
      return { purchases, discountFactor: shape.discountFactor };
    }
    const { logPurchases, discountFactor } = this.shape(paced, alive);
    return { purchases: exp(logPurchases), discountFactor };
  }

  private shapeOf(paced: Observed): Shape {
    const { frequency, age } = paced;
    const place = placeOf(frequency, age) & (this.kept.length - 1);
    const known = this.kept[place];
    if (known?.frequency === frequency && known.age === age) return known;
    const shape = this.shape(paced);
    this.misses += 1;
    if (this.misses > this.kept.length && this.kept.length < MAX_PLACES) {
      this.kept = new Array<Shape | undefined>(2 * this.kept.length);
      this.misses = 0;
    } else this.kept[place] = shape;
    return shape;
  }

  private readingAt(age: number): Reading {
    const octave = Math.trunc(Math.log2(1 + age / this.scale));
    return (this.readings[octave] ??= this.reading(this.scale * 2 ** octave));
  }

  private reading(scale: number): Reading {
    const { daysPerUnit, windowDays, factor, kinks } = this.blending;
    const rule = discountRule({ ...this.options, scaleDays: scale * daysPerUnit, factor, kinks });
    const days = [windowDays, ...this.steps.map(({ end }) => end), ...rule.days];
    return { points: Float64Array.from(days, (day) => day / daysPerUnit), weights: rule.weights };
  }

  /**
   * blend^γ, its increments scaled by level and season, γ on the blend of the window: E = ∫ factor d blend ·
   * windowBlend^(γ−1), which no season lets fall. Discounted, ∫ e^(−δs) factor d blend, it is integrated by parts.
   */
  private shape(row: Observed, alive?: readonly number[]): Shape {
    const { members, weights, slope } = this.blending;
    const { points, weights: ofRule } = this.readingAt(row.age);
    const logBlends = new Float64Array(points.length);
    let least = Infinity;
    for (let k = 0; k < members.length; k++) {
      const [member, weight, living] = [members[k], weights[k] ?? 0, alive?.[k] ?? 1];
      for (let j = 0; member !== undefined && j < points.length; j++) {
        const expected = member.ifAlive(row, points[j] ?? 0);
        least = min(least, expected);
        logBlends[j] = (logBlends[j] ?? 0) + weight * log(max(LEAST, living * expected));
      }
    }
    const blends = logBlends.map(exp);
    const { total, discounted } = this.sums(blends, ofRule);
    return {
      frequency: row.frequency,
      age: row.age,
      logPurchases: log(total) + (slope - 1) * (logBlends[0] ?? 0),
      discountFactor: this.options.annualDiscountRate === 0 ? 1 : min(1, discounted / total),
      leastAlive: LEAST / least,
    };
  }

  private sums(blends: Float64Array, ofRule: Float64Array): { total: number; discounted: number } {
    let [total, discounted, before, discountBefore] = [0, 0, 0, 1];
    this.steps.forEach(({ factor, discount }, j) => {
      const blend = blends[1 + j] ?? 0;
      total += factor * max(0, blend - before);
      discounted += factor * (discount * blend - discountBefore * before);
      [before, discountBefore] = [blend, discount];
    });
    for (let j = 0; j < ofRule.length; j++) {
      discounted += (ofRule[j] ?? 0) * (blends[1 + this.steps.length + j] ?? 0);
    }
    return { total, discounted };
  }
}

function stepsOf({ kinks, factor }: Blending, options: HorizonOptions): Step[] {
  const { horizonDays, annualDiscountRate } = options;
  const delta = dailyRate(annualDiscountRate);
  const inside = kinks.filter((day) => day > 0 && day < horizonDays);
  const ends = [...new Set(inside), horizonDays].sort((a, b) => a - b);
  return ends.map((end, j) => {
    const middle = ((ends[j - 1] ?? 0) + end) / 2;
    return { end, factor: factor(middle), discount: exp(-delta * end) };
  });
}

/** Spreads pairs over 31 bits. */
function placeOf(frequency: number, age: number): number {
  const bits = Math.imul(Math.trunc(age * 4096) ^ Math.imul(frequency, 0x9e3779b1), 0x85ebca6b);
  return bits ^ (bits >>> 15);
}
