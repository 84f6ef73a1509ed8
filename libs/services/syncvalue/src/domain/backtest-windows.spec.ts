/** Goal: windows are where the contract says, or refused by name. Method: a log from day 100 to day 300. */
import { describe, expect, it } from '@jest/globals';
import { backtestWindows, type AskedWindows } from './backtest-windows.js';

const log = { firstDay: 100, newestDay: 300 };
const nothing: AskedWindows = {
  calibrationDay: undefined,
  holdoutDay: undefined,
  originCount: 0,
  horizonDays: undefined,
};

function fieldOf(asked: Partial<AskedWindows>): unknown {
  try {
    backtestWindows({ ...nothing, ...asked }, log);
  } catch (error) {
    const { code, details } = error as { code: string; details: { fields: { field: string }[] } };
    return [code, details.fields[0]?.field];
  }
  return undefined;
}

describe('backtestWindows', () => {
  it('splits the log in half when nothing is said', () => {
    expect(backtestWindows(nothing, log)).toEqual([{ calibrationDay: 200, holdoutDay: 300 }]);
  });

  it('rolls origins one horizon apart, ending with the calibration that was asked for', () => {
    const asked = { ...nothing, calibrationDay: 240, originCount: 3, horizonDays: 30 };
    expect(backtestWindows(asked, log)).toEqual([
      { calibrationDay: 180, holdoutDay: 210 },
      { calibrationDay: 210, holdoutDay: 240 },
      { calibrationDay: 240, holdoutDay: 270 },
    ]);
  });

  it('refuses windows outside the log', () => {
    const code = 'backtest_window_invalid';
    expect(fieldOf({ holdoutDay: 301 })).toEqual([code, 'holdout_end']);
    expect(fieldOf({ calibrationDay: 300 })).toEqual([code, 'horizon_days']);
    expect(fieldOf({ horizonDays: 101 })).toEqual([code, 'horizon_days']);
    expect(fieldOf({ horizonDays: 1.5 })).toEqual([code, 'horizon_days']);
    expect(fieldOf({ horizonDays: NaN })).toEqual([code, 'horizon_days']);
    expect(fieldOf({ originCount: 13 })).toEqual([code, 'origin_count']);
    expect(fieldOf({ originCount: 3, horizonDays: 50 })).toEqual([code, 'calibration_end']);
    expect(fieldOf({ calibrationDay: 100 })).toEqual([code, 'calibration_end']);
  });
});
