import type { HorizonOptions } from '../forecast.js';
import type { Observed } from '../models/purchase-kind.js';
import { discountRule, type DiscountRule } from './discount-rule.js';
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
  /** Level and season over `days` from now. */
  readonly factor: (days: number) => number;
  /** Where the factor has kinks, up to the horizon. */
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
  readonly rule: DiscountRule;
  /** Horizon, window and the days of the rule, in units of the model. */
  readonly points: Float64Array;
}

/** One horizon and rate of discount, asked about many customers; remembers, which changes no answer. */
export class Outlook {
  /** By octaves of age: what is expected of older customers bends less, and fewer points do. */
  private readonly readings: (Reading | undefined)[] = [];
  private readonly scale: number;
  private readonly logFactor: number;
  /** Each pair has one place, and the latest to come stays there. */
  private kept = new Array<Shape | undefined>(FIRST_PLACES);
  private misses = 0;

  constructor(
    private readonly blending: Blending,
    readonly options: HorizonOptions,
  ) {
    this.scale = min(...blending.members.map(({ timeScale }) => timeScale));
    this.logFactor = log(blending.factor(options.horizonDays));
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
    const days = [this.options.horizonDays, windowDays, ...rule.days];
    return { rule, points: Float64Array.from(days, (day) => day / daysPerUnit) };
  }

  /** blend^γ scaled by level and season, γ on the blend of the window: E = blend · windowBlend^(γ−1) · factor. */
  private shape(row: Observed, alive?: readonly number[]): Shape {
    const { members, weights, slope } = this.blending;
    const { points, rule } = this.readingAt(row.age);
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
    const logPath = (logBlends[0] ?? 0) + this.logFactor;
    let discountFactor = rule.atHorizon;
    for (let j = 2; j < points.length; j++) {
      discountFactor += (rule.weights[j - 2] ?? 0) * exp((logBlends[j] ?? 0) - logPath);
    }
    return {
      frequency: row.frequency,
      age: row.age,
      logPurchases: logPath + (slope - 1) * (logBlends[1] ?? 0),
      discountFactor: min(1, discountFactor),
      leastAlive: LEAST / least,
    };
  }
}

/** Spreads pairs over 31 bits. */
function placeOf(frequency: number, age: number): number {
  const bits = Math.imul(Math.trunc(age * 4096) ^ Math.imul(frequency, 0x9e3779b1), 0x85ebca6b);
  return bits ^ (bits >>> 15);
}
