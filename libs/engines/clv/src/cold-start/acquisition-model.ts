import { PurchaseForecaster } from '../forecast.js';
import type { PurchaseModel } from '../purchase-fit.js';
import type { CustomerTable } from '../statistics.js';
import type { AttributeTable } from './attributes.js';
import { backfit, type LevelEffect } from './backfitting.js';
import { cellSums, type Observations } from './cell-sums.js';
import { purchaseShape, spendShape } from './dispersion.js';
import { cellsOf, type Cells, type FactorLevel } from './factors.js';

/**
 * One value of an attribute: how many customers had it, what it multiplies a newcomer's expected purchases and spend
 * per purchase with, and the ratios of actual to expected (beside the other attributes) that were shrunk to these; the
 * last is null where too few bought again. A tuple, because an artefact has few bytes.
 */
export type AcquisitionEffect = readonly [
  name: string,
  value: string,
  customers: number,
  purchases: number,
  spend: number,
  rawPurchases: number,
  rawSpend: number | null,
];

/** What was learned from how customers came: plain data, about 50 bytes of JSON an effect. */
export interface AcquisitionModel {
  /** Customers with at least one attribute. */
  readonly customers: number;
  /** Strongest first. What is not listed has no effect. */
  readonly effects: readonly AcquisitionEffect[];
  /** Values that were seen and are not listed: rare, or without an effect that shows. */
  readonly pooled: number;
}

/** Effects beyond these are left to the population. */
const MAX_EFFECTS = 64;
/** Multipliers nearer to 1 are no effect. */
const LEAST_EFFECT = 0.01;
/** Repeat customers of a level from which on its spend is judged. */
const MIN_REPEATERS = 10;
const DIGITS = 4;

/**
 * Learns what attributes of acquisition tell of a newcomer: repeat purchases beside what `model`, fitted to the same
 * table, expects of anybody of that age, and the mean repeat spend beside that of all; both shrunk to 1 by their
 * variance between customers, several attributes together. Undefined where no customer has an attribute. The same bits
 * for the same customers in any order.
 */
export function learnAcquisition(
  table: CustomerTable,
  attributes: AttributeTable,
  model: PurchaseModel,
): AcquisitionModel | undefined {
  const cells = cellsOf(attributes);
  if (cells.described === 0) return undefined;
  const purchases = purchaseEffects(cells, purchaseObservations(table, model));
  const spend = spendEffects(cells, spendObservations(table));
  const all = cells.factors.flatMap(({ name, levels }, factor) =>
    levels.map(({ value, customers }, level) => {
      const learned = { purchases: purchases?.[factor]?.[level], spend: spend?.[factor]?.[level] };
      return effectOf(name, { value, customers }, learned);
    }),
  );
  const effects = all.filter((effect) => strength(effect) > 0).sort(byStrength);
  const pooled = cells.pooled + all.length - effects.length;
  return strongest({ customers: cells.described, effects, pooled }, MAX_EFFECTS);
}

function effectOf(
  name: string,
  { value, customers }: FactorLevel,
  { purchases, spend }: Partial<Record<'purchases' | 'spend', LevelEffect>>,
): AcquisitionEffect {
  const multipliers = [short(purchases?.multiplier ?? 1), short(spend?.multiplier ?? 1)] as const;
  const rawSpend = spend?.raw ?? null;
  const raws = [short(purchases?.raw ?? 1), rawSpend === null ? null : short(rawSpend)] as const;
  return [name, value, customers, ...multipliers, ...raws];
}

/** The model with at most so many effects. */
export function strongest(model: AcquisitionModel, count: number): AcquisitionModel {
  const { effects, pooled } = model;
  if (effects.length <= count) return model;
  return { ...model, effects: effects.slice(0, count), pooled: pooled + effects.length - count };
}

function purchaseEffects(cells: Cells, observed: Observations): LevelEffect[][] | undefined {
  if (!observed.actual.some((x) => x > 0)) return undefined;
  const noise = { poisson: 1, shape: purchaseShape(observed), minCustomers: 2 } as const;
  return backfit(cells, cellSums(cells, observed), noise);
}

function spendEffects(cells: Cells, observed: Observations): LevelEffect[][] | undefined {
  if (!observed.actual.some((z) => z > 0)) return undefined;
  const noise = { poisson: 0, shape: spendShape(observed), minCustomers: MIN_REPEATERS } as const;
  return backfit(cells, cellSums(cells, observed), noise);
}

/** Repeat purchases, and E[X(T)] of a new customer; ages are mostly shared. */
function purchaseObservations(table: CustomerTable, model: PurchaseModel): Observations {
  const forecaster = new PurchaseForecaster(model);
  const known = new Map<number, number>();
  const expected = table.age.map((age) => {
    let value = known.get(age);
    if (value === undefined) {
      value = age > 0 ? forecaster.expectedNewPurchases(age) : 0;
      known.set(age, value);
    }
    return value;
  });
  return { actual: table.frequency, expected };
}

/** Mean spend of those who bought again: one fact a customer, however often they did. */
function spendObservations({ frequency, spendMeanMicros }: CustomerTable): Observations {
  const isSeen = (i: number): boolean => (frequency[i] ?? 0) > 0 && (spendMeanMicros[i] ?? 0) > 0;
  return { actual: spendMeanMicros, expected: frequency.map((_, i) => (isSeen(i) ? 1 : 0)) };
}

/** Customers times how far both logs are from 0; 0 for what is no effect. */
function strength([, , customers, purchases, spend]: AcquisitionEffect): number {
  const isEffect = Math.max(Math.abs(purchases - 1), Math.abs(spend - 1)) >= LEAST_EFFECT;
  return isEffect ? customers * (Math.log(purchases) ** 2 + Math.log(spend) ** 2) : 0;
}

function byStrength(a: AcquisitionEffect, b: AcquisitionEffect): number {
  const names = a[0] === b[0] ? [a[1], b[1]] : [a[0], b[0]];
  return strength(b) - strength(a) || ((names[0] ?? '') < (names[1] ?? '') ? -1 : 1);
}

function short(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
