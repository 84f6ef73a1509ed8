import type { TimeUnit } from '@kiki/clv';
import {
  choiceOption,
  dayOption,
  switchOption,
  textOption,
  type OptionValues,
  type Reporter,
} from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { dayText } from '@kiki/kernel';
import { withLocalOrders } from '../orders/local-orders.js';
import { orderFileBytes } from '../orders/order-file.js';
import { orderLogOptions, readingOf } from '../orders/order-log-options.js';
import { usage } from '../value/backtest-windows.js';
import { MODEL_NAMES } from '../value/fit-history.js';
import { readHistory, type ReadHistory } from '../value/read-history.js';
import { READERS } from '../value/reader-choice.js';

/** Units of opportunities; those of continuous time are the first three. */
export const UNITS = ['day', 'week', 'month', 'year'] as const;

/** What `kiki value fit` and `backtest` have in common. */
export const logOptions = {
  orders: textOption(
    '--orders <file>',
    "order log: CSV (also gzip), Parquet or one of CDNOW's two layouts; a path or s3://bucket/key",
    undefined,
  ),
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
  reader: choiceOption(
    '--reader <reader>',
    'who reads; auto: the columnar engine for Parquet and large CSV',
    READERS,
    'auto',
  ),
  plots: textOption('--plots <folder>', 'write plots (SVG) there', undefined),
  isForced: switchOption('--force', 'write over plots that are there'),
};

/** Their values. */
export type LogOptions = OptionValues<typeof logOptions>;

/** Whatever a command has at hand. */
export interface CommandContext {
  readonly options: LogOptions;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  readonly environment: Environment;
}

/** What of a log a command needs. */
export interface LogNeeds {
  /** Last day that is seen; absent: the last day with a row. */
  readonly endDay: number | undefined;
  readonly needsDays: boolean;
}

/** Reads the log that the options name. @throws usage_invalid, and what {@link readHistory} throws */
export function readLog(context: CommandContext, needs: LogNeeds): Promise<ReadHistory> {
  const { options, report, signal } = context;
  const { orders: location, ignoresZero, reader } = options;
  if (location === undefined) throw usage('--orders', 'the path of an order log');
  const timeUnit = continuousUnit(options);
  return withLocalOrders({ ...context, location }, async (path) => {
    const total = await orderFileBytes(path);
    const progress = report.progress({ label: 'reading the order log', total, unit: 'bytes' });
    const read = await readHistory(path, {
      ...{ orderLog: readingOf(options), ignoresZero, timeUnit, reader, signal, ...needs },
      onBytes: (bytes) => progress.update(bytes),
      onNote: (note) => report.warn(note),
    })
      .then((done) => {
        // The columnar engine does not say how far it is.
        progress.update(total);
        return done;
      })
      .finally(() => progress.end());
    for (const { line, field, value, expected } of read.file.problems) {
      report.warn(`line ${line}, ${field}: "${value}" is not ${expected}; the row was left out`);
    }
    return read;
  });
}

/** The unit, unless only discrete opportunities know it. @throws usage_invalid */
export function continuousUnit({ timeUnit, model }: LogOptions): TimeUnit {
  if (timeUnit !== 'year') return timeUnit;
  if (model === 'bgbb') return 'day';
  throw usage('--time-unit', 'day, week or month (year is for bgbb)');
}

/** The log as an answer shows it. */
export function fileFacts({ file, firstDay, lastDay }: ReadHistory) {
  const { problems, ...counts } = file;
  return { ...counts, firstDay: dayText(firstDay), lastDay: dayText(lastDay), problems };
}
