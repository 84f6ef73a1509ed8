import type { Benchmark, Figure, Target } from './benchmark.js';
import { median } from './statistics.js';

/** The last line of a benchmark's output. */
export interface BenchResult {
  readonly name: string;
  readonly figures: Readonly<
    Record<
      string,
      { readonly median: number; readonly min: number; readonly max: number; readonly unit: string }
    >
  >;
  readonly targets: readonly (Target & { readonly actual: number; readonly isMet: boolean })[];
  readonly passed: boolean;
}

/** Judges the medians by the targets; a target without a figure is not met. */
export function judge(benchmark: Benchmark, figures: readonly Figure[]): BenchResult {
  const table = Object.fromEntries(
    figures.map(({ name, unit, samples }) => [
      name,
      { median: median(samples), min: Math.min(...samples), max: Math.max(...samples), unit },
    ]),
  );
  const targets = benchmark.targets.map((target) => {
    const actual = table[target.figure]?.median ?? Number.NaN;
    return { ...target, actual, isMet: holds(actual, target) };
  });
  return { name: benchmark.name, figures: table, targets, passed: targets.every((t) => t.isMet) };
}

function holds(actual: number, { relation, bound }: Target): boolean {
  switch (relation) {
    case '<':
      return actual < bound;
    case '<=':
      return actual <= bound;
    case '>=':
      return actual >= bound;
    case '>':
      return actual > bound;
  }
}

/** The result as lines to read: figure, median, min–max, unit, target. */
export function printable(result: BenchResult): string[] {
  const targetOf = new Map(result.targets.map((target) => [target.figure, target]));
  const rows = Object.entries(result.figures).map(([name, figure]) => {
    const target = targetOf.get(name);
    const wanted = target
      ? `${target.relation} ${target.bound} ${target.isMet ? 'met' : 'MISSED'}`
      : '';
    const span = `${short(figure.min)} – ${short(figure.max)}`;
    return [name, short(figure.median), span, figure.unit, wanted];
  });
  const missing = result.targets
    .filter(({ figure }) => !(figure in result.figures))
    .map(({ figure, relation, bound }) => {
      return [figure, 'not measured', '', '', `${relation} ${bound} MISSED`];
    });
  const all = [['figure', 'median', 'min – max', 'unit', 'target'], ...rows, ...missing];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
