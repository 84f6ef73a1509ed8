import { dayOption, defineCommand, integerOption, type AnyCliCommand } from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { DAY_MS, dayText } from '@kiki/kernel';
import { join } from 'node:path';
import { backtestWindow, type WindowAnswer } from '../value/backtest-history.js';
import { holdoutWindows, usage, type HoldoutWindow } from '../value/backtest-windows.js';
import { plotPaths, writePlot } from '../value/plot-files.js';
import type { ReadHistory } from '../value/read-history.js';
import { showBacktest } from '../value/show-backtest.js';
import { PLOT_NAMES, windowPlots } from '../value/window-plots.js';
import {
  continuousUnit,
  fileFacts,
  logOptions,
  readLog,
  type CommandContext,
} from './value-log-options.js';

const MAX_ORIGINS = 12;
const MAX_HORIZON_DAYS = 3_660;

/** `kiki value backtest` */
export function backtestCommand(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'value backtest',
    summary: 'Fit to the calibration, predict the holdout, compare with the naive rate x/T',
    details:
      'Default end of the calibration: first day + half the span; of the holdout: the last day of the log.\n' +
      'With --origins 4 --horizon-days 91 four windows lie side by side, each fitted anew.\n' +
      'Example: kiki value backtest --orders CDNOW_master.txt --calibration-end 1997-09-30 --model ensemble',
    options: {
      ...logOptions,
      holdoutEnd: dayOption('--holdout-end <day>', 'last day that is predicted'),
      origins: integerOption('--origins <n>', 'windows, one horizon apart', {
        ...{ min: 1, max: MAX_ORIGINS, fallback: 1 },
      }),
      horizonDays: integerOption('--horizon-days <n>', 'how far each window looks ahead', {
        ...{ min: 1, max: MAX_HORIZON_DAYS, fallback: undefined },
      }),
    },
    run: ({ options, report, signal }) =>
      backtest(
        { options, report, signal, environment },
        {
          calibrationEnd: options.calibrationEnd && options.calibrationEnd / DAY_MS,
          holdoutEnd: options.holdoutEnd && options.holdoutEnd / DAY_MS,
          origins: options.origins,
          horizonDays: options.horizonDays,
        },
      ),
  });
}

async function backtest(
  context: CommandContext,
  asked: Parameters<typeof holdoutWindows>[0],
): Promise<void> {
  const { options, report, signal } = context;
  const { model } = options;
  if (model === 'bgbb') {
    throw usage('--model', 'a model of continuous time; bgbb cannot be back-tested yet');
  }
  const timeUnit = continuousUnit(options);
  const read = await readLog(context, { endDay: undefined, needsDays: true });
  const windows = holdoutWindows(asked, read);
  const plots = new WindowPlots(context, windows);
  const answers: WindowAnswer[] = [];
  for (const window of windows) {
    signal.throwIfAborted();
    const judged = backtestWindow(read.log, window, { model, timeUnit });
    await plots.write(window, () => windowPlots(judged, read.log, window));
    answers.push(judged.answer);
  }
  const result = answerOf(answers, read, timeUnit);
  report.result(result, () => showBacktest(report, answers));
}

/** The newest window, flat, and all of them where there are several. */
function answerOf(answers: readonly WindowAnswer[], read: ReadHistory, timeUnit: string): object {
  const newest = answers.at(-1);
  if (newest === undefined) throw new RangeError('a back-test has a window');
  const { fit, ...scores } = newest;
  const file = fileFacts(read);
  if (answers.length === 1) return { ...fit, timeUnit, ...scores, file };
  const windows = answers.map(({ fit: of, ...rest }) => ({ ...of, timeUnit, ...rest }));
  return { ...fit, timeUnit, ...scores, windows, mean: meanOf(answers), file };
}

/** What the windows say together. */
function meanOf(answers: readonly WindowAnswer[]) {
  const mean = (of: (answer: WindowAnswer) => number | null): number | null => {
    const values = answers.map(of).filter((value) => value !== null);
    return values.length === 0
      ? null
      : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return {
    mae: mean(({ model }) => model.mae),
    absoluteBias: mean(({ model }) => model.bias && Math.abs(model.bias)),
    normalizedGini: mean(({ model }) => model.normalizedGini),
    coverage: mean(({ intervals }) => intervals.coverage),
    totalsCovered: answers.filter(({ intervals }) => intervals.total.isCovered).length,
  };
}

/** Plots of the windows; of several in a folder each, called by the end of its calibration. */
class WindowPlots {
  constructor(
    private readonly context: CommandContext,
    private readonly windows: readonly HoldoutWindow[],
  ) {
    const { plots, isForced } = context.options;
    if (plots === undefined) return;
    const names = windows.flatMap((window) => PLOT_NAMES.map((name) => this.nameOf(window, name)));
    plotPaths({ folder: plots, overwrites: isForced }, names);
  }

  async write(window: HoldoutWindow, draw: () => ReturnType<typeof windowPlots>): Promise<void> {
    const { plots, isForced } = this.context.options;
    if (plots === undefined) return;
    for (const [name, svg] of Object.entries(draw())) {
      await writePlot(join(plots, this.nameOf(window, name)), svg, isForced);
    }
  }

  private nameOf({ calibrationEnd }: HoldoutWindow, name: string): string {
    return this.windows.length === 1 ? name : join(dayText(calibrationEnd), name);
  }
}
