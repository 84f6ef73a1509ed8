import { Ensemble, PurchaseForecaster } from '@kiki/clv';
import { defineCommand, type AnyCliCommand } from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { DAY_MS, dayText } from '@kiki/kernel';
import { DEFAULT_CURRENCY } from '../orders/order-log-options.js';
import { outside, usage } from '../value/backtest-windows.js';
import {
  fitEnsembleTo,
  fitOpportunities,
  fitSpendOf,
  fitTable,
  type FitAnswer,
} from '../value/fit-history.js';
import { plotPaths, writePlot } from '../value/plot-files.js';
import type { ReadHistory } from '../value/read-history.js';
import { showFit } from '../value/show-value.js';
import { aliveMatrix, type AliveProbability } from '../value/window-plots.js';
import {
  continuousUnit,
  fileFacts,
  logOptions,
  readLog,
  type CommandContext,
  type LogOptions,
} from './value-log-options.js';

/** `kiki value fit` */
export function fitCommand(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'value fit',
    summary: 'Fit a purchase model to an order log, in this process',
    details:
      'Rows of one customer and calendar day are one purchase. The calibration ends with the log unless told.\n' +
      'bgbb: each calendar day, week (from Monday), month or year after the first purchase is an opportunity.\n' +
      'Example: kiki value fit --orders orders.csv --columns id=customer,date=day,amount=total --model bgnbd --json',
    options: logOptions,
    run: ({ options, report, signal }) => fit({ options, report, signal, environment }),
  });
}

async function fit(context: CommandContext): Promise<void> {
  const { options, report } = context;
  const plots = plotTarget(options);
  const endDay = options.calibrationEnd && options.calibrationEnd / DAY_MS;
  const needsDays = options.model === 'ensemble' || options.model === 'bgbb';
  const read = await readLog(context, { endDay, needsDays });
  const { firstDay, lastDay } = read;
  if (read.endDay < firstDay) throw outside('--calibration-end', read.endDay, firstDay, lastDay);
  if (read.endDay > lastDay) {
    report.warn(`the calibration ends after the last row, of ${dayText(lastDay)}`);
  }
  const { answer, aliveProbability } = fitted(options, read);
  const currency = read.currency ?? DEFAULT_CURRENCY;
  const result = {
    ...answer,
    timeUnit: options.timeUnit,
    calibrationEnd: dayText(read.endDay),
    spend: read.hasAmounts ? fitSpendOf(read.table, currency) : null,
    file: fileFacts(read),
  };
  if (plots !== undefined && aliveProbability !== undefined) {
    await writePlot(plots, aliveMatrix(read.table, aliveProbability), options.isForced);
  }
  report.result(result, () => showFit(report, result));
}

interface Fitted {
  readonly answer: FitAnswer;
  readonly aliveProbability?: AliveProbability;
}

function fitted(options: LogOptions, { table, log }: ReadHistory): Fitted {
  const { model, timeUnit } = options;
  if (model === 'bgbb') return { answer: fitOpportunities(log, timeUnit) };
  if (model === 'ensemble') {
    const answer = fitEnsembleTo(log, continuousUnit(options));
    const ensemble = new Ensemble(answer.ensemble);
    return { answer, aliveProbability: (row) => ensemble.aliveProbability(row) };
  }
  const { model: purchases, ...answer } = fitTable(table, model);
  const forecaster = new PurchaseForecaster(purchases);
  return { answer, aliveProbability: (row) => forecaster.aliveProbability(row) };
}

/** The one plot that a fit has. @throws usage_invalid, plots_exist */
function plotTarget({ plots, isForced, model }: LogOptions): string | undefined {
  if (plots === undefined) return undefined;
  if (model === 'bgbb') throw usage('--plots', 'a model of continuous time');
  return plotPaths({ folder: plots, overwrites: isForced }, ['alive.svg'])[0];
}
