import type { TimeUnit } from '@kiki/clv';
import {
  choiceOption,
  cliErrors,
  dayOption,
  defineCommand,
  switchOption,
  textOption,
  type AnyCliCommand,
  type OptionValues,
  type Reporter,
} from '@kiki/cli';
import { DAY_MS, dayText } from '@kiki/kernel';
import { errors } from '../errors.js';
import { orderFileBytes } from '../orders/order-file.js';
import { backtestHistory } from '../value/backtest-history.js';
import { fitOpportunities, fitSpendOf, fitTable, MODEL_NAMES } from '../value/fit-history.js';
import { readHistory, type ReadHistory } from '../value/read-history.js';
import { showBacktest, showFit } from '../value/show-value.js';
import { orderLogOptions } from './import-command.js';

const UNITS = ['day', 'week', 'month', 'year'] as const;

const logOptions = {
  orders: textOption('--orders <file>', "order log: CSV, or one of CDNOW's two layouts", undefined),
  ...orderLogOptions,
  ignoresZero: switchOption('--ignore-zero', 'leave rows with an amount of exactly 0 out'),
  timeUnit: choiceOption(
    '--time-unit <unit>',
    'unit of time of the model; year: bgbb only',
    UNITS,
    'week',
  ),
  calibrationEnd: dayOption('--calibration-end <day>', 'last day that the fit may see'),
  model: choiceOption(
    '--model <model>',
    'what to fit; auto: the likeliest of the first three that sees dropout',
    MODEL_NAMES,
    'auto',
  ),
};

type LogOptions = OptionValues<typeof logOptions>;

/** `kiki value …`: the engine itself, in this process; no service, no store. */
export function valueCommands(): AnyCliCommand[] {
  return [fitCommand(), backtestCommand()];
}

function fitCommand(): AnyCliCommand {
  return defineCommand({
    path: 'value fit',
    summary: 'Fit a purchase model to an order log, in this process',
    details:
      'Rows of one customer and calendar day are one purchase. The calibration ends with the log unless told.\n' +
      'bgbb: each calendar day, week (from Monday), month or year after the first purchase is an opportunity.\n' +
      'Example: kiki value fit --orders orders.csv --columns id=customer,date=day,amount=total --model bgnbd --json',
    options: logOptions,
    run: async ({ options, report, signal }) => {
      const read = await readLog(options, report, signal);
      const endDay = calibrationEndOf(options, read, report, read.lastDay);
      const answer = fitOf(options, read, endDay);
      const table = read.hasAmounts ? read.history.table(endDay, 'week') : undefined;
      const result = {
        ...answer,
        timeUnit: options.timeUnit,
        calibrationEnd: dayText(endDay),
        spend: table === undefined ? null : fitSpendOf(table, options.currency),
        file: fileOf(read),
      };
      report.result(result, () => showFit(report, result));
    },
  });
}

function backtestCommand(): AnyCliCommand {
  return defineCommand({
    path: 'value backtest',
    summary: 'Fit to the calibration, predict the holdout, compare with the naive rate x/T',
    details:
      'Default end of the calibration: first day + half the span; of the holdout: the last day of the log.\n' +
      'Example: kiki value backtest --orders CDNOW_master.txt --calibration-end 1997-09-30 --model paretonbd',
    options: {
      ...logOptions,
      holdoutEnd: dayOption('--holdout-end <day>', 'last day that is predicted'),
    },
    run: async ({ options, report, signal }) => {
      if (options.model === 'bgbb') {
        throw usage('--model', 'a model of continuous time; bgbb cannot be back-tested yet');
      }
      const timeUnit = continuous(options.timeUnit, options.model);
      const read = await readLog(options, report, signal);
      const middle = read.firstDay + Math.floor((read.lastDay - read.firstDay) / 2);
      const calibrationEnd = calibrationEndOf(options, read, report, middle);
      const holdoutEnd =
        options.holdoutEnd === undefined ? read.lastDay : options.holdoutEnd / DAY_MS;
      if (holdoutEnd <= calibrationEnd) {
        throw usage('--holdout-end', `a day after ${dayText(calibrationEnd)}`);
      }
      const window = { calibrationEnd, holdoutEnd, timeUnit };
      const { fit, ...scores } = backtestHistory(read.history, window, options.model);
      const result = {
        ...fit,
        ...{ timeUnit, calibrationEnd: dayText(calibrationEnd), holdoutEnd: dayText(holdoutEnd) },
        ...scores,
        file: fileOf(read),
      };
      report.result(result, () => showBacktest(report, result));
    },
  });
}

async function readLog(
  options: LogOptions,
  report: Reporter,
  signal: AbortSignal,
): Promise<ReadHistory> {
  if (options.orders === undefined) throw usage('--orders', 'the path of an order log');
  continuous(options.timeUnit, options.model);
  const total = await orderFileBytes(options.orders);
  const progress = report.progress({ label: 'reading the order log', total, unit: 'bytes' });
  const read = await readHistory(options.orders, {
    orderLog: {
      ...(options.columns === undefined ? {} : { columns: options.columns }),
      currency: options.currency,
      timeZone: options.timeZone,
      refundsDeclared: options.hasRefunds,
      badRows: options.isLenient ? 'skip' : 'refuse',
    },
    ignoresZero: options.ignoresZero,
    signal,
    onBytes: (bytes) => progress.update(bytes),
  }).finally(() => progress.end());
  for (const { line, field, value, expected } of read.file.problems) {
    report.warn(`line ${line}, ${field}: "${value}" is not ${expected}; the row was left out`);
  }
  return read;
}

/** @throws calibration_end_invalid when it lies before the first day */
function calibrationEndOf(
  options: LogOptions,
  { firstDay, lastDay }: ReadHistory,
  report: Reporter,
  fallback: number,
): number {
  if (options.calibrationEnd === undefined) return fallback;
  const endDay = options.calibrationEnd / DAY_MS;
  if (endDay < firstDay) {
    throw errors.calibration_end_invalid(
      `--calibration-end: ${dayText(endDay)} does not lie within ${dayText(firstDay)} and ${dayText(lastDay)}.`,
      { fields: [{ field: '--calibration-end', expected: `a day from ${dayText(firstDay)} on` }] },
    );
  }
  if (endDay > lastDay)
    report.warn(`the calibration ends after the last row, of ${dayText(lastDay)}`);
  return endDay;
}

function fitOf(options: LogOptions, { history }: ReadHistory, endDay: number) {
  const { model, timeUnit } = options;
  if (model === 'bgbb') return fitOpportunities(history, endDay, timeUnit);
  const { model: _, ...answer } = fitTable(
    history.table(endDay, continuous(timeUnit, model)),
    model,
  );
  return answer;
}

/** The unit, unless only discrete opportunities know it. @throws usage_invalid */
function continuous(unit: (typeof UNITS)[number], model: string): TimeUnit {
  if (unit !== 'year') return unit;
  if (model === 'bgbb') return 'day';
  throw usage('--time-unit', 'day, week or month (year is for bgbb)');
}

function fileOf({ file, firstDay, lastDay, zeroRows }: ReadHistory) {
  const { rows, skipped, refunds, problems } = file;
  const days = { firstDay: dayText(firstDay), lastDay: dayText(lastDay) };
  return { rows, skipped, refunds, zeroRows, ...days, problems };
}

function usage(field: string, expected: string): Error {
  return cliErrors.usage_invalid(`${field}: expected ${expected}.`, {
    fields: [{ field, expected }],
  });
}
