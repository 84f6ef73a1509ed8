import type { OrderLogOptions } from '@kiki/orderlog';

/** Time unit of a model. */
export type DemoTimeUnit = 'day' | 'week' | 'month';

/** What a demo was asked to do. */
export interface DemoOptions {
  /** Order log; undefined: one is simulated, and says so. */
  readonly orders: string | undefined;
  readonly seed: number;
  readonly orderLog: OrderLogOptions & { readonly currency: string };
  /** Last day of the calibration, ms of its UTC midnight; undefined: first day + half the span. */
  readonly calibrationEndMs: number | undefined;
  readonly timeUnit: DemoTimeUnit;
  /** About how many opportunities are offered. */
  readonly opportunities: number;
  /** Where the report, the chart and the contact sheet go. */
  readonly outDir: string;
  /** Whether the services run elsewhere already, told about the stand-ins by `standInSettings`. */
  readonly isAttached: boolean;
  /** First port of the stand-ins of an attached demo. */
  readonly standInPort: number;
}

const DAY_MS = 86_400_000;

/** First day + half the span, cut to a whole day: 1997-09-30 for CDNOW. */
export function defaultCalibrationEnd(firstAtMs: number, lastAtMs: number): number {
  const firstDay = Math.floor(firstAtMs / DAY_MS);
  const lastDay = Math.floor(lastAtMs / DAY_MS);
  return (firstDay + Math.floor((lastDay - firstDay) / 2)) * DAY_MS;
}
