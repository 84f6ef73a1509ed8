import { dayOf } from '../parity/raw-log.js';

/** One origin and how far the forecast looks. */
export interface Window {
  readonly name: string;
  /** Last day that a model may see. */
  readonly endDay: number;
  readonly horizonDays: number;
}

const QUARTER_DAYS = 91;

/** Four rolling origins of 13 weeks. */
export const ROLLING: readonly Window[] = [
  '1997-06-30',
  '1997-09-30',
  '1997-12-31',
  '1998-03-31',
].map((day) => ({ name: `${day} 13 wk`, endDay: dayOf(day), horizonDays: QUARTER_DAYS }));

/** The literature's holdout: 1997-09-30 to 1998-06-30. */
export const HOLDOUT: Window = {
  name: '1997-09-30 39 wk',
  endDay: dayOf('1997-09-30'),
  horizonDays: 3 * QUARTER_DAYS,
};

/** All five. */
export const WINDOWS: readonly Window[] = [HOLDOUT, ...ROLLING];
