import { cliErrors } from '@kiki/cli';
import { dayText } from '@kiki/kernel';
import { errors } from '../errors.js';

/** Where a log is cut; days since 1970-01-01, both inclusive. */
export interface HoldoutWindow {
  readonly calibrationEnd: number;
  readonly holdoutEnd: number;
}

/** What windows are asked for. */
export interface AskedWindows {
  /** Of the newest window. */
  readonly calibrationEnd: number | undefined;
  readonly holdoutEnd: number | undefined;
  readonly origins: number;
  readonly horizonDays: number | undefined;
}

/**
 * The windows, oldest first, one horizon apart: as SyncValue lays them. Without a horizon it is what lies between
 * the two ends, or the second half of the log in equal parts.
 * @throws calibration_end_invalid, usage_invalid
 */
export function holdoutWindows(
  asked: AskedWindows,
  { firstDay, lastDay }: { readonly firstDay: number; readonly lastDay: number },
): HoldoutWindow[] {
  const { origins } = asked;
  const end = asked.holdoutEnd ?? lastDay;
  if (end > lastDay) throw usage('--holdout-end', `a day up to ${dayText(lastDay)}`);
  const middle = firstDay + Math.floor((end - firstDay) / 2);
  const parts = Math.floor((end - middle) / origins);
  const horizon =
    asked.horizonDays ?? (asked.calibrationEnd === undefined ? parts : end - asked.calibrationEnd);
  const newest = asked.calibrationEnd ?? end - horizon;
  if (newest < firstDay) throw outside('--calibration-end', newest, firstDay, lastDay);
  if (horizon < 1) {
    throw usage(
      asked.holdoutEnd === undefined ? '--calibration-end' : '--holdout-end',
      `at least one day between ${dayText(newest)} and ${dayText(end)}`,
    );
  }
  if (newest + horizon > end) throw usage('--horizon-days', `up to ${end - newest}`);
  const oldest = newest - (origins - 1) * horizon;
  if (oldest <= firstDay && origins > 1) {
    const most = Math.max(1, Math.ceil((newest - firstDay) / horizon));
    throw usage('--origins', `up to ${most} of ${horizon} days each`);
  }
  return Array.from({ length: origins }, (_, i) => ({
    calibrationEnd: oldest + i * horizon,
    holdoutEnd: oldest + (i + 1) * horizon,
  }));
}

/** The error of a day that lies outside a log. */
export function outside(field: string, day: number, firstDay: number, lastDay: number): Error {
  return errors.calibration_end_invalid(
    `${field}: ${dayText(day)} does not lie within ${dayText(firstDay)} and ${dayText(lastDay)}.`,
    { fields: [{ field, expected: `a day from ${dayText(firstDay)} on` }] },
  );
}

/** The error of an option. */
export function usage(field: string, expected: string): Error {
  return cliErrors.usage_invalid(`${field}: expected ${expected}.`, {
    fields: [{ field, expected }],
  });
}
